"""What is in the way of a change, as a page shows it: one row for many items, expandable."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from accounts.roles import Right, has_right
from changes.collisions import ACCEPTABLE, found_in
from changes.collisions.found import Collision, FreezeHit, MaintenanceMiss
from changes.collisions.freezes import freeze_hits, maintenance_misses
from changes.collisions.ranges import span_of
from changes.collisions.schedule import AT_WORK, SEEN, Schedule
from changes.collisions.slots import next_free_slots
from changes.collisions.words import explained, in_words
from changes.models import ChangeRequest, CollisionKind, FreezeWindow
from changes.workflow import EDITABLE, ENDS, UNDER_WAY, State
from cmdb.models import ConfigurationItem

ICONS = {
    CollisionKind.SAME_ITEM: "filter_2",
    CollisionKind.REDUNDANCY: "heart_broken",
    CollisionKind.UPSTREAM: "low_priority",
    CollisionKind.RELATED: "account_tree",
    CollisionKind.PERSON: "person",
    CollisionKind.MAINTENANCE: "event_busy",
}

MOVABLE = EDITABLE | {State.SCHEDULED}  # later the window has begun: no other one is proposed


@dataclass
class Group:
    """All collisions of one kind with one other change."""

    other: ChangeRequest
    kind: str
    text: str
    rows: list[dict[str, Any]]
    is_hard: bool
    blocks: bool
    is_reserved: bool
    accepted_by: list[User]
    is_accepted: bool
    overlap: DateTimeTZRange | None
    may_accept: bool = False
    may_override: bool = False

    @property
    def label(self) -> str:
        return str(CollisionKind(self.kind).label)

    @property
    def icon(self) -> str:
        return ICONS[CollisionKind(self.kind)]

    @property
    def tone(self) -> str:
        return "good" if self.is_accepted else "bad" if self.is_hard else "warn"

    @property
    def keys(self) -> str:
        return ",".join(row["key"] for row in self.rows)

    @property
    def dialog(self) -> str:
        return f"accept-{self.other.pk}-{self.kind}"


@dataclass
class FreezeGroup:
    """One freeze with every item of the change that it covers."""

    freeze: FreezeWindow
    hits: list[FreezeHit]
    may_override: bool = False

    @property
    def override(self) -> Any:
        return self.hits[0].override

    @property
    def items(self) -> list[ConfigurationItem]:
        return [hit.item for hit in self.hits]


@dataclass
class InTheWay:
    """Everything in the way of one change, in groups."""

    groups: list[Group] = field(default_factory=list)
    freezes: list[FreezeGroup] = field(default_factory=list)
    misses: list[MaintenanceMiss] = field(default_factory=list)
    slots: list[DateTimeTZRange] = field(default_factory=list)
    depth: int = 0
    beyond: int = 0

    @property
    def is_clear(self) -> bool:
        return not (self.groups or self.freezes or self.misses)

    @property
    def wants_slot(self) -> bool:
        """Whether another window is worth proposing: something stands open in this one."""
        return bool(self.misses or self.freezes or any(not group.is_accepted for group in self.groups))


def in_the_way(change: ChangeRequest, user: User) -> InTheWay:
    """What stands in the way of the change in its window, and what `user` may do about it."""
    span = span_of(change.window)
    if span is None or change.state in ENDS:
        return InTheWay()
    schedule = Schedule([(change, change.window)])
    found = InTheWay(
        groups=grouped(change, found_in(schedule)[change.pk], user),
        freezes=by_freeze(change, freeze_hits([(change, span)])[change.pk], user),
        misses=maintenance_misses(change, change.window),
        depth=schedule.depth,
    )
    if schedule.overlapping(change.pk):
        found.beyond = len(schedule.reach(change.pk)) - len(schedule.reach(change.pk, schedule.depth))
    if found.wants_slot and change.state in MOVABLE and span[1] > timezone.now():
        found.slots = next_free_slots(change, span[1] - span[0], max(span[0], timezone.now()))
    return found


def grouped(change: ChangeRequest, found: Iterable[Collision], user: User) -> list[Group]:
    """One group for each other change and kind, with what `user` may accept."""
    manages, holds = has_right(user, Right.CHANGE_MANAGE), change.state in UNDER_WAY
    groups = []
    for (_pk, kind), each in groupby(
        sorted(found, key=lambda row: (not row.blocks, not row.is_hard, row.other.pk, row.kind)),
        key=lambda row: (row.other.pk, row.kind),
    ):
        rows = list(each)
        first, other = rows[0], rows[0].other
        ours, theirs = people_of(change), people_of(other)
        accepted = all(row.is_accepted for row in rows)
        side = (user.pk in ours) != (user.pk in theirs)
        waits = user not in first.acknowledged_by and not accepted and kind in ACCEPTABLE
        groups.append(
            Group(
                other=other,
                kind=kind,
                text=in_words(change, rows),
                rows=[{"key": row.key, "text": explained(row), "path": row.path} for row in rows],
                is_hard=any(row.is_hard for row in rows),
                blocks=any(row.blocks for row in rows),
                is_reserved=first.is_reserved,
                accepted_by=list(dict.fromkeys(user for row in rows for user in row.acknowledged_by)),
                is_accepted=accepted,
                overlap=first.overlap,
                may_accept=waits and side and (kind == CollisionKind.SAME_ITEM or user.pk in theirs or holds),
                may_override=waits and manages and first.is_hard and user.pk not in ours | theirs,
            )
        )
    return groups


def people_of(change: ChangeRequest) -> set[int]:
    """Who speaks for the change: requester and owner."""
    return {pk for pk in (change.requester_id, change.owner_id) if pk}


def by_freeze(change: ChangeRequest, hits: Iterable[FreezeHit], user: User) -> list[FreezeGroup]:
    manages = has_right(user, Right.CHANGE_MANAGE) and user.pk not in people_of(change)
    groups = [FreezeGroup(rows[0].freeze, rows) for rows in split(hits)]
    for group in groups:
        group.may_override = manages and group.freeze.is_hard and group.override is None
    return groups


def split(hits: Iterable[FreezeHit]) -> list[list[FreezeHit]]:
    return [list(rows) for _pk, rows in groupby(hits, key=lambda hit: hit.freeze.pk)]


@dataclass
class Pair:
    """Two changes in each other's way in one manner; `first` starts earlier."""

    first: ChangeRequest
    group: Group


def current_pairs(user: User) -> list[Pair]:
    """Every collision between changes that are ahead or at work, each once; what stops one comes first."""
    ahead = ChangeRequest.objects.filter(state__in=SEEN).filter(
        Q(window__endswith__gt=timezone.now()) | Q(state__in=AT_WORK)
    )
    schedule = Schedule([(change, change.window) for change in ahead.order_by("pk")], others=False)
    pairs: dict[tuple[frozenset[int], str], Pair] = {}
    for pk, found in found_in(schedule).items():
        change = schedule.entries[pk].change
        for group in grouped(change, found, user):
            key = (frozenset((pk, group.other.pk)), group.kind)
            # Both sides see the pair; the side on which it stops something says more.
            if key not in pairs or (group.blocks and not pairs[key].group.blocks):
                pairs[key] = Pair(change, group)
    return sorted(
        pairs.values(),
        key=lambda pair: (
            not pair.group.blocks,
            not pair.group.is_hard,
            starts_at(pair.first),
            pair.first.pk,
        ),
    )


def starts_at(change: ChangeRequest) -> float:
    span = span_of(change.window)
    return span[0].timestamp() if span else 0.0
