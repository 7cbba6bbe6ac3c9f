"""Readable selections of runs, answers and findings."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Case, Count, IntegerField, OuterRef, Q, Subquery, Value, When
from django.db.models.expressions import RawSQL

from inspections.workflow import FINDING_CLOSED, FINDING_RUNNING, CorrectionState, FindingState, RunState

#: What comes back within it is a recurrence (seed 001: three months without trouble were promised).
RECURS_WITHIN = timedelta(days=60)


# One descent into the trend index for each CI and item, however long their series are.
LAST = """
SELECT last.id
  FROM unnest(%s::bigint[]) AS ci
 CROSS JOIN unnest(%s::text[]) AS key
 CROSS JOIN LATERAL (
       SELECT a.id FROM inspections_answer a
         JOIN inspections_runtarget t ON t.id = a.target_id
         JOIN inspections_inspectionrun r ON r.id = t.run_id
        WHERE a.ci_id = ci AND a.item_key = key AND a.is_current AND r.slot_at < %s
        ORDER BY a.observed_at DESC, a.id DESC LIMIT 1) last
"""


class RunQuerySet(models.QuerySet):
    """Runs by what is to be done about them."""

    def unfinished(self) -> RunQuerySet:
        """Runs that still take answers, or will."""
        return self.filter(
            state__in=[RunState.SCHEDULED, RunState.OPEN, RunState.IN_PROGRESS, RunState.RETURNED]
        )

    def of_window(self, start: datetime, end: datetime) -> RunQuerySet:
        """Runs whose slot lies in [start, end), and older ones that still wait for somebody."""
        waiting = [RunState.OPEN, RunState.IN_PROGRESS, RunState.RETURNED, RunState.SUBMITTED]
        return self.filter(Q(slot_at__gte=start, slot_at__lt=end) | Q(slot_at__lt=start, state__in=waiting))

    def mine_first(self, user: Any) -> RunQuerySet:
        """Own and own teams' runs before the others; what is to be done first, then the earliest deadline."""
        teams = list(user.teams.values_list("pk", flat=True)) if user.is_authenticated else []
        rank = Case(
            When(Q(assignee=user.pk) | Q(deputy=user.pk), then=Value(0)),
            When(assignee=None, team__in=teams, then=Value(1)),
            default=Value(2),
            output_field=IntegerField(),
        )
        work = [RunState.IN_PROGRESS, RunState.RETURNED]
        order = Case(
            When(state__in=work, then=Value(0)),
            When(state=RunState.OPEN, then=Value(1)),
            When(state=RunState.SUBMITTED, then=Value(2)),
            When(state=RunState.SCHEDULED, then=Value(3)),
            default=Value(4),
            output_field=IntegerField(),
        )
        return self.annotate(mine_rank=rank, work_rank=order).order_by(
            "mine_rank", "work_rank", "due_at", "id"
        )

    def for_board(self) -> RunQuerySet:
        """With what a line of the board shows, in one query."""
        return self.select_related("plan", "assignee", "team", "version__template")


class AnswerQuerySet(models.QuerySet):
    """Answers that count now, and earlier ones for comparison."""

    def current(self) -> AnswerQuerySet:
        """Answers that no later answer replaced."""
        return self.filter(is_current=True)

    def previous_to(self, run: Any, item_keys: Iterable[str], ci_ids: Iterable[int]) -> AnswerQuerySet:
        """The latest current answer per (CI, item key) from runs of earlier slots; uses the trend index."""
        cells = [list(ci_ids), list(item_keys), run.slot_at]
        return self.filter(pk__in=RawSQL(LAST, cells)).order_by("ci_id", "item_key")  # noqa: S611


class EvidenceQuerySet(models.QuerySet):
    """Photos that count."""

    def kept(self) -> EvidenceQuerySet:
        """Photos that nobody took back."""
        return self.filter(withdrawn_at=None)

    def hashes(self) -> list[str]:
        """The SHA-256 of each, oldest first."""
        return list(self.order_by("id").values_list("file__sha256", flat=True))


class AmendmentQuerySet(models.QuerySet):
    """Corrections after sign-off."""

    def waiting(self) -> AmendmentQuerySet:
        """Those that nobody has decided."""
        return self.filter(state="proposed")

    def of_run(self, run: Any) -> AmendmentQuerySet:
        """Those of one run, refused ones too."""
        return self.filter(answer__target__run=run)

    def for_list(self) -> AmendmentQuerySet:
        """With what a line of the list shows, in one query."""
        return self.select_related("answer__item", "answer__target__run__plan", "by", "decided_by")


class FindingQuerySet(models.QuerySet):
    """Findings by what is to be done about them."""

    def unclosed(self) -> FindingQuerySet:
        """Findings neither verified nor a duplicate; accepted risks are among them."""
        return self.exclude(state__in=FINDING_CLOSED)

    def of_run(self, run: Any) -> FindingQuerySet:
        """Findings that this run opened or repeated."""
        answers = apps.get_model("inspections", "Answer").objects.filter(target__run=run).values("pk")
        return self.filter(Q(first_answer__in=answers) | Q(last_answer__in=answers))

    def urgent_first(self) -> FindingQuerySet:
        """Critical before warning, then the oldest first."""
        return self.order_by("severity", "opened_at", "id")

    def risk_expired(self, on: Any) -> FindingQuerySet:
        """Accepted risks whose acceptance ended before the day `on`."""
        return self.filter(state=FindingState.ACCEPTED_RISK, accepted_until_on__lt=on)

    def for_list(self) -> FindingQuerySet:
        """With what a line of the list shows, in one query."""
        return self.select_related(
            "ci__type", "ci__owner_team", "owner", "change", "last_answer__item__version"
        )

    def overdue_at(self, now: datetime) -> Q:
        """The condition for being past the deadline of the clock that runs at `now`."""
        unanswered = Q(acknowledged_at=None, response_due_at__lt=now)
        return Q(state__in=FINDING_RUNNING) & (Q(due_at__lt=now) | unanswered)

    def overdue(self, now: datetime) -> FindingQuerySet:
        """Past the deadline of the clock that runs: the response until somebody takes it on, then the fix."""
        return self.filter(self.overdue_at(now))

    def with_recurrence(self) -> FindingQuerySet:
        """With `recurrence`: how many times this item of this CI was found in 60 days, this included."""
        earlier = self.model._default_manager.filter(
            ci=OuterRef("ci"), item_key=OuterRef("item_key"), opened_at__lte=OuterRef("opened_at"),
            opened_at__gt=OuterRef("opened_at") - RECURS_WITHIN,
        )  # fmt: skip
        counted = earlier.order_by().values("ci").annotate(n=Count("pk")).values("n")
        return self.annotate(recurrence=Subquery(counted, output_field=IntegerField()))

    def with_policy(self) -> FindingQuerySet:
        """With `policy_team`, the number of the team that its policy escalates to."""
        policies = apps.get_model("inspections", "FindingPolicy").objects.filter(
            severity=OuterRef("severity")
        )
        return self.annotate(policy_team=Subquery(policies.values("escalate_to_team")))


class OverrideQuerySet(models.QuerySet):
    """Threshold overrides by where they stand on a day."""

    def in_force(self, on: date) -> OverrideQuerySet:
        """Approved ones whose days include `on`, and not withdrawn by then."""
        return self.filter(
            Q(withdrawn_on=None) | Q(withdrawn_on__gt=on),
            approved_at__isnull=False, valid_from_on__lte=on, valid_until_on__gte=on,
        )  # fmt: skip

    def waiting(self, on: date) -> OverrideQuerySet:
        """Requests that nobody has decided, and that could still take effect."""
        return self.filter(approved_at=None, refused_at=None, withdrawn_on=None, valid_until_on__gte=on)

    def expired(self, on: date) -> OverrideQuerySet:
        """Those whose last day is over, approved or never decided."""
        return self.filter(refused_at=None, withdrawn_on=None, valid_until_on__lt=on)

    def of_state(self, state: str, on: date) -> OverrideQuerySet:
        """Those in this state on the day (models.OverrideState); all for any other word."""
        found = {
            "waiting": lambda: self.waiting(on),
            "active": lambda: self.in_force(on),
            "expired": lambda: self.expired(on),
            "coming": lambda: self.filter(approved_at__isnull=False, withdrawn_on=None, valid_from_on__gt=on),
            "refused": lambda: self.filter(refused_at__isnull=False),
            "withdrawn": lambda: self.filter(
                Q(withdrawn_on__lte=on) | Q(withdrawn_on__isnull=False, approved_at=None)
            ),
        }
        return found.get(state, self.all)()

    def for_list(self) -> OverrideQuerySet:
        """With what a line of the list shows, in one query."""
        return self.select_related(
            "template", "ci__type", "requested_by", "approved_by", "refused_by", "withdrawn_by"
        )


class CorrectionQuerySet(models.QuerySet):
    """Proposed corrections of the CMDB."""

    def proposed(self) -> CorrectionQuerySet:
        """Those that nobody has decided."""
        return self.filter(state=CorrectionState.PROPOSED)

    def for_list(self) -> CorrectionQuerySet:
        """With what a line of the list shows, in one query."""
        return self.select_related(
            "ci__type", "answer__item", "answer__answered_by", "answer__target__run", "decided_by", "change",
            "evidence",
        )  # fmt: skip
