"""What several changes take down together although each alone leaves it running."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from changes.collisions.pairs import Meeting
from changes.collisions.ranges import sets_at_once
from changes.collisions.schedule import Schedule
from changes.models import CollisionKind
from cmdb.graph import Graph, Step, path_of


def falls_together(
    graph: Graph, items: dict[int, set[int]], change_id: int, others: Collection[int]
) -> dict[int, frozenset[int]]:
    """Items that go down only because `change_id` and `others` are at work at once, with the others it takes.

    Every item that a change changes counts as out of service. Only the first item on each way down is named.
    An item that goes down without this change, or through one change alone, is not this change's collision.
    """

    def down(keys: Collection[int]) -> dict[int, int]:
        return graph.down(set().union(*(items[key] for key in keys)))

    changed = set().union(*(items[key] for key in (change_id, *others)))
    alone = set().union(*(down([key]) for key in (change_id, *others)))
    together = down([change_id, *others])
    fallen = together.keys() - alone - changed - down(list(others)).keys()
    found: dict[int, frozenset[int]] = {}
    for item in sorted(fallen):
        if together[item] in fallen:
            continue
        needed = list(others)
        for key in others:
            fewer = [each for each in needed if each != key]
            if item in down([change_id, *fewer]):
                needed = fewer
        found[item] = frozenset(needed)
    return found


def redundancy(schedule: Schedule, change_id: int) -> Iterator[Meeting]:
    """One for each other change and each item that goes down because of it, at any instant of the window."""
    mine = schedule.entries[change_id]
    overlapping = schedule.overlapping(change_id)
    if not overlapping or mine.span is None:
        return
    reach = schedule.reach(change_id).keys()
    near = [pk for pk in overlapping if reach & schedule.reach(pk).keys()]
    spans = {pk: overlapping[pk] for pk in near}
    items = {pk: schedule.entries[pk].items for pk in (change_id, *near)}
    seen: set[tuple[int, frozenset[int]]] = set()
    for others in sets_at_once(spans, mine.span):
        # Changes that are not scheduled yet, and later ones, are left out first: what is certain is named.
        order = sorted(others, key=lambda pk: (schedule.entries[pk].is_reserved, -pk))
        seen |= set(falls_together(schedule.graph, items, change_id, order).items())
    for item, needed in sorted(seen, key=lambda each: (each[0], sorted(each[1]))):
        certain = all(schedule.entries[pk].is_reserved for pk in needed)
        ways = schedule.graph.ways_to(item)
        ours = _nearest(schedule, change_id, ways)
        for pk in sorted(needed):
            theirs = _nearest(schedule, pk, ways)
            yield Meeting(
                schedule.entries[pk].change,
                CollisionKind.REDUNDANCY,
                str(item),
                certain,
                overlapping[pk],
                path=[*ours, *reversed(theirs[:-1])],
                meet=item,
                distance=len(ours) - 1,
                other_distance=len(theirs) - 1,
                together=tuple(schedule.entries[each].change for each in sorted(needed - {pk})),
            )


def _nearest(schedule: Schedule, change_id: int, ways: dict[int, Step]) -> list[int]:
    """The shortest way from an item of the change to the item that falls."""
    items = schedule.entries[change_id].items & ways.keys()
    return path_of(ways, min(items, key=lambda pk: (ways[pk].depth, pk)))
