"""The part of the graph that hangs on some items, fetched level by level once and then asked in memory.

For questions about many sets of items at once (which changes together take a service down), where asking
`cmdb.impact` for each set would cost statements without bound. Its `down` answers as `impact_of` does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

from django.db import connection

from cmdb.impact import NOT_UP
from cmdb.querysets import ENDED_STAGES

SQL = Path(__file__).parent / "sql"
USERS = (SQL / "graph_users.sql").read_text(encoding="utf-8")
NEEDED = (SQL / "graph_needed.sql").read_text(encoding="utf-8")
GROUP_SIZES = (SQL / "impact_group_sizes.sql").read_text(encoding="utf-8")


class Use(NamedTuple):
    """One item depends on another; `counts` is false for a member of a group that does not work anyway."""

    dependent: int
    provider: int
    group: int | None
    min_up: int | None
    counts: bool


class Step(NamedTuple):
    """How an item is reached: after how many steps, and through which item."""

    depth: int
    via: int | None


class Graph:
    """Everything that depends on the given items, directly or not. One statement a level, one for groups."""

    def __init__(self, items: Iterable[int]) -> None:
        self.users: dict[int, list[Use]] = defaultdict(list)
        self.providers: dict[int, list[int]] = defaultdict(list)
        seen = set(items)
        frontier = sorted(seen)
        while frontier:
            fresh: set[int] = set()
            for use in (Use(*row) for row in _fetched(USERS, frontier)):
                self.users[use.provider].append(use)
                self.providers[use.dependent].append(use.provider)
                if use.dependent not in seen:
                    fresh.add(use.dependent)
            seen |= fresh
            frontier = sorted(fresh)
        groups = {use.group for uses in self.users.values() for use in uses if use.group is not None}
        self.sizes: dict[int, int] = dict(_fetched(GROUP_SIZES, sorted(groups))) if groups else {}

    def reach(self, items: Iterable[int], depth: int | None = None) -> dict[int, Step]:
        """Every item that depends on these, nearest first, the items themselves at depth 0.

        Redundancy aside: a member of a group reaches what the group carries.
        """
        found = {item: Step(0, None) for item in sorted(items)}
        frontier = list(found)
        level = 0
        while frontier and (depth is None or level < depth):
            level += 1
            fresh = []
            for item in frontier:
                for use in self.users.get(item, ()):
                    if use.dependent not in found:
                        found[use.dependent] = Step(level, item)
                        fresh.append(use.dependent)
            frontier = fresh
        return found

    def ways_to(self, target: int) -> dict[int, Step]:
        """Every item of this part that the target depends on; `via` is the next item on the way to it."""
        found = {target: Step(0, None)}
        frontier = [target]
        while frontier:
            fresh = []
            for item in frontier:
                for provider in self.providers.get(item, ()):
                    if provider not in found:
                        found[provider] = Step(found[item].depth + 1, item)
                        fresh.append(provider)
            frontier = fresh
        return found

    def down(self, items: Collection[int]) -> dict[int, int]:
        """Items that go down when these fail together, each with the provider that tipped it over.

        As impact_of: a required provider is down, or a group has fewer than `min_up` working members.
        """
        down: dict[int, int] = {}
        start = set(items)
        lost: dict[int, set[int]] = defaultdict(set)
        waiting = sorted(start)
        while waiting:
            fresh = []
            for item in waiting:
                for use in self.users.get(item, ()):
                    if use.dependent in start or use.dependent in down or not use.counts:
                        continue
                    if use.group is not None:
                        lost[use.group].add(item)
                        if self.sizes.get(use.group, 0) - len(lost[use.group]) >= (use.min_up or 0):
                            continue
                    down[use.dependent] = item
                    fresh.append(use.dependent)
            waiting = fresh
        return down


def path_of(found: dict[int, Step], item: int) -> list[int]:
    """The items from `item` along its `via`, to where the walk began."""
    path = [item]
    while (via := found[path[-1]].via) is not None:
        path.append(via)
    return path


def needed_by(item: int) -> list[int]:
    """The item and everything it depends on, directly or not, that has not ended. One statement."""
    return [pk for (pk,) in _fetched(NEEDED, [item])]


def _fetched(statement: str, ids: list[int]) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"ids": ids, "ended": list(ENDED_STAGES), "not_up": NOT_UP})
        return cursor.fetchall()
