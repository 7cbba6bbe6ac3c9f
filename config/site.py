"""The admin site: Unfold's look, our log-in page, roles instead of the staff flag."""

from csp.constants import UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_update
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from accounts.roles import Right, has_right

# Unfold's Alpine evaluates expressions and its templates style inline; only these pages may.
for_unfold = csp_update({"script-src": [UNSAFE_EVAL], "style-src": [UNSAFE_INLINE]})


class OpsLedgerAdminSite(UnfoldAdminSite):
    """Open to every active person with a role; each list asks for its own rights."""

    index_title = _("Administration")

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
    return [{"title": _("My API tokens"), "link": reverse("accounts:tokens")}]
