"""Two changes in each other's way: the same item, the graph, the same person, their order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from changes.collisions.ranges import Span, span_of
from changes.collisions.schedule import Schedule
from changes.models import ChangeRequest, CollisionKind
from cmdb.graph import path_of


@dataclass(frozen=True)
class Meeting:
    """A collision by ids alone, before its items and people are fetched, for all collisions at once."""

    other: ChangeRequest
    kind: str
    key: str
    is_reserved: bool
    overlap: Span | None = None
    path: list[int] = field(default_factory=list)
    meet: int | None = None
    distance: int = 0
    other_distance: int = 0
    person: int | None = None
    together: tuple[ChangeRequest, ...] = ()
    may_be_hard: bool = True


def same_item(schedule: Schedule, change_id: int) -> Iterator[Meeting]:
    """Both change one item at one time."""
    mine = schedule.entries[change_id].items
    for other_id, both in schedule.overlapping(change_id).items():
        other = schedule.entries[other_id]
        for pk in sorted(mine & other.items):
            yield Meeting(
                other.change, CollisionKind.SAME_ITEM, str(pk), other.is_reserved, both, path=[pk], meet=pk
            )


def related(schedule: Schedule, change_id: int) -> Iterator[Meeting]:
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
            yield Meeting(
                other.change,
                CollisionKind.RELATED,
                "-".join(str(pk) for pk in sorted((start, end))),
                other.is_reserved,
                both,
                path=[*reversed(path_of(mine, meet)), *path_of(theirs, meet)[1:]],
                meet=meet,
                distance=mine[meet].depth,
                other_distance=theirs[meet].depth,
            )


def same_person(schedule: Schedule, change_id: int) -> Iterator[Meeting]:
    """Somebody is named to implement or verify in both at one time."""
    mine = schedule.entries[change_id].people
    for other_id, both in schedule.overlapping(change_id).items():
        other = schedule.entries[other_id]
        for pk in sorted(mine & other.people):
            yield Meeting(other.change, CollisionKind.PERSON, str(pk), other.is_reserved, both, person=pk)


def upstream(schedule: Schedule, change_id: int) -> Iterator[Meeting]:
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
            key = "first" if comes_first else "after"
            yield Meeting(other, CollisionKind.UPSTREAM, key, is_reserved=True, may_be_hard=comes_first)
