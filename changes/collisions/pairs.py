"""Two changes in each other's way: the same item, the graph, the same person, their order."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from accounts.models import User
from changes.collisions.found import Collision
from changes.collisions.ranges import Span, span_of
from changes.collisions.schedule import Schedule
from changes.models import ChangeRequest, CollisionKind
from cmdb.graph import path_of


def made(schedule: Schedule, change_id: int, other: ChangeRequest, kind: str, key: str, **more) -> Collision:
    """A collision with what the rules and the acceptances say about it."""
    reserved = more.pop(
        "is_reserved", other.pk in schedule.entries and schedule.entries[other.pk].is_reserved
    )
    hard = more.pop("is_hard", schedule.is_hard(kind) and reserved)
    done, people = schedule.accepted(change_id, other.pk, kind, key)
    return Collision(
        other=other,
        kind=str(kind),
        key=key,
        is_hard=hard,
        is_reserved=reserved,
        acknowledged_by=people,
        is_accepted=done,
        **more,
    )


def as_range(span: Span | None) -> DateTimeTZRange | None:
    return DateTimeTZRange(*span) if span else None


def same_item(schedule: Schedule, change_id: int) -> Iterator[Collision]:
    """Both change one item at one time."""
    mine = schedule.entries[change_id].items
    for other_id, both in schedule.overlapping(change_id).items():
        other = schedule.entries[other_id]
        for pk in sorted(mine & other.items):
            item = schedule.named(mine & other.items)[pk]
            yield made(
                schedule, change_id, other.change, CollisionKind.SAME_ITEM, str(pk),
                item=item, other_item=item, meet=item, path=[item], overlap=as_range(both),
            )  # fmt: skip


def related(schedule: Schedule, change_id: int) -> Iterator[Collision]:
    """Both reach an item, or one changes what the other reaches: one for each pair of items, the nearest.

    As far as the rule on related changes says; redundancy aside, because it asks who must hear of it.
    """
    overlapping = schedule.overlapping(change_id)
    if not overlapping:
        return
    mine = schedule.reach(change_id, schedule.depth)
    for other_id, both in overlapping.items():
        other = schedule.entries[other_id]
        theirs = schedule.reach(other_id, schedule.depth)
        nearest: dict[tuple[int, int], tuple[int, int, int]] = {}
        for meet in mine.keys() & theirs.keys():
            ends = (path_of(mine, meet)[-1], path_of(theirs, meet)[-1])
            rank = (mine[meet].depth + theirs[meet].depth, max(mine[meet].depth, theirs[meet].depth), meet)
            if ends[0] != ends[1] and (ends not in nearest or rank < nearest[ends]):
                nearest[ends] = rank
        for (start, end), (_sum, _max, meet) in sorted(nearest.items()):
            way = [*reversed(path_of(mine, meet)), *path_of(theirs, meet)[1:]]
            names = schedule.named(way)
            yield made(
                schedule, change_id, other.change, CollisionKind.RELATED,
                "-".join(str(pk) for pk in sorted((start, end))),
                item=names[start], other_item=names[end], meet=names[meet], path=[names[pk] for pk in way],
                distance=mine[meet].depth, other_distance=theirs[meet].depth, overlap=as_range(both),
            )  # fmt: skip


def same_person(schedule: Schedule, change_id: int) -> Iterator[Collision]:
    """Somebody is named to implement or verify in both at one time."""
    mine = schedule.entries[change_id].people
    shared = {
        other_id: mine & schedule.entries[other_id].people for other_id in schedule.overlapping(change_id)
    }
    people = User.objects.in_bulk(set().union(*shared.values()))
    for other_id, both in schedule.overlapping(change_id).items():
        for pk in sorted(shared[other_id]):
            yield made(
                schedule, change_id, schedule.entries[other_id].change, CollisionKind.PERSON, str(pk),
                person=people[pk], overlap=as_range(both),
            )  # fmt: skip


def upstream(schedule: Schedule, change_id: int) -> Iterator[Collision]:
    """A change that must come first has no window or ends after this one starts: that stops this one.

    Where another must come after this one and starts earlier, this one is warned, and the other is stopped.
    """
    mine = schedule.entries[change_id].span
    if mine is None:
        return
    for other, comes_first in schedule.links.get(change_id, ()):
        theirs = span_of(other.window)
        if comes_first:
            in_order = theirs is not None and theirs[1] <= mine[0]
        else:
            in_order = theirs is None or mine[1] <= theirs[0]
        if not in_order:
            yield made(
                schedule, change_id, other, CollisionKind.UPSTREAM, "first" if comes_first else "after",
                is_reserved=True, is_hard=comes_first and schedule.is_hard(CollisionKind.UPSTREAM),
            )  # fmt: skip
