"""One's own notices: the list, opening and reading them, and which mail one gets."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.actions import choose_mail, mark_all_read, mark_read, send_test_mail
from accounts.forms import NoticeSettingsForm
from accounts.models import Notice
from accounts.notices import KINDS

PAGE_ROWS = 25


@login_required
@never_cache
def notice_list(request):
    """The reader's notices, newest first; unread ones alone unless all are asked for."""
    own = Notice.objects.of(request.user)
    is_all, kind = request.GET.get("show") == "all", request.GET.get("kind", "")
    shown = own if is_all else own.unread()
    if kind in KINDS:
        shown = shown.filter(kind=kind)
    else:
        kind = ""
    rows, newer, older = _page(shown, request.GET)
    return render(
        request,
        "account/notices.html",
        {
            "notices": rows,
            "newer": newer,
            "older": older,
            "is_all": is_all,
            "kind": kind,
            "kinds": sorted(((each.key, each.label) for each in KINDS.values()), key=lambda one: str(one[1])),
            "newest": rows[0].pk if rows else 0,
        },
    )


def _page(notices, asked):
    """One page by key, and the keys at which its neighbours begin (None: there is none)."""
    before, after = _number(asked.get("before")), _number(asked.get("after"))
    if after is not None:
        found = list(notices.filter(pk__gt=after).order_by("pk")[: PAGE_ROWS + 1])
        has_newer, has_older = len(found) > PAGE_ROWS, True
        rows = found[:PAGE_ROWS][::-1]
    else:
        if before is not None:
            notices = notices.filter(pk__lt=before)
        found = list(notices[: PAGE_ROWS + 1])
        has_newer, has_older = before is not None, len(found) > PAGE_ROWS
        rows = found[:PAGE_ROWS]
    if not rows:
        return rows, None, None
    return rows, rows[0].pk if has_newer else None, rows[-1].pk if has_older else None


def _number(text):
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


@require_POST
@login_required
def open_notice(request, pk):
    """The notice is read, and its page opens."""
    notice = get_object_or_404(Notice.objects.of(request.user), pk=pk)
    mark_read([notice.pk], by=request.user)
    return HttpResponseRedirect(notice.path)


@require_POST
@login_required
def read_notices(request):
    """One notice is read, or every one up to the newest that the page showed."""
    if (pk := _number(request.POST.get("notice"))) is not None:
        count = mark_read([pk], by=request.user)
    else:
        count = mark_all_read(by=request.user, up_to=_number(request.POST.get("newest")))
    if count:
        messages.success(request, ngettext("%(n)d notice read.", "%(n)d notices read.", count) % {"n": count})
    return redirect(_way_back(request))


def _way_back(request):
    target = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if is_ours else reverse("accounts:notices")


@login_required
@never_cache
def notice_settings(request):
    """Which mail one gets: a channel for each kind, and the hour of the daily mail."""
    form = NoticeSettingsForm(request.POST or None, person=request.user)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        choose_mail(
            by=request.user,
            channels=form.channels,
            digest_hour=data["digest_hour"],
            language=data["language"],
        )
        messages.success(request, _("Your choice is kept: it holds from the next notice on."))
        return redirect("accounts:notice-settings")
    context = {"form": form, "is_mail_on": settings.MAIL_IS_ON}
    return render(request, "account/notice_settings.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def test_mail(request):
    """A mail to oneself is on its way, or the reason why none can be."""
    try:
        send_test_mail(by=request.user, path=reverse("accounts:notice-settings"))
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        words = {"address": request.user.email}
        messages.success(request, _("A test mail to %(address)s is on its way; look in a minute.") % words)
    return redirect("accounts:notice-settings")
