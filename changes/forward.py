"""The forward schedule of change: what is planned for a month, a week or a fortnight, and what is against it.

Days are the reader's: a period begins and ends at midnight of the active time zone, whatever the clocks do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from changes.collisions.freezes import items_of_changes, open_times
from changes.collisions.scopes import Coverage
from changes.dossier import KIND_ICONS, RISK_TONES, TONES
from changes.models import ChangeItem, ChangeRequest, FreezeWindow, MaintenanceWindow
from changes.models.calendar import ItemScope
from changes.models.request import ItemImpact
from changes.querysets import ChangeQuerySet
from changes.workflow import ENDS, State
from cmdb.models import ConfigurationItem

WEEK = timedelta(days=7)
# More on one page nobody reads; what is left out is counted.
SHOWN_AT_MOST = 500
# Not planned yet, or never to happen; drafts are their people's own.
NOT_ON_THE_CALENDAR = (State.DRAFT, State.REJECTED, State.WITHDRAWN, State.CANCELLED)
UNDECIDED = (State.DRAFT, State.ASSESSING, State.TESTING, State.APPROVING)


@dataclass(frozen=True)
class View:
    """One way to look at the calendar."""

    key: str
    label: str | Promise
    icon: str
    shortcut: str


VIEWS = (
    View("month", _("Month"), "calendar_view_month", "m"),
    View("week", _("Week"), "calendar_view_week", "w"),
    View("timeline", _("By service"), "view_timeline", "s"),
    View("list", _("List"), "view_agenda", "l"),
)


@dataclass(frozen=True)
class Period:
    """The days that a view shows: from `first` up to, without, `after`; `start` and `end` are instants."""

    view: str
    day: date
    first: date
    after: date

    @property
    def start(self) -> datetime:
        return midnight(self.first)

    @property
    def end(self) -> datetime:
        return midnight(self.after)

    @property
    def window(self) -> DateTimeTZRange:
        return DateTimeTZRange(self.start, self.end)

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range((self.after - self.first).days)]

    @property
    def previous(self) -> date:
        return _month_of(self.day, -1) if self.view == "month" else self.day - (self.after - self.first)

    @property
    def following(self) -> date:
        return _month_of(self.day, 1) if self.view == "month" else self.day + (self.after - self.first)


def midnight(day: date) -> datetime:
    """The first instant of the day in the reader's time zone."""
    # In UTC: differences of two times of one zone are told by the clock on the wall, not by the time between.
    return datetime.combine(day, time(), tzinfo=timezone.get_current_timezone()).astimezone(UTC)


def period_of(view: str, day: date) -> Period:
    """What the view shows around the day: whole weeks from Monday; a list looks a fortnight ahead."""
    monday = day - timedelta(days=day.weekday())
    if view == "month":
        first = day.replace(day=1)
        last = _month_of(day, 1) - timedelta(days=1)
        begin = first - timedelta(days=first.weekday())
        return Period(view, day, begin, last + timedelta(days=7 - last.weekday()))
    return Period(view, day, monday, monday + (WEEK if view == "week" else 2 * WEEK))


def _month_of(day: date, step: int) -> date:
    """The first of the month `step` months away."""
    months = day.year * 12 + day.month - 1 + step
    return date(months // 12, months % 12 + 1, 1)


def read_day(text: str) -> date:
    """The day as YYYY-MM-DD; today for anything else, and for years that no calendar shows."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return timezone.localdate()
    return day if 1900 < day.year < 9000 else timezone.localdate()


def planned(window: DateTimeTZRange, wanted: Mapping[str, str], user: User) -> ChangeQuerySet:
    """Changes on the calendar in the window that fit the filters, by their start; drafts only with `mine`.

    `wanted`: kind, risk, service (id, with what it needs), team (id), mine. What is no value is passed over.
    """
    # An emergency has no window: it stands where the work was, or is.
    at_work = Q(window=None, actual_start_at__lt=window.upper) & (
        Q(actual_end_at__gt=window.lower) | Q(actual_end_at=None, state=State.IMPLEMENTING)
    )
    changes = ChangeRequest.objects.filter(Q(window__overlap=window) | at_work)
    shown = ~Q(state__in=NOT_ON_THE_CALENDAR)
    if wanted.get("mine"):
        changes = changes.filter(pk__in=ChangeRequest.objects.involving(user).order_by().values("pk"))
        shown |= Q(state=State.DRAFT)
    changes = changes.filter(shown)
    for name in ("kind", "risk"):
        if wanted.get(name) in dict(ChangeRequest._meta.get_field(name).choices or ()):
            changes = changes.filter(**{name: wanted[name]})
    if service := as_id(wanted.get("service")):
        changes = changes.under(service)
    if team := as_id(wanted.get("team")):
        changes = changes.of_team(team)
    return changes.order_by("window", "pk")


def with_times(change: Any) -> Any:
    """The change with the time it stands at on a calendar: its window, or when it was worked on."""
    if change.window is None:
        change.window = DateTimeTZRange(change.actual_start_at, change.actual_end_at or timezone.now())
    return change


def services_of(changes: Iterable[ChangeRequest]) -> dict[int, dict[int, str]]:
    """For each change the services it is for or was found to affect: name by id. One query."""
    found: dict[int, dict[int, str]] = {}
    for change in changes:
        found[change.pk] = {change.service_id: change.service.name} if change.service else {}
    affected = ChangeItem.objects.filter(
        change__in=found, item__in=ConfigurationItem.objects.of_type("service").values("pk")
    ).exclude(impact=ItemImpact.NOT_IMPACTED)
    for change_id, item_id, name in affected.values_list("change_id", "item_id", "item__name"):
        found[change_id][item_id] = name
    return found


def as_id(text: str | None) -> int | None:
    """A key that a filter names, or nothing."""
    return int(text[:18]) if text and text.isascii() and text.isdigit() else None


def with_collisions(changes: ChangeQuerySet) -> ChangeQuerySet:
    """Each change with whether another, still open one changes an item of it at an overlapping time."""
    mine = ChangeItem.objects.filter(change=OuterRef(OuterRef("pk")), impact=ItemImpact.MANUAL)
    others = (
        ChangeItem.objects.filter(
            item__in=mine.values("item"),
            impact=ItemImpact.MANUAL,
            change__window__overlap=OuterRef("window"),
        )
        .exclude(change=OuterRef("pk"))
        .exclude(change__state__in=[*ENDS, State.DRAFT])
    )
    return changes.annotate(collides=Exists(others))


def freezes_in(window: DateTimeTZRange) -> list[FreezeWindow]:
    """Active freezes that share an instant with the window, by their start. One query."""
    freezes = FreezeWindow.objects.filter(is_active=True, window__overlap=window)
    return list(freezes.select_related("item__type", "type", "owner_team").order_by("window", "pk"))


class Opening:
    """One time at which a maintenance window is open."""

    def __init__(self, maintenance: MaintenanceWindow, window: DateTimeTZRange) -> None:
        self.maintenance, self.window = maintenance, window
        self.began_before, self.is_one_day = False, on_one_day(window)


def openings_in(period: Period) -> list[Opening]:
    """Every time in the period at which a maintenance window is open. One query."""
    windows = MaintenanceWindow.objects.filter(is_active=True).select_related("type", "service")
    return [
        Opening(each, DateTimeTZRange(*span))
        for each in windows
        for span in open_times(each, period.start, period.end)
    ]


class Rows:
    """The services of a timeline, asked which of them a freeze or a maintenance window touches."""

    def __init__(self, services: Mapping[int, Mapping[int, str]]) -> None:
        self.services = services
        self.items = items_of_changes(services)
        every = set().union(*self.items.values(), *services.values())
        self.coverage = Coverage(every)

    def touched(self, scope: ItemScope) -> set[int]:
        """Services that the scope covers, itself or a change in their row; 0 is the row without a service."""
        covered = self.coverage.covered(scope).keys()
        found = {pk for named in self.services.values() for pk in named if pk in covered}
        for change, items in self.items.items():
            if items & covered:
                found |= set(self.services[change]) or {0}
        return found


class Day(NamedTuple):
    """One day of the list, with what begins on it; the first day also holds what began before."""

    day: date
    changes: list[ChangeRequest]
    freezes: list[FreezeWindow]
    openings: list[Opening]


def by_day(
    period: Period, changes: Iterable[Any], freezes: Iterable[Any], openings: Iterable[Opening] = ()
) -> list[Day]:
    """The days of the period on which something begins, each thing once."""
    days: dict[date, Day] = {}

    def on(row: Any) -> Day:
        lower = row.window.lower
        begins = timezone.localtime(lower).date() if lower else period.first
        row.began_before = begins < period.first
        day = max(begins, period.first)
        return days.setdefault(day, Day(day, [], [], []))

    for change in changes:
        on(change).changes.append(decorated(change))
    for freeze in freezes:
        on(freeze).freezes.append(freeze)
    for opening in openings:
        on(opening).openings.append(opening)
    return [days[day] for day in sorted(days)]


def decorated(change: Any) -> Any:
    """The change with the tones and the icon that its badges wear, and whether it is decided."""
    change.tone = TONES[change.state]
    change.risk_tone = RISK_TONES.get(change.risk, "neutral")
    change.kind_icon = KIND_ICONS[change.kind]
    change.is_undecided = change.state in UNDECIDED
    change.is_one_day = on_one_day(change.window)
    return change


def on_one_day(window: DateTimeTZRange) -> bool:
    """Whether the window begins and ends on the same day of the reader."""
    if not (window.lower and window.upper):
        return False
    return timezone.localtime(window.lower).date() == timezone.localtime(window.upper).date()


def on_the_wall(window: DateTimeTZRange, period: Period) -> tuple[datetime, datetime]:
    """Where the window stands on the reader's clock, cut to the period, without its zone: start and end.

    The end stands after the start also in the hour that the clocks repeat.
    """
    start = max(window.lower or period.start, period.start)
    end = min(window.upper or period.end, period.end)
    wall_start, wall_end = (timezone.localtime(each).replace(tzinfo=None) for each in (start, end))
    if wall_end <= wall_start:
        wall_end = wall_start + max(end - start, timedelta(minutes=1))
    return wall_start, wall_end
