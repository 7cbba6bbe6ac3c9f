"""Everything the page of one change shows, gathered with a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import F, Prefetch
from django.utils import timezone
from django.utils.functional import Promise

from accounts.models import User
from changes.collisions.shown import InTheWay, in_the_way
from changes.guards.execution import Drift, drift_of
from changes.guards.form import owners_to_consult
from changes.models import (
    ApprovalRound,
    ChangeRequest,
    Consultation,
    Criterion,
    PlannedOperation,
    RoundSeat,
    VoteDelegation,
)
from changes.models.request import ItemImpact
from changes.workflow import ENDS, MAIN_LINE, State

TONES = {
    State.DRAFT: "neutral", State.ASSESSING: "info", State.TESTING: "info", State.APPROVING: "warn",
    State.SCHEDULED: "good", State.IMPLEMENTING: "serious", State.VERIFYING: "info",
    State.ROLLING_BACK: "bad", State.ROLLED_BACK: "serious", State.RATIFYING: "warn",
    State.REVIEWING: "info", State.CLOSED: "done", State.REJECTED: "bad", State.WITHDRAWN: "neutral",
    State.CANCELLED: "neutral",
}  # fmt: skip
RISK_TONES = {"low": "good", "medium": "warn", "high": "serious", "very_high": "bad"}
KIND_ICONS = {"normal": "edit_note", "standard": "task_alt", "emergency": "emergency"}
CHOICE_TONES = {"approve": "good", "reject": "bad", "abstain": "neutral"}


@dataclass(frozen=True)
class Difference:
    """One field of one planned operation; `drift` says where the live value is no longer the expected one."""

    operation: PlannedOperation
    field: str
    label: str
    before: Any
    after: Any
    drift: Drift | None = None


def state_bar(change: ChangeRequest) -> list[dict[str, str | Promise]]:
    """The states on the way of this kind of change, each done, now, next or bad."""
    line = list(MAIN_LINE[change.kind])
    if change.state not in line:
        line = [*_passed_before(change, line), change.state]
    here = line.index(change.state)
    bad = change.state in (State.REJECTED, State.ROLLING_BACK, State.ROLLED_BACK)
    is_end = change.state == State.CLOSED
    marks = (
        ["done"] * here + ["bad" if bad else "done" if is_end else "now"] + ["next"] * (len(line) - here - 1)
    )
    return [{"label": State(state).label, "is": mark} for state, mark in zip(line, marks, strict=True)]


def _passed_before(change: ChangeRequest, line: list[str]) -> list[str]:
    """The states of the line that the change really went through."""
    been = {State.DRAFT, *change.events.values_list("source", flat=True)}
    return [state for state in line if state in been]


class Dossier:
    """One change as `user` sees it."""

    def __init__(self, change: ChangeRequest, user: User) -> None:
        self.change = change
        self.user = user

    @property
    def tone(self) -> str:
        return TONES[self.change.state]

    @property
    def risk_tone(self) -> str:
        return RISK_TONES.get(self.change.risk, "neutral")

    @property
    def kind_icon(self) -> str:
        return KIND_ICONS[self.change.kind]

    @property
    def state_bar(self) -> list[dict[str, str | Promise]]:
        return state_bar(self.change)

    @property
    def duration_minutes(self) -> int | None:
        window = self.change.window
        if not window or window.isempty or not window.lower or not window.upper:
            return None
        return round((window.upper - window.lower).total_seconds() / 60)

    @cached_property
    def people(self) -> dict[str, list[User]]:
        """Assigned people by their part."""
        found: dict[str, list[User]] = defaultdict(list)
        for assignment in self.change.assignments.select_related("user"):
            found[assignment.role].append(assignment.user)
        return dict(found)

    @cached_property
    def items(self) -> dict[str, list]:
        """Items that are changed, affected (nearest first) and judged not affected."""
        rows = self.change.change_items.select_related("item__type", "item__owner_team").order_by(
            F("depth").asc(nulls_first=True), "-item__criticality", "id"
        )
        found: dict[str, list] = {value: [] for value in ItemImpact.values}
        for row in rows:
            found[row.impact].append(row)
        return found

    @cached_property
    def differences(self) -> list[Difference]:
        """The planned difference, field by field, with the live value where it has moved meanwhile."""
        rows = list(
            self.change.operations.select_related("item__type", "stage").order_by("stage__position", "id")
        )
        waiting = [row for row in rows if row.applied_at is None and self.change.state not in ENDS]
        moved = {(drift.operation_id, drift.field): drift for drift in drift_of(waiting, "before")}
        return [
            Difference(row, name, row.label_of(name), before, after, moved.get((row.pk, name)))
            for row in rows
            for name, before, after in row.differences
        ]

    @cached_property
    def rounds(self) -> list[ApprovalRound]:
        """Every round of voting, newest first, with steps, seats and votes."""
        seats = RoundSeat.objects.select_related(
            "user", "vote__voter", "vote__on_behalf_of", "vote__confirmation"
        ).order_by("id")
        return list(
            self.change.rounds.prefetch_related("steps__board", Prefetch("steps__seats", seats)).order_by(
                "-id"
            )
        )

    @property
    def open_round(self) -> ApprovalRound | None:
        return next((each for each in self.rounds if each.closed_at is None), None)

    @cached_property
    def my_seats(self) -> list[RoundSeat]:
        """Seats of the open round that `user` may use: the own one, or one lent by a delegation."""
        if self.open_round is None:
            return []
        now = timezone.now()
        lent = set(
            VoteDelegation.objects.filter(deputy=self.user, starts_at__lte=now, ends_at__gt=now).values_list(
                "person_id", flat=True
            )
        )
        return [
            seat
            for step in self.open_round.steps.all()
            for seat in step.seats.all()
            if seat.barred_as != RoundSeat.Barred.OTHER_SEAT
            and (seat.user_id == self.user.pk or seat.user_id in lent)
        ]

    @cached_property
    def stages(self) -> list:
        return list(self.change.stages.prefetch_related("operations", "tasks__done_by", "tasks__second_by"))

    @cached_property
    def loose_tasks(self) -> list:
        """Tasks that belong to no stage: the checks before the start, and those of a plan without stages."""
        return list(self.change.tasks.filter(stage__isnull=True).select_related("done_by", "second_by"))

    @cached_property
    def rollback_steps(self) -> list:
        return list(self.change.rollback_steps.select_related("done_by"))

    @cached_property
    def criteria(self) -> list[Criterion]:
        """The criteria, each with `.latest`, its newest measured value or None."""
        found = list(self.change.criteria.prefetch_related("results__measured_by"))
        for criterion in found:
            criterion.latest = next(iter(criterion.results.all()), None)
        return found

    @cached_property
    def test_runs(self) -> list:
        """Test runs; `.is_bound` says whether the plan is still the one that was tested."""
        found = list(self.change.test_runs.select_related("tester"))
        for run in found:
            run.is_bound = run.plan_hash == self.change.plan_hash
        return found

    @cached_property
    def in_the_way(self) -> InTheWay:
        """Other changes, freezes and maintenance windows in the way of this one, and when there are none."""
        return in_the_way(self.change, self.user)

    @cached_property
    def similar(self) -> list[ChangeRequest]:
        """The last ended changes on one of the same items, with what came of them."""
        ids = [row.item_id for row in self.items[ItemImpact.MANUAL]]
        return list(
            ChangeRequest.objects.filter(change_items__item__in=ids, state__in=ENDS)
            .exclude(pk=self.change.pk)
            .distinct()[:5]
        )

    @property
    def more_affected(self) -> int:
        return len(self.items[ItemImpact.COMPUTED]) - 30

    @cached_property
    def consultations(self) -> list:
        """What the owners answered, and the owners who have not been asked yet."""
        rows = list(self.change.consultations.select_related("team", "answered_by"))
        if self.change.state not in (State.DRAFT, State.ASSESSING, State.TESTING):
            return rows
        known = {row.team_id for row in rows}
        missing = [team for team in owners_to_consult(self.change) if team.pk not in known]
        return rows + [Consultation(change=self.change, team=team) for team in missing]

    @cached_property
    def events(self) -> list:
        return list(self.change.events.select_related("actor")[:100])
