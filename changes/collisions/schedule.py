"""Changes with their windows, items and people, gathered for many at once in a few statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from changes.collisions.ranges import Span, overlap, span_of
from changes.models import (
    Assignment,
    ChangeItem,
    ChangeLink,
    ChangeRequest,
    CollisionAcknowledgement,
    CollisionKind,
    CollisionRule,
)
from changes.models.request import AssignmentRole, ItemImpact
from changes.workflow import ENDS, UNDER_WAY, State
from cmdb.graph import Graph, Step

# Changes that somebody has submitted; drafts are nobody's business yet.
SEEN = (*UNDER_WAY, State.ASSESSING, State.TESTING, State.APPROVING)
AT_WORK = (State.IMPLEMENTING, State.ROLLING_BACK)
# What weighs how much where no rule says so; the rows of CollisionRule come from the migration.
HARD = {
    CollisionKind.SAME_ITEM: True,
    CollisionKind.REDUNDANCY: True,
    CollisionKind.UPSTREAM: True,
    CollisionKind.RELATED: False,
    CollisionKind.PERSON: False,
    CollisionKind.MAINTENANCE: False,
}
DEPTH = 3


@dataclass
class Entry:
    """One change in its time: `span` is when it is really at work, also past the end of its window."""

    change: ChangeRequest
    window: DateTimeTZRange | None
    span: Span | None
    items: set[int] = field(default_factory=set)
    people: set[int] = field(default_factory=set)

    @property
    def is_reserved(self) -> bool:
        return self.change.state in UNDER_WAY


def span_at_work(change: ChangeRequest) -> Span | None:
    """The window; for a change at work, from its real start and until now at the least."""
    span = span_of(change.window)
    if change.state not in AT_WORK:
        return span
    now = timezone.now() + timedelta(seconds=1)
    begun = change.actual_start_at or change.state_since_at or now
    return (min(begun, span[0]), max(now, span[1])) if span else (begun, max(now, begun))


def span_asked(change: ChangeRequest, window: DateTimeTZRange | None) -> Span | None:
    """The window asked about; for a change at work in its own window, when it is really at work."""
    return span_at_work(change) if window == change.window else span_of(window)


class Schedule:
    """The given changes in the given windows, and every other change that is seen in any of them."""

    def __init__(
        self,
        subjects: Iterable[tuple[ChangeRequest, DateTimeTZRange | None]],
        *,
        others: bool = True,
    ) -> None:
        self.entries = {
            change.pk: Entry(change, window, span_asked(change, window))
            for change, window in subjects
            if change.pk
        }
        self.subjects = list(self.entries)
        spans = [entry.span for entry in self.entries.values() if entry.span]
        if others and spans:
            hull = DateTimeTZRange(min(start for start, _ in spans), max(end for _, end in spans))
            for change in (
                ChangeRequest.objects.filter(state__in=SEEN)
                .filter(Q(window__overlap=hull) | Q(state__in=AT_WORK))
                .exclude(pk__in=self.subjects)
                .order_by("pk")
            ):
                self.entries[change.pk] = Entry(change, change.window, span_at_work(change))
        self._fill()

    def _fill(self) -> None:
        for change_id, item in ChangeItem.objects.filter(
            change__in=self.entries, impact=ItemImpact.MANUAL
        ).values_list("change_id", "item_id"):
            self.entries[change_id].items.add(item)
        parts = (AssignmentRole.IMPLEMENTER, AssignmentRole.VERIFIER)
        for change_id, user in Assignment.objects.filter(change__in=self.entries, role__in=parts).values_list(
            "change_id", "user_id"
        ):
            self.entries[change_id].people.add(user)

    def overlapping(self, change_id: int) -> dict[int, Span]:
        """The other changes that are at work at some time of this one's, with the time they share."""
        mine = self.entries[change_id].span
        if mine is None:
            return {}
        return {
            pk: both
            for pk, entry in self.entries.items()
            if pk != change_id and entry.span and (both := overlap(mine, entry.span))
        }

    @cached_property
    def graph(self) -> Graph:
        """What depends on the items of every change that overlaps a subject, and of the subjects."""
        near = set(self.subjects).union(*(self.overlapping(pk) for pk in self.subjects))
        return Graph({item for pk in near for item in self.entries[pk].items})

    @cached_property
    def _reaches(self) -> dict[tuple[int, int | None], dict[int, Step]]:
        return {}

    def reach(self, change_id: int, depth: int | None = None) -> dict[int, Step]:
        """The items that depend on what the change changes, up to `depth` relations away."""
        if (change_id, depth) not in self._reaches:
            found = self.graph.reach(self.entries[change_id].items, depth)
            self._reaches[change_id, depth] = found
        return self._reaches[change_id, depth]

    @cached_property
    def rules(self) -> dict[str, CollisionRule]:
        return {rule.kind: rule for rule in CollisionRule.objects.all()}

    def is_hard(self, kind: str) -> bool:
        rule = self.rules.get(kind)
        return HARD[CollisionKind(kind)] if rule is None else rule.is_hard

    @property
    def depth(self) -> int:
        rule = self.rules.get(CollisionKind.RELATED)
        return rule.depth if rule else DEPTH

    @cached_property
    def links(self) -> dict[int, list[tuple[ChangeRequest, bool]]]:
        """For each subject the changes it must follow (True) and those that must follow it (False)."""
        found: dict[int, list[tuple[ChangeRequest, bool]]] = defaultdict(list)
        rows = ChangeLink.objects.filter(nature=ChangeLink.Nature.FOLLOWS)
        for link in rows.filter(Q(change__in=self.subjects) | Q(other__in=self.subjects)).select_related(
            "change", "other"
        ):
            if link.change_id in self.subjects and link.other.state not in ENDS:
                found[link.change_id].append((link.other, True))
            if link.other_id in self.subjects and link.change.state in SEEN:
                found[link.other_id].append((link.change, False))
        return found

    @cached_property
    def acceptances(self) -> dict[frozenset[int], list[CollisionAcknowledgement]]:
        """By pair of changes, the acceptances that hold in the windows asked about."""
        found: dict[frozenset[int], list[CollisionAcknowledgement]] = defaultdict(list)
        rows = CollisionAcknowledgement.objects.filter(change__in=self.entries, other__in=self.entries)
        for row in rows.filter(Q(change__in=self.subjects) | Q(other__in=self.subjects)).select_related("by"):
            one, two = self.entries[row.change_id], self.entries[row.other_id]
            if row.change_window == one.window and row.other_window == two.window:
                found[frozenset((row.change_id, row.other_id))].append(row)
        return found

    def accepted(self, change_id: int, other_id: int, kind: str, key: str) -> tuple[bool, tuple[User, ...]]:
        """Whether those who must have accepted this collision of `change_id`, and who has.

        The same item: people of both changes. Anything else: people of the other one; the change's own people
        where it held its window already, because then the other one came to it. Or the change manager.
        """
        rows = [
            row
            for row in self.acceptances.get(frozenset((change_id, other_id)), ())
            if row.kind == kind and key in row.keys
        ]
        override = any(row.is_override for row in rows)
        theirs = any(row.other_id == other_id and not row.is_override for row in rows)
        ours = [row for row in rows if row.other_id == change_id and not row.is_override]
        if kind == CollisionKind.SAME_ITEM:
            done = override or (theirs and bool(ours))
        else:
            change = self.entries[change_id].change
            first = change.state in UNDER_WAY and change.state_since_at is not None
            done = override or theirs or (first and any(row.at >= change.state_since_at for row in ours))
        return done, tuple(dict.fromkeys(row.by for row in rows))
