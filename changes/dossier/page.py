"""Everything the page of one change shows, gathered with a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import F, Min, Prefetch, Q
from django.utils import timezone

from accounts.models import User
from changes.collisions.shown import InTheWay, in_the_way
from changes.dossier.bar import KIND_ICONS, RISK_TONES, TONES, state_bar
from changes.dossier.glance import Tile, glance
from changes.guards.assessment import owners_to_consult
from changes.guards.execution import Drift, drift_of
from changes.guards.policies import Body, bodies_needed
from changes.models import (
    ApprovalRound,
    ChangeRequest,
    Consultation,
    Criterion,
    PlannedOperation,
    Remark,
    RoundSeat,
    VoteDelegation,
)
from changes.models.request import ItemImpact
from changes.outline import Outline
from changes.workflow import ENDS, State

OUTCOME_TONES = {
    "successful": "good", "successful_with_issues": "warn", "rolled_back": "serious", "failed": "bad",
    "unratified": "bad", "missed_window": "warn", "cancelled": "neutral",
}  # fmt: skip
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
    def state_bar(self) -> list[dict[str, Any]]:
        return state_bar(self.change, self.events)

    @property
    def glance(self) -> list[Tile]:
        return glance(self)

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
    def outline(self) -> Outline:
        """The plan, folded by stage, with its minutes and documents."""
        return Outline(self.change)

    @cached_property
    def rounds(self) -> list[ApprovalRound]:
        """Every round of voting, newest first, with steps, seats and votes."""
        seats = RoundSeat.objects.select_related(
            "user", "vote__voter", "vote__on_behalf_of", "vote__confirmation"
        ).order_by("id")
        rounds = self.change.rounds.prefetch_related("steps__board", Prefetch("steps__seats", seats))
        found = list(rounds.order_by("-id"))
        self._note_deputies(found)
        return found

    @cached_property
    def bodies_needed(self) -> list[Body]:
        """Who would have to agree, while nobody has been asked yet. One query."""
        is_before = self.change.state in (State.DRAFT, State.ASSESSING, State.TESTING)
        return bodies_needed(self.change) if is_before and not self.change.is_imported else []

    @property
    def open_round(self) -> ApprovalRound | None:
        return next((each for each in self.rounds if each.closed_at is None), None)

    def _note_deputies(self, rounds: list[ApprovalRound]) -> None:
        """Each seat of the open round knows who may vote in it today beside its holder."""
        seats = [
            seat
            for each in rounds
            if each.closed_at is None
            for step in each.steps.all()
            for seat in step.seats.all()
        ]
        now = timezone.now()
        lent = VoteDelegation.objects.filter(
            person__in={seat.user_id for seat in seats}, starts_at__lte=now, ends_at__gt=now
        )
        deputies = {row.person_id: row.deputy for row in lent.select_related("deputy")} if seats else {}
        for seat in seats:
            seat.deputy_now = deputies.get(seat.user_id)

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
            and (seat.user_id == self.user.pk or (seat.user_id in lent and not self._is_kept_apart))
        ]

    @cached_property
    def _is_kept_apart(self) -> bool:
        """Who asked for the change, implements or verifies it, or has a seat, votes for nobody else."""
        parts = {"implementer", "verifier"}
        named = any(self.user in people for role, people in self.people.items() if role in parts)
        seated = self.open_round is not None and any(
            seat.user_id == self.user.pk for step in self.open_round.steps.all() for seat in step.seats.all()
        )
        return named or seated or self.change.requester_id == self.user.pk

    @cached_property
    def stages(self) -> list:
        return list(
            self.change.stages.prefetch_related(
                "operations", "tasks__done_by", "tasks__second_by", "tasks__assignee"
            )
        )

    @cached_property
    def loose_tasks(self) -> list:
        """Tasks that belong to no stage: the checks before the start, and those of a plan without stages."""
        return list(
            self.change.tasks.filter(stage__isnull=True).select_related("assignee", "done_by", "second_by")
        )

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
        """The last ended changes on one of the same items or the same service, with what came of them."""
        ids = [row.item_id for row in self.items[ItemImpact.MANUAL]]
        same = Q(change_items__item__in=ids, change_items__impact=ItemImpact.MANUAL)
        if self.change.service_id:
            same |= Q(service_id=self.change.service_id)
        alike = ChangeRequest.objects.filter(same, state__in=ENDS).exclude(pk=self.change.pk)
        found = list(ChangeRequest.objects.filter(pk__in=alike.values("pk")).order_by("-id")[:6])
        for other in found:
            other.outcome_tone = OUTCOME_TONES.get(other.outcome, TONES[other.state])
        return found

    @property
    def similar_went_well(self) -> int:
        return sum(1 for other in self.similar if other.outcome == "successful")

    @cached_property
    def remarks(self) -> list[Remark]:
        """Questions with their answers (`.told`) and notes, oldest first. Two queries."""
        rows = list(self.change.remarks.select_related("author").order_by("id"))
        names = User.objects.in_bulk({pk for row in rows for pk in row.mentions})
        told: dict[int | None, list[Remark]] = defaultdict(list)
        for row in rows:
            row.named = [names[pk] for pk in row.mentions if pk in names]
            told[row.answers_id].append(row)
        for row in rows:
            row.told = told.get(row.pk, [])
        return told[None]

    @property
    def open_questions(self) -> int:
        return sum(1 for row in self.remarks if row.kind == Remark.Kind.QUESTION and not row.told)

    @cached_property
    def queue(self) -> dict[str, Any]:
        """The place of this change among those that wait for the vote of `user`, and its neighbours."""
        waiting = ChangeRequest.objects.waiting_for_vote_of(self.user)
        due = Min("rounds__steps__due_at", filter=Q(rounds__closed_at=None))
        numbers = list(
            waiting.annotate(due=due).order_by("due", "-id").values_list("number", flat=True)[:200]
        )
        here = numbers.index(self.change.number) if self.change.number in numbers else None
        before = numbers[here - 1] if here else None
        following = numbers[(here + 1) if here is not None else 0 :][:1]
        return {
            "place": None if here is None else here + 1,
            "total": len(numbers),
            "before": before,
            "next": following[0] if following else None,
        }

    @property
    def hides_votes(self) -> bool:
        """The board of one of my open seats shows the others' votes only after mine."""
        return any(
            seat.step.board is not None and seat.step.board.hides_votes and not hasattr(seat, "vote")
            for seat in self.my_seats
        )

    @cached_property
    def tally(self) -> list[dict[str, Any]]:
        """Each step of the open round with approvals and votes so far."""
        steps = self.open_round.steps.all() if self.open_round else []
        return [
            {
                "step": step,
                "approvals": sum(1 for vote in votes if vote.choice == "approve"),
                "rejections": sum(1 for vote in votes if vote.choice == "reject"),
                "votes": len(votes),
                "is_overdue": step.due_at <= timezone.now(),
            }
            for step in steps
            for votes in [[seat.vote for seat in step.seats.all() if hasattr(seat, "vote")]]
        ]

    @property
    def reading_wanted(self) -> bool:
        """Whether the page should note that a voter opened it."""
        return any(not hasattr(seat, "vote") and not seat.is_barred for seat in self.my_seats)

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
