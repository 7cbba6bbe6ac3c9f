"""Subscribing to the calendar: the addresses on a page, and what they answer without a log-in."""

from __future__ import annotations

from hashlib import sha256

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import parse_etags, quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.roles import Right, require_right
from changes.actions import renew_feeds, revoke_feeds
from changes.feeds import ALL, MINE, calendar_of, feed_behind, token_for
from changes.models import ChangeRequest, FeedKey
from cmdb.models import ConfigurationItem

PER_MINUTE = 30  # of one address, by each process; calendars ask every few minutes


@require_GET
def feed(request, token):
    """The calendar behind a signed address; 404 for any other, so that nobody learns which there are."""
    found = feed_behind(token)
    if found is None:
        raise Http404
    if _asked_too_often(found.user.pk):
        return HttpResponse(status=429, headers={"Retry-After": "60"})

    def link(change):
        return request.build_absolute_uri(reverse("changes:change", args=[change.number]))

    with translation.override(found.user.language or translation.get_language()):
        body = calendar_of(found, link)
    etag = quote_etag(sha256(body).hexdigest())
    headers = {
        "ETag": etag,
        "Cache-Control": "private, max-age=300",
        "Content-Disposition": 'inline; filename="changes.ics"',
        "X-Robots-Tag": "noindex",
    }
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        return HttpResponse(status=304, headers=headers)
    return HttpResponse(body, content_type="text/calendar; charset=utf-8", headers=headers)


def _asked_too_often(person: int) -> bool:
    name = f"changes.feed:{person}:{timezone.now():%H%M}"
    cache.add(name, 0, 120)
    return cache.incr(name) > PER_MINUTE


@require_http_methods(["GET", "POST"])
@login_required
def subscribe(request):
    """My addresses, with a copy button each; POST hands out new ones or ends all of them."""
    require_right(request.user, Right.VIEW)
    if request.method == "POST":
        if request.POST.get("deed") == "revoke":
            revoke_feeds(by=request.user)
            messages.success(request, _("None of your calendar addresses works any more."))
        else:
            renew_feeds(by=request.user)
            messages.success(request, _("These are your addresses; earlier ones have ended."))
        return redirect("changes:subscribe")
    key = FeedKey.objects.filter(user=request.user, is_revoked=False).first()
    services = ConfigurationItem.objects.filter(
        pk__in=ChangeRequest.objects.exclude(service=None).order_by().values("service")
    ).order_by("name")

    def address(shows):
        return request.build_absolute_uri(reverse("changes:feed", args=[token_for(key, shows)]))

    rows = key and [
        ("mine", _("My changes"), address(MINE)),
        ("all", _("All changes"), address(ALL)),
        *((f"s{service.pk}", service.name, address(service.pk)) for service in services[:300]),
    ]
    return render(request, "changes/subscribe.html", {"key": key, "rows": rows})
