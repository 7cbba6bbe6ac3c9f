"""What breaks if items fail, and what items need: exact, aware of redundancy, one statement per level.

An item depends on another through a relation whose type has a direction of impact, and on its location.
A dependency outside groups is required. A DependencyGroup says that `min_up` of its working members suffice.

Forwards, from a set of items that fail together:
  down      a required dependency is down, or a group has fewer than `min_up` working members left;
  degraded  not down, but a group has lost a member: one more failure may take the item down;
  informed  neither, but it depends, directly or not, on a degraded item: it works, and should know.
Backwards, for each item needed, what its failure alone would do to the items asked about:
  down      a single point of failure, also one hidden behind redundancy (both uplinks on one switch);
  degraded  the item asked about would lose redundancy;
  informed  something on the way would lose redundancy.
So the answers mirror each other: x is in `down` of y backwards exactly if y is in `down` of x forwards.

Retired and disposed items are left out. A group's member that is planned, ordered, in stock, defective or
missing does not count as working. Depth is the number of steps at which the item is reached (down: at which
it goes down). Cycles are walked once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection

from cmdb.models import ConfigurationItem, LifecycleStage
from cmdb.querysets import ENDED_STAGES

NOT_UP = [
    *(
        stage.value
        for stage in (
            LifecycleStage.PLANNED,
            LifecycleStage.ORDERED,
            LifecycleStage.IN_STOCK,
            LifecycleStage.DEFECTIVE,
            LifecycleStage.MISSING,
        )
    ),
    *ENDED_STAGES,
]
SQL = Path(__file__).parent / "sql"
DEPENDENTS = (SQL / "impact_dependents.sql").read_text(encoding="utf-8")
NEEDS = (SQL / "impact_needs.sql").read_text(encoding="utf-8")
GROUP_SIZES = (SQL / "impact_group_sizes.sql").read_text(encoding="utf-8")
ITEMS = (SQL / "impact_items.sql").read_text(encoding="utf-8")
STRONGEST = datetime.max.replace(tzinfo=UTC)
NEVER = datetime.min.replace(tzinfo=UTC)
# How many candidates one round of the backward analysis carries as bits; bounds its memory.
ROUND = 4096


class Edge(NamedTuple):
    dependent: int
    provider: int
    group: int | None
    min_up: int | None
    confirmed_at: datetime | None


class Reached(NamedTuple):
    """How an item is reached: after how many steps, through which item, by how old a weakest relation."""

    depth: int
    via: int | None
    weakest: datetime

    def step(self, edge: Edge, *, via: int) -> Reached:
        return Reached(self.depth + 1, via, min(self.weakest, edge.confirmed_at or NEVER))


@dataclass(frozen=True, slots=True)
class ImpactRow:
    """One item in the answer. `via` is the address of the item before it on the path, `via_id` its id.

    `weakest_confirmed_at` is when the least recently confirmed relation on the path was last confirmed;
    None: a relation on it never was.
    """

    item_id: int
    address: str
    name: str
    type_key: str
    criticality: int
    depth: int
    via: str
    via_id: int
    weakest_confirmed_at: datetime | None

    def as_json(self) -> dict[str, Any]:
        weakest = self.weakest_confirmed_at
        return asdict(self) | {"weakest_confirmed_at": weakest and weakest.isoformat()}


@dataclass(frozen=True)
class Impact:
    """The answer: the three sets, each in order of depth, criticality and address.

    `more` counts the items beyond `max_depth`, per set; they are left out of the lists and of `total`.
    """

    start: list[ImpactStart]
    backward: bool
    down: list[ImpactRow]
    degraded: list[ImpactRow]
    informed: list[ImpactRow]
    more: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return len(self.down) + len(self.degraded) + len(self.informed)

    @property
    def by_depth(self) -> list[int]:
        """How many items are reached at depth 1, 2, …"""
        counts = Counter(row.depth for row in self.rows())
        return [counts[depth] for depth in range(1, max(counts, default=0) + 1)]

    @property
    def hidden(self) -> int:
        """How many items lie beyond `max_depth`."""
        return sum(self.more.values())

    def rows(self) -> list[ImpactRow]:
        return [*self.down, *self.degraded, *self.informed]

    def as_json(self, limit: int | None = None) -> dict[str, Any]:
        """The answer for the command and the API; `more` counts what is not listed."""
        sets = {"down": self.down, "degraded": self.degraded, "informed": self.informed}
        return {
            "items": [start.address for start in self.start],
            "direction": "backward" if self.backward else "forward",
            "total": self.total,
            "by_depth": self.by_depth,
            **{name: [row.as_json() for row in rows[:limit]] for name, rows in sets.items()},
            "more": {
                name: self.more[name] + len(rows[limit:] if limit else []) for name, rows in sets.items()
            },
        }


class ImpactStart(NamedTuple):
    item_id: int
    address: str


def impact_of(
    items: Iterable[ConfigurationItem | int], backward: bool = False, max_depth: int | None = None
) -> Impact:
    """What breaks if the items fail together, or (backward) what they need, in three sets.

    At most two statements per level and one for the names, whatever the number of items. `max_depth` shortens
    the lists, never the analysis: what lies beyond is counted in `more`.
    """
    start = sorted({item if isinstance(item, int) else item.pk for item in items})
    sets = needs_of(start) if backward else failures_from(start)
    shown = {
        name: {pk: at for pk, at in reached.items() if max_depth is None or at.depth <= max_depth}
        for name, reached in sets.items()
    }
    names = names_of({*start, *(pk for reached in shown.values() for pk in reached)})
    return Impact(
        start=[ImpactStart(pk, "{}:{}".format(*names[pk][:2])) for pk in start if pk in names],
        backward=backward,
        more={name: len(sets[name]) - len(shown[name]) for name in sets},
        **{name: rows_for(reached, names) for name, reached in shown.items()},
    )


def failures_from(start: list[int]) -> dict[str, dict[int, Reached]]:
    """Forwards: first everything that goes down, then what lost redundancy, then what depends on that."""
    down = {pk: Reached(0, None, STRONGEST) for pk in start}
    groups = LostMembers()
    frontier = list(start)
    while frontier:
        fresh: dict[int, Reached] = {}
        for edge in edges(DEPENDENTS, frontier):
            if edge.dependent in down:
                continue
            at = down[edge.provider].step(edge, via=edge.provider)
            if edge.group is None:
                fresh.setdefault(edge.dependent, at)
            else:
                groups.lose(edge, at)
        for pk, at in groups.fallen():
            if pk not in down:
                fresh.setdefault(pk, at)
        down.update(fresh)
        frontier = list(fresh)
    degraded = groups.first_losses(without=down)
    informed = beyond(degraded, known=down)
    for pk in start:
        del down[pk]
    return {"down": down, "degraded": degraded, "informed": informed}


class LostMembers:
    """The groups that have lost members so far, and the size of each, looked up once."""

    def __init__(self) -> None:
        self.lost: dict[int, set[int]] = defaultdict(set)
        self.size: dict[int, int] = {}
        self.owner: dict[int, tuple[int, int]] = {}
        self.first: dict[int, Reached] = {}
        self.touched: dict[int, Reached] = {}

    def lose(self, edge: Edge, at: Reached) -> None:
        self.lost[edge.group].add(edge.provider)
        self.owner[edge.group] = (edge.dependent, edge.min_up)
        self.first.setdefault(edge.group, at)
        self.touched[edge.group] = at

    def fallen(self) -> list[tuple[int, Reached]]:
        """Items whose group fell below `min_up` since the last call. One statement for new groups."""
        unknown = [group for group in self.touched if group not in self.size]
        if unknown:
            self.size.update(fetched(GROUP_SIZES, unknown))
        touched, self.touched = self.touched, {}
        return [
            (self.owner[group][0], at)
            for group, at in touched.items()
            if self.size.get(group, 0) - len(self.lost[group]) < self.owner[group][1]
        ]

    def first_losses(self, *, without: dict[int, Reached]) -> dict[int, Reached]:
        """The items that lost a member and are not down, reached where they lost the first."""
        found: dict[int, Reached] = {}
        for group, at in self.first.items():
            pk = self.owner[group][0]
            if pk not in without and (pk not in found or at.depth < found[pk].depth):
                found[pk] = at
        return found


def beyond(degraded: dict[int, Reached], *, known: dict[int, Reached]) -> dict[int, Reached]:
    """What depends on degraded items, nearest first, though these lie at different depths themselves."""
    informed: dict[int, Reached] = {}
    waiting: dict[int, list[int]] = defaultdict(list)
    for pk, at in degraded.items():
        waiting[at.depth].append(pk)
    while waiting:
        depth = min(waiting)
        for edge in edges(DEPENDENTS, waiting.pop(depth)):
            pk = edge.dependent
            if pk in known or pk in degraded or pk in informed:
                continue
            source = degraded.get(edge.provider) or informed[edge.provider]
            informed[pk] = source.step(edge, via=edge.provider)
            waiting[depth + 1].append(pk)
    return informed


def needs_of(start: list[int]) -> dict[str, dict[int, Reached]]:
    """Backwards: everything needed, then what each need's failure alone would do to the start."""
    reached = {pk: Reached(0, None, STRONGEST) for pk in start}
    needs: dict[int, Needs] = {}
    frontier = list(start)
    while frontier:
        fresh: dict[int, Reached] = {}
        for edge in edges(NEEDS, frontier):
            needs.setdefault(edge.dependent, Needs()).add(edge)
            at = reached[edge.dependent].step(edge, via=edge.dependent)
            if edge.provider not in reached and (
                edge.provider not in fresh or at.weakest > fresh[edge.provider].weakest
            ):
                fresh[edge.provider] = at
        reached.update(fresh)
        frontier = list(fresh)
    for pk in start:
        del reached[pk]
    required = walk_required(start, needs)
    doubtful = [pk for pk in reached if pk not in required]
    fatal, harmful = required | set(), set()
    for begin in range(0, len(doubtful), ROUND):
        takes_down, degrades = single_failures(start, needs, doubtful[begin : begin + ROUND])
        fatal |= takes_down
        harmful |= degrades
    verdict = {pk: "down" if pk in fatal else "degraded" if pk in harmful else "informed" for pk in reached}
    return {
        name: {pk: at for pk, at in reached.items() if verdict[pk] == name}
        for name in ("down", "degraded", "informed")
    }


class Needs:
    """What one item needs: required providers, and groups as [min_up, members]."""

    def __init__(self) -> None:
        self.required: set[int] = set()
        self.groups: dict[int, tuple[int, set[int]]] = {}

    def add(self, edge: Edge) -> None:
        if edge.group is None:
            self.required.add(edge.provider)
        else:
            self.groups.setdefault(edge.group, (edge.min_up, set()))[1].add(edge.provider)

    def indispensable(self) -> set[int]:
        """The providers of which not one may fail."""
        tight = [members for min_up, members in self.groups.values() if len(members) <= min_up]
        return self.required.union(*tight)

    def failing(self, causes: dict[int, int]) -> int:
        """The causes (bits) each of which alone takes the item down, given those of its providers."""
        bits = 0
        for pk in self.required:
            bits |= causes.get(pk, 0)
        for min_up, members in self.groups.values():
            bits |= shared_by(max(len(members) - min_up, 0) + 1, [causes.get(pk, 0) for pk in members])
        return bits

    def weakening(self, causes: dict[int, int]) -> int:
        """The causes each of which alone takes at least one member of a group."""
        bits = 0
        for _min_up, members in self.groups.values():
            bits |= shared_by(1, [causes.get(pk, 0) for pk in members])
        return bits


def shared_by(count: int, causes: list[int]) -> int:
    """The bits set in at least `count` of the numbers."""
    at_least = [0] * (count + 1)
    for bits in causes:
        for level in range(count, 1, -1):
            at_least[level] |= at_least[level - 1] & bits
        at_least[1] |= bits
    return at_least[count]


def walk_required(start: list[int], needs: dict[int, Needs]) -> set[int]:
    """Everything reached without passing a group that could spare a member."""
    found: set[int] = set()
    waiting = list(start)
    while waiting:
        current = needs.get(waiting.pop())
        fresh = (current.indispensable() if current else set()) - found
        found |= fresh
        waiting.extend(fresh)
    return found - set(start)


def single_failures(
    start: list[int], needs: dict[int, Needs], candidates: list[int]
) -> tuple[set[int], set[int]]:
    """Of the candidates, those whose failure alone takes a start item down, and those that degrade one.

    One bit per candidate; the bits flow from provider to dependent until nothing changes any more.
    """
    causes = {pk: 1 << place for place, pk in enumerate(candidates)}
    users = defaultdict(set)
    for pk, need in needs.items():
        for provider in need.required.union(*(members for _min_up, members in need.groups.values())):
            users[provider].add(pk)
    waiting = {user for pk in candidates for user in users[pk]}
    while waiting:
        pk = waiting.pop()
        bits = causes.get(pk, 0) | needs[pk].failing(causes)
        if bits != causes.get(pk, 0):
            causes[pk] = bits
            waiting |= users[pk]
    down = degraded = 0
    for pk in start:
        down |= causes.get(pk, 0)
        degraded |= needs[pk].weakening(causes) if pk in needs else 0
    return (
        {pk for place, pk in enumerate(candidates) if down >> place & 1},
        {pk for place, pk in enumerate(candidates) if degraded >> place & 1},
    )


def edges(statement: str, ids: list[int]) -> list[Edge]:
    return [Edge(*row) for row in fetched(statement, ids)]


def fetched(statement: str, ids: Iterable[int]) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"ids": list(ids), "ended": list(ENDED_STAGES), "not_up": NOT_UP})
        return cursor.fetchall()


def names_of(ids: Iterable[int]) -> dict[int, tuple[str, str, int]]:
    return {pk: (type_key, name, criticality) for pk, type_key, name, criticality in fetched(ITEMS, ids)}


def rows_for(reached: dict[int, Reached], names: dict[int, tuple[str, str, int]]) -> list[ImpactRow]:
    rows = []
    for pk, at in reached.items():
        type_key, name, criticality = names[pk]
        weakest = None if at.weakest == NEVER else at.weakest
        via = "{}:{}".format(*names[at.via][:2])
        rows.append(
            ImpactRow(pk, f"{type_key}:{name}", name, type_key, criticality, at.depth, via, at.via, weakest)
        )
    return sorted(rows, key=lambda row: (row.depth, -row.criticality, row.address))
