"""Arithmetic on work calendars: is this a workday, and when have so many working minutes passed?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from inspections.models import CalendarDay, WorkCalendar

DAY = timedelta(days=1)
AHEAD = 60  # days that a calendar must know


@dataclass(frozen=True)
class Hours:
    """A work calendar as plain values: ask it as often as wanted, it reads nothing."""

    zone: ZoneInfo
    weekdays: frozenset[int]
    opens: time
    closes: time
    days: Mapping[date, str] = field(default_factory=dict)

    def is_workday(self, on: date) -> bool:
        """Whether people work on this day: a row of the calendar decides, else the day of the week."""
        kind = self.days.get(on)
        return kind == CalendarDay.Kind.WORKDAY if kind else on.isoweekday() in self.weekdays

    def workday_from(self, on: date, step: int) -> date:
        """The first workday from this day on, forwards (step 1) or backwards (-1), itself included."""
        while not self.is_workday(on):
            on += step * DAY
        return on

    def spans_from(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The working spans [opens, closes) that end after `start`, in UTC, one a workday, for ever."""
        on = start.astimezone(self.zone).date()
        while True:
            on = self.workday_from(on, 1)
            last = on + DAY if self.closes == time(0) else on
            opens = datetime.combine(on, self.opens, self.zone).astimezone(UTC)
            closes = datetime.combine(last, self.closes, self.zone).astimezone(UTC)
            if closes > start:
                yield max(opens, start.astimezone(UTC)), closes
            on += DAY

    def add(self, start: datetime, minutes: int) -> datetime:
        """When `minutes` working minutes (at least 0) have passed since `start`, in UTC.

        None of them outside the hours: a clock that starts at night starts with the next workday. What is
        used up exactly at the close of a day ends at that close.
        """
        left = timedelta(minutes=minutes)
        for opens, closes in self.spans_from(start):
            if left <= closes - opens:
                return opens + left
            left -= closes - opens
        raise AssertionError("Work never ends.")


def hours_of(calendar: WorkCalendar) -> Hours:
    """The calendar as plain values. One query."""
    days = dict(CalendarDay.objects.filter(calendar=calendar).values_list("on", "kind"))
    return Hours(calendar.zone, frozenset(calendar.weekdays), calendar.opens, calendar.closes, days)


def is_workday(calendar: WorkCalendar | None, on: date) -> bool:
    """Whether people work on this day; without a calendar they always do. One query."""
    return calendar is None or hours_of(calendar).is_workday(on)


def add_working_minutes(calendar: WorkCalendar | None, start: datetime, minutes: int) -> datetime:
    """When so many working minutes have passed since `start`; without one, plain minutes. One query."""
    if calendar is None:
        return start + timedelta(minutes=minutes)
    return hours_of(calendar).add(start, minutes)


def uncovered_years(today: date, days: int = AHEAD) -> list[tuple[WorkCalendar, list[int]]]:
    """Calendars that know no single day of a year that begins or goes on within `days`. Two queries."""
    wanted = sorted({today.year, (today + timedelta(days=days)).year})
    known = set(
        CalendarDay.objects.filter(on__year__in=wanted).values_list("calendar", "on__year").distinct()
    )
    found = []
    for calendar in WorkCalendar.objects.all():
        lacking = [year for year in wanted if (calendar.pk, year) not in known]
        if lacking and calendar.has_days_off:
            found.append((calendar, lacking))
    return found
