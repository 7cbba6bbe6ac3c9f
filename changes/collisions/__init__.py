"""What is in the way of a change: other changes, freezes, the time of day; and when nothing is.

Computed from live data whenever it is asked, never stored.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from accounts.models import User
from changes.collisions.found import Collision, FreezeHit, MaintenanceMiss
from changes.collisions.freezes import freeze_hits, items_of_changes, maintenance_misses
from changes.collisions.pairs import Meeting, related, same_item, same_person, upstream
from changes.collisions.ranges import span_of
from changes.collisions.redundancy import redundancy
from changes.collisions.schedule import SEEN, Schedule
from changes.collisions.scopes import Coverage
from changes.models import ChangeRequest, CollisionKind, FreezeWindow
from cmdb.models import ConfigurationItem

__all__ = [
    "ACCEPTABLE",
    "Collision",
    "FreezeHit",
    "MaintenanceMiss",
    "Schedule",
    "changes_hit_by",
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
    """Every other change that is in the way of this one in the window; those that block come first.

    Ten statements, and one for each level of the graph, whatever the number of changes and items.
    """
    if span_of(window) is None:
        return []
    return found_in(Schedule([(change, window)])).get(change.pk, [])


def found_in(schedule: Schedule) -> dict[int, list[Collision]]:
    """Every collision of each change that the schedule was made for; those that block come first."""
    met = {pk: [each for find in FINDERS for each in find(schedule, pk)] for pk in schedule.subjects}
    every = [each for meetings in met.values() for each in meetings]
    items = ConfigurationItem.objects.select_related("type").in_bulk(
        {pk for each in every for pk in each.path}
    )
    people = User.objects.in_bulk({each.person for each in every if each.person})
    return {
        pk: sorted(
            (_told(schedule, pk, each, items, people) for each in meetings),
            key=lambda each: (not each.blocks, not each.is_hard),
        )
        for pk, meetings in met.items()
    }


def _told(
    schedule: Schedule,
    change_id: int,
    met: Meeting,
    items: dict[int, ConfigurationItem],
    people: dict[int, User],
) -> Collision:
    done, accepted_by = schedule.accepted(change_id, met.other.pk, met.kind, met.key)
    path = [items[pk] for pk in met.path]
    return Collision(
        other=met.other,
        kind=str(met.kind),
        key=met.key,
        is_hard=schedule.is_hard(met.kind) and met.is_reserved and met.may_be_hard,
        is_reserved=met.is_reserved,
        item=path[0] if path else None,
        other_item=path[-1] if path else None,
        meet=items[met.meet] if met.meet else None,
        path=path,
        distance=met.distance,
        other_distance=met.other_distance,
        person=people[met.person] if met.person else None,
        together=met.together,
        overlap=DateTimeTZRange(*met.overlap) if met.overlap else None,
        acknowledged_by=accepted_by,
        is_accepted=done,
    )


def freezes_on(
    change: ChangeRequest, window: DateTimeTZRange | None, *, now: datetime | None = None
) -> list[FreezeHit]:
    """Every item of the change that an active freeze covers in the window; without a window, now."""
    now = now or timezone.now()
    span = span_of(window) if window is not None else (now, now + timedelta(minutes=1))
    return freeze_hits([(change, span)]).get(change.pk, []) if span else []


def changes_hit_by(freeze: FreezeWindow) -> list[tuple[ChangeRequest, list[FreezeHit]]]:
    """The changes ahead or at work whose windows the freeze covers, with each covered item.

    Works for a freeze that is not saved yet, so that it can be looked at before.
    """
    during = span_of(freeze.window)
    if during is None:
        return []
    changes = list(
        ChangeRequest.objects.filter(state__in=SEEN, window__overlap=freeze.window)
        .select_related("requester", "owner")
        .order_by("window", "pk")
    )
    items = items_of_changes(change.pk for change in changes)
    ways = Coverage(set().union(*items.values())).covered(freeze) if changes else {}
    names = ConfigurationItem.objects.select_related("type").in_bulk(
        {pk for way in ways.values() for pk in way}
    )
    hits = [
        (change, [FreezeHit(freeze, names[pk], [names[step] for step in ways[pk]])
                  for pk in sorted(items[change.pk] & ways.keys())])
        for change in changes
    ]  # fmt: skip
    return [(change, found) for change, found in hits if found]
