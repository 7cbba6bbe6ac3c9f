"""The admin site: Unfold's look, our log-in page, roles instead of the staff flag."""

from csp.constants import UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_update
from django.db.models.base import ModelBase
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.sites import UnfoldAdminSite

from accounts.roles import Right, has_right
from audit.recorded.admin import RecordedAdmin
from changes.models import ChangeRequest
from config.navigation import unread_of

# Unfold's Alpine evaluates expressions and its templates style inline; only these pages may.
for_unfold = csp_update({"script-src": [UNSAFE_EVAL], "style-src": [UNSAFE_INLINE]})


REPLACED = {"auth.group", "account.emailaddress", "account.emailconfirmation"}


class OpsLedgerAdminSite(UnfoldAdminSite):
    """Open to every active person with a role; each list asks for its own rights."""

    index_title = _("Administration")

    def register(self, model_or_iterable, admin_class=None, **options):
        """Third-party lists get Unfold's look; what roles and our own accounts replace is left out."""
        models = [model_or_iterable] if isinstance(model_or_iterable, ModelBase) else list(model_or_iterable)
        shown = [model for model in models if model._meta.label_lower not in REPLACED]
        if admin_class is None or not issubclass(admin_class, ModelAdmin):
            bases = (admin_class, ModelAdmin) if admin_class else (ModelAdmin,)
            admin_class = type("ThirdPartyAdmin", bases, {})
        super().register(shown, admin_class, **options)

    def has_permission(self, request):
        return has_right(request.user, Right.VIEW)

    def admin_view(self, view, cacheable=False):
        return for_unfold(super().admin_view(view, cacheable))

    def login(self, request, extra_context=None):
        """Our log-in page; who is logged in without any role is told so at home."""
        if request.user.is_authenticated:
            return HttpResponseRedirect(reverse("home"))
        return HttpResponseRedirect(
            f"{reverse('account_login')}?{urlencode({'next': request.GET.get('next', '/')})}"
        )

    def logout(self, request, extra_context=None):
        return HttpResponseRedirect(reverse("account_logout"))

    def password_change(self, request, extra_context=None):
        return HttpResponseRedirect(reverse("account_change_password"))


def account_links(request):
    """Unfold's account menu."""
    unread = unread_of(request.user)
    notices = _("Notices (%(n)s unread)") % {"n": unread} if unread else _("Notices")
    return [
        {"title": notices, "link": reverse("accounts:notices")},
        {"title": _("Which mail I get"), "link": reverse("accounts:notice-settings")},
        {"title": _("My API tokens"), "link": reverse("accounts:tokens")},
    ]


def change_links(refs):
    """The number and address of each change that a history page refers to. At most one query."""
    found = ChangeRequest.objects.filter(pk__in=refs).values_list("pk", "number") if refs else ()
    return {pk: (number, f"{reverse('home')}changes/{number}/") for pk, number in found}


RecordedAdmin.change_links = staticmethod(change_links)
