"""Calendars to subscribe to: signed addresses that need no log-in, and what they answer (RFC 5545).

An address names a person, what it shows, and the person's number; it is valid while the signature is ours,
the number is still the person's and the person may still see the records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core import signing
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from accounts.models import User
from accounts.roles import Right, has_right
from changes.forward import as_id, freezes_in
from changes.models import ChangeRequest, FeedKey
from changes.querysets import ChangeQuerySet
from changes.workflow import State
from cmdb.models import ConfigurationItem

SALT = "changes.feeds"
MINE, ALL = "mine", "all"
BACK, AHEAD = timedelta(days=60), timedelta(days=400)
OFF = (State.CANCELLED, State.REJECTED, State.WITHDRAWN)
OPEN = (State.DRAFT, State.ASSESSING, State.TESTING, State.APPROVING)
Link = Callable[[ChangeRequest], str]


@dataclass(frozen=True)
class Feed:
    """What a valid address stands for: the person, and `mine`, `all` or a service."""

    user: User
    shows: str
    service: ConfigurationItem | None = None


def token_for(key: FeedKey, shows: str) -> str:
    """The signed part of an address, the same until the number changes. `shows`: mine, all, or an id."""
    return signing.Signer(salt=SALT).sign_object([key.user_id, key.number, shows])


def feed_behind(token: str) -> Feed | None:
    """What the address stands for; nothing where it is forged, old, revoked or its person may not look."""
    try:
        person, number, shows = signing.Signer(salt=SALT).unsign_object(token)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    keys = FeedKey.objects.filter(user=person, number=number, is_revoked=False, user__is_active=True)
    key = keys.select_related("user").first()
    if key is None or not has_right(key.user, Right.VIEW):
        return None
    if shows in (MINE, ALL):
        return Feed(key.user, shows)
    service = ConfigurationItem.objects.filter(pk=as_id(str(shows)) or 0).first()
    return Feed(key.user, shows, service) if service else None


def calendar_of(feed: Feed, link: Link) -> bytes:
    """The calendar as a file: two months back, more than a year ahead, called-off changes marked as such.

    All times are UTC, so that no reader needs a definition of our time zones. Three queries.
    """
    now = timezone.now()
    window = DateTimeTZRange(now - BACK, now + AHEAD)
    calendar = Calendar()
    calendar.add("prodid", "-//OpsLedger//Changes//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name_of(feed))
    calendar.add("refresh-interval", timedelta(minutes=30), parameters={"value": "DURATION"})
    for event in (*_changes(_changes_of(feed, window), link), *_freezes(window)):
        calendar.add_component(event)
    return calendar.to_ical()


def name_of(feed: Feed) -> str:
    """What the calendar is called in the reader's program."""
    if feed.service is not None:
        return _("Changes: %(service)s") % {"service": feed.service.name}
    return _("My changes") if feed.shows == MINE else _("All changes")


def _changes_of(feed: Feed, window: DateTimeTZRange) -> ChangeQuerySet:
    changes = ChangeRequest.objects.overlapping(window)
    if feed.service is not None:
        changes = changes.under(feed.service.pk)
    if feed.shows == MINE:
        changes = changes.filter(pk__in=ChangeRequest.objects.involving(feed.user).order_by().values("pk"))
    else:
        changes = changes.exclude(state=State.DRAFT)
    # What was never on anybody's calendar need not be called off there.
    changes = changes.exclude(Q(state__in=OFF) & Q(approved_hash="") & ~Q(events__event="submit"))
    newest = ChangeRequest.history.filter(id=OuterRef("pk")).order_by("-history_id")
    return changes.annotate(moved_at=Subquery(newest.values("history_date")[:1])).order_by("pk").distinct()


def _changes(changes: Iterable[Any], link: Link) -> Iterable[Event]:
    for change in changes:
        event = Event()
        url = link(change)
        event.add("uid", f"{change.number}@opsledger")
        event.add("summary", f"{change.number} {change.title}")
        event.add("dtstart", _utc(change.window.lower))
        event.add("dtend", _utc(change.window.upper))
        event.add("dtstamp", _utc(change.moved_at or change.created_at))
        event.add("last-modified", _utc(change.moved_at or change.created_at))
        # PostgreSQL counts the versions of the row without gaps: a later one is always the higher.
        event.add("sequence", change.row_version)
        event.add("status", _status(change))
        event.add("categories", [str(change.get_kind_display())])
        words = [change.get_state_display(), change.get_kind_display(), change.get_risk_display(), url]
        event.add("description", "\n".join(str(word) for word in words if word))
        event.add("url", url)
        yield event


def _status(change: ChangeRequest) -> str:
    if change.state in OFF:
        return "CANCELLED"
    return "TENTATIVE" if change.state in OPEN or change.on_hold else "CONFIRMED"


def _freezes(window: DateTimeTZRange) -> Iterable[Event]:
    for freeze in freezes_in(window):
        event = Event()
        event.add("uid", f"freeze-{freeze.pk}@opsledger")
        name = _("Freeze: %(name)s") if freeze.is_hard else _("Soft freeze: %(name)s")
        event.add("summary", name % {"name": freeze})
        event.add("dtstart", _utc(freeze.window.lower or window.lower))
        event.add("dtend", _utc(freeze.window.upper or window.upper))
        event.add("dtstamp", _utc(freeze.window.lower or window.lower))
        event.add("sequence", freeze.row_version)
        event.add("transp", "TRANSPARENT")
        event.add("categories", [_("Freeze")])
        if freeze.reason:
            event.add("description", freeze.reason)
        yield event


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)
