"""What is in the way of a change: other changes, freezes, the time of day; and when nothing is.

Computed from live data whenever it is asked, never stored.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from changes.collisions.found import Collision, FreezeHit, MaintenanceMiss
from changes.collisions.freezes import freeze_hits, maintenance_misses
from changes.collisions.pairs import related, same_item, same_person, upstream
from changes.collisions.ranges import span_of
from changes.collisions.redundancy import redundancy
from changes.collisions.schedule import Schedule
from changes.models import ChangeRequest, CollisionKind

__all__ = [
    "ACCEPTABLE",
    "Collision",
    "FreezeHit",
    "MaintenanceMiss",
    "Schedule",
    "all_collisions",
    "collisions_of",
    "found_in",
    "freeze_hits",
    "freezes_on",
    "maintenance_misses",
]

# What people may accept; the order of changes is kept, not agreed on.
ACCEPTABLE = (
    CollisionKind.SAME_ITEM,
    CollisionKind.REDUNDANCY,
    CollisionKind.RELATED,
    CollisionKind.PERSON,
)
# In the order in which they are told.
FINDERS = (same_item, redundancy, upstream, related, same_person)


def collisions_of(change: ChangeRequest, window: DateTimeTZRange | None) -> list[Collision]:
    """Every other change that is in the way of this one in the window, by weight and kind.

    Ten statements, and one for each level of the graph, whatever the number of changes and items.
    """
    if span_of(window) is None:
        return []
    return found_in(Schedule([(change, window)]), change.pk)


def found_in(schedule: Schedule, change_id: int) -> list[Collision]:
    """Every collision of one of the schedule's changes; those that block come first."""
    found = [collision for find in FINDERS for collision in find(schedule, change_id)]
    return sorted(found, key=lambda each: (not each.blocks, not each.is_hard))


def freezes_on(
    change: ChangeRequest, window: DateTimeTZRange | None, *, now: datetime | None = None
) -> list[FreezeHit]:
    """Every item of the change that an active freeze covers in the window; without a window, now."""
    now = now or timezone.now()
    span = span_of(window) if window is not None else (now, now + timedelta(minutes=1))
    return freeze_hits([(change, span)]).get(change.pk, []) if span else []


def all_collisions(
    subjects: Iterable[tuple[ChangeRequest, DateTimeTZRange | None]],
) -> dict[int, list[Collision]]:
    """For each change its collisions, found together."""
    schedule = Schedule(subjects)
    return {pk: found_in(schedule, pk) for pk in schedule.subjects}
