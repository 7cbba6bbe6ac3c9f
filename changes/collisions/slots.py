"""When a change would be in nobody's way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from changes.collisions.freezes import active_freezes, maintenance_of, open_times
from changes.collisions.ranges import Span, holds, joined, overlap, shared, span_of, without
from changes.collisions.redundancy import redundancy
from changes.collisions.schedule import Schedule
from changes.collisions.scopes import Coverage
from changes.models import ChangeRequest

HORIZON = timedelta(days=92)
GRID = timedelta(minutes=15)


def next_free_slots(
    change: ChangeRequest, duration: timedelta, after: datetime, count: int = 3
) -> list[DateTimeTZRange]:
    """The next windows of this length without a collision, soft or hard, a freeze or missed maintenance.

    The first begins as early as can be, on a quarter of an hour; the others keep the time of day of the
    change's own window. No two overlap. Empty where the next 92 days have none. Statements as collisions_of.
    """
    horizon = (max(after, timezone.now()), max(after, timezone.now()) + HORIZON)
    schedule = Schedule([(change, DateTimeTZRange(*horizon))])
    free = [span for span in free_times(schedule, change, horizon) if span[1] - span[0] >= duration]
    found: list[Span] = []
    wanted = [
        _earliest(free, duration),
        _at_time_of_day(free, change, duration, horizon),
        _earliest(free, duration),
    ]
    limits = [1, count, count]
    for candidates, limit in zip(wanted, limits, strict=True):
        for start in candidates:
            if len(found) >= limit:
                break
            slot = (start, start + duration)
            if not any(overlap(slot, each) for each in found) and not _falls(schedule, change, slot):
                found.append(slot)
    return [DateTimeTZRange(*span) for span in sorted(found)]


def free_times(schedule: Schedule, change: ChangeRequest, horizon: Span) -> list[Span]:
    """The times of the horizon in which no single other change, freeze or closed maintenance window is."""
    entry = schedule.entries[change.pk]
    mine = schedule.reach(change.pk, schedule.depth).keys() if schedule.overlapping(change.pk) else set()
    busy = [
        span
        for pk, span in schedule.overlapping(change.pk).items()
        if entry.people & schedule.entries[pk].people or mine & schedule.reach(pk, schedule.depth).keys()
    ]
    for other, comes_first in schedule.links.get(change.pk, ()):
        span = span_of(other.window)
        if comes_first:
            busy.append((horizon[0], span[1] if span else horizon[1]))
        elif span:
            busy.append((span[0], horizon[1]))
    freezes = active_freezes(horizon)
    if freezes:
        coverage = Coverage(entry.items, schedule.graph)
        busy += [span for each in freezes if (span := span_of(each.window)) and coverage.covered(each)]
    free = without([horizon], busy)
    for windows in maintenance_of(entry.items).values():
        free = shared(free, joined(time for each, _way in windows for time in open_times(each, *horizon)))
    return free


def _earliest(free: list[Span], duration: timedelta) -> Iterator[datetime]:
    for start, end in free:
        at = _on_grid(start)
        while at + duration <= end:
            yield at
            at += max(duration, GRID)


def _at_time_of_day(
    free: list[Span], change: ChangeRequest, duration: timedelta, horizon: Span
) -> Iterator[datetime]:
    span = span_of(change.window)
    if span is None:
        return
    zone = timezone.get_current_timezone()
    wall: time = span[0].astimezone(zone).time()
    day = horizon[0].astimezone(zone).date()
    while day <= horizon[1].astimezone(zone).date():
        start = datetime.combine(day, wall, tzinfo=zone).astimezone(horizon[0].tzinfo)
        if start >= horizon[0] and holds(free, (start, start + duration)):
            yield start
        day += timedelta(days=1)


def _on_grid(at: datetime) -> datetime:
    """The next full quarter of an hour."""
    late = timedelta(minutes=at.minute % 15, seconds=at.second, microseconds=at.microsecond)
    return at if not late else at - late + GRID


def _falls(schedule: Schedule, change: ChangeRequest, slot: Span) -> bool:
    """Whether something would go down by several changes together in the slot."""
    entry = schedule.entries[change.pk]
    before, entry.span = entry.span, slot
    try:
        return next(iter(redundancy(schedule, change.pk)), None) is not None
    finally:
        entry.span = before
