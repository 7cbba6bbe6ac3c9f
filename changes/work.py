"""Everything the page of the work shows: what is done, what comes next, what the values say, what differs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, has_right
from audit.recorded.differences import deed_in_words
from changes.actions import against_widening, live_drift
from changes.guards import Refusal
from changes.guards.execution import Drift, needs_backup
from changes.guards.observation import past_no_return, unproved
from changes.models import (
    ChangeRequest,
    Criterion,
    CriterionBreach,
    CriterionResult,
    Deviation,
    DriftDecision,
    PlanStage,
    PlanTask,
)
from changes.models.plan import TaskPhase
from changes.models.request import AssignmentRole
from changes.workflow import State

VALUES_DRAWN = 200
HAPPENED = 20
WIDTH, HEIGHT = 320, 72


@dataclass
class StageShown:
    """One stage as the page tells it: whole or not at all."""

    stage: PlanStage
    count: int
    tasks: list[PlanTask]
    is_next: bool = False
    refusals: list[Refusal] = field(default_factory=list)

    @property
    def state_words(self) -> str:
        """What is written of it, in one sentence; there is nothing in between."""
        stage = self.stage
        if stage.reverted_at:
            return _("taken back at %(time)s") % {"time": clock(stage.reverted_at)}
        if stage.applied_at:
            words = {"time": clock(stage.applied_at), "person": stage.applied_by or _("OpsLedger itself")}
            return _("applied at %(time)s by %(person)s") % words
        return _("nothing applied")

    @property
    def tone(self) -> str:
        if self.stage.reverted_at:
            return "warn"
        return "good" if self.stage.applied_at else "info" if self.is_next else "neutral"


@dataclass(frozen=True)
class DriftShown:
    """A field that is not what the plan expects, and what was proposed about it."""

    drift: Drift
    proposals: list[DriftDecision]

    @property
    def seen_json(self) -> str:
        return json.dumps(self.drift.found, cls=DjangoJSONEncoder)


@dataclass(frozen=True)
class CriterionShown:
    """A criterion with its values drawn."""

    criterion: Criterion
    results: list[CriterionResult]  # newest first
    breach: CriterionBreach | None
    ready_at: datetime | None

    @property
    def latest(self) -> CriterionResult | None:
        return self.results[0] if self.results else None

    @cached_property
    def _span(self) -> tuple[float, float]:
        values = [float(result.value) for result in self.results] + [float(self.criterion.threshold)]
        low, high = min(values), max(values)
        pad = (high - low) * 0.1 or abs(high) * 0.1 or 1
        return low - pad, high + pad

    def _y(self, value: float) -> float:
        low, high = self._span
        return round(HEIGHT - (value - low) / (high - low) * HEIGHT, 1)

    @property
    def threshold_y(self) -> float:
        return self._y(float(self.criterion.threshold))

    @cached_property
    def dots(self) -> list[dict[str, Any]]:
        """Where each value stands in the drawing, oldest first; evenly where they came at once."""
        rows = list(reversed(self.results))
        if not rows:
            return []
        begin, end = rows[0].measured_at, rows[-1].measured_at
        whole = (end - begin).total_seconds()
        if whole > len(rows):
            shares = [(row.measured_at - begin).total_seconds() / whole for row in rows]
        else:
            shares = [n / max(1, len(rows) - 1) for n in range(len(rows))]
        return [
            {
                "x": round(share * (WIDTH - 8) + 4, 1),
                "y": self._y(float(row.value)),
                "row": row,
            }
            for share, row in zip(shares, rows, strict=True)
        ]

    @property
    def line(self) -> str:
        return " ".join(f"{dot['x']},{dot['y']}" for dot in self.dots)


class Work:
    """One change at work, as `user` sees it. A fixed number of queries for any number of operations."""

    width, height = WIDTH, HEIGHT

    def __init__(self, change: ChangeRequest, user: User) -> None:
        self.change = change
        self.user = user
        self.now = timezone.now()

    @cached_property
    def people(self) -> dict[str, list[User]]:
        found: dict[str, list[User]] = {role: [] for role in AssignmentRole.values}
        for row in self.change.assignments.select_related("user"):
            found[row.role].append(row.user)
        return found

    @property
    def may_work(self) -> bool:
        return self.user in self.people[AssignmentRole.IMPLEMENTER] and has_right(
            self.user, Right.CHANGE_IMPLEMENT
        )

    @property
    def may_measure(self) -> bool:
        """A verifier, while values are taken."""
        named = self.user in self.people[AssignmentRole.VERIFIER] and has_right(
            self.user, Right.CHANGE_VERIFY
        )
        return named and self.change.state in (State.IMPLEMENTING, State.VERIFYING)

    @property
    def may_decide(self) -> bool:
        """Keep or force a drifted field."""
        return self.may_work or has_right(self.user, Right.CHANGE_MANAGE)

    @property
    def others(self) -> list[User]:
        """The implementers beside the reader."""
        return [person for person in self.people[AssignmentRole.IMPLEMENTER] if person != self.user]

    # the clock

    @property
    def is_running(self) -> bool:
        return self.change.state in (State.IMPLEMENTING, State.ROLLING_BACK)

    @property
    def elapsed_minutes(self) -> int | None:
        begun = self.change.actual_start_at
        if begun is None:
            return None
        end = self.now if self.is_running else self.change.actual_end_at or self.now
        return max(0, int((end - begun).total_seconds() // 60))

    @cached_property
    def planned_minutes(self) -> int | None:
        """The sum of what the tasks take, or else the length of the window."""
        known = [task.duration_minutes for task in self.tasks if task.duration_minutes]
        if known:
            return sum(known)
        window = self.change.window
        if not window or window.isempty or not window.lower or not window.upper:
            return None
        return round((window.upper - window.lower).total_seconds() / 60)

    @property
    def minutes_left(self) -> int | None:
        """Minutes until the window ends; negative after it."""
        window = self.change.window
        if not window or window.isempty or not window.upper:
            return None
        return int((window.upper - self.now) // timedelta(minutes=1))

    # the work

    @cached_property
    def tasks(self) -> list[PlanTask]:
        rows = self.change.tasks.select_related("done_by", "second_by", "started_by", "assignee", "stage")
        return list(rows.order_by("position", "id"))

    @property
    def prechecks(self) -> list[PlanTask]:
        return [task for task in self.tasks if task.phase == TaskPhase.PRECHECK]

    @cached_property
    def stages(self) -> list[StageShown]:
        rows = list(self.change.stages.select_related("applied_by").order_by("position"))
        counts: dict[int, int] = {}
        for stage_id in self.change.operations.values_list("stage_id", flat=True):
            counts[stage_id] = counts.get(stage_id, 0) + 1
        shown = [
            StageShown(
                row, counts.get(row.pk, 0), [task for task in self._work_tasks if task.stage_id == row.pk]
            )
            for row in rows
        ]
        waiting = next((each for each in shown if each.stage.applied_at is None), None)
        if waiting is not None:
            waiting.is_next = True
            waiting.refusals = against_widening(self.change, waiting.stage)
        return shown

    @property
    def _work_tasks(self) -> list[PlanTask]:
        return [task for task in self.tasks if task.phase == TaskPhase.IMPLEMENTATION]

    @property
    def loose_tasks(self) -> list[PlanTask]:
        return [task for task in self._work_tasks if task.stage_id is None]

    @cached_property
    def next_task(self) -> PlanTask | None:
        """The first task that is not through."""
        todo = (task for task in self._work_tasks if not is_through(task))
        return next(todo, None)

    @property
    def tasks_done(self) -> int:
        return sum(1 for task in self._work_tasks if is_through(task))

    @property
    def tasks_in_all(self) -> int:
        return len(self._work_tasks)

    @cached_property
    def rollback_steps(self) -> list:
        return list(self.change.rollback_steps.select_related("done_by").order_by("position", "id"))

    @cached_property
    def is_past_no_return(self) -> bool:
        return past_no_return(self.change)

    @cached_property
    def needs_backup(self) -> bool:
        return needs_backup(self.change)

    @cached_property
    def left_to_revert(self) -> int:
        return self.change.operations.filter(applied_at__isnull=False, reverted_at=None).count()

    @property
    def state_sentences(self) -> list[str]:
        """Which stages stand, in words: what holds after a crash too, since a stage is whole or not there."""
        return [f"{each.stage.position}. {each.stage}: {each.state_words}" for each in self.stages]

    # what differs

    @cached_property
    def drifts(self) -> list[DriftShown]:
        proposals: dict[tuple[int, str], list[DriftDecision]] = {}
        for row in DriftDecision.objects.filter(
            operation__change=self.change, confirmed_by=None
        ).select_related("decided_by"):
            proposals.setdefault((row.operation_id, row.field), []).append(row)
        return [
            DriftShown(
                drift,
                [
                    each
                    for each in proposals.get((drift.operation_id, drift.field), [])
                    if each.seen == drift.found
                ],
            )
            for drift in live_drift(self.change)
        ]

    @cached_property
    def deviations(self) -> list[Deviation]:
        return list(self.change.deviation_rows.select_related("recorded_by", "task"))

    # the measured effect

    @cached_property
    def criteria(self) -> list[CriterionShown]:
        rows = list(self.change.criteria.order_by("position", "id"))
        results: dict[int, list[CriterionResult]] = {row.pk: [] for row in rows}
        newest = CriterionResult.objects.filter(criterion__change=self.change).select_related("measured_by")
        for result in newest.order_by("-measured_at", "-id")[: VALUES_DRAWN * max(1, len(rows))]:
            if len(results[result.criterion_id]) < VALUES_DRAWN:
                results[result.criterion_id].append(result)
        breaches = {
            row.criterion_id: row
            for row in CriterionBreach.objects.filter(criterion__change=self.change).order_by("id")
        }
        verifying = self.change.state == State.VERIFYING
        ready = unproved(self.change, observed=True) if verifying else {}
        return [CriterionShown(row, results[row.pk], breaches.get(row.pk), ready.get(row.pk)) for row in rows]

    # what happened

    @cached_property
    def happened(self) -> list[dict[str, Any]]:
        """The latest deeds of everybody, newest first: what the others did."""
        lines: list[dict[str, Any]] = []
        for event in self.change.events.select_related("actor")[:HAPPENED]:
            lines.append({"at": event.happened_at, "who": event.actor, "what": deed_in_words(event.event),
                          "detail": event.comment})  # fmt: skip
        for task in self.tasks:
            if task.started_at and task.started_at != task.done_at:
                lines.append(
                    {"at": task.started_at, "who": task.started_by, "what": _("began"), "detail": str(task)}
                )
            if task.done_at:
                lines.append(
                    {"at": task.done_at, "who": task.done_by, "what": _("ticked"), "detail": str(task)}
                )
            if task.second_at:
                lines.append(
                    {"at": task.second_at, "who": task.second_by, "what": _("confirmed"), "detail": str(task)}
                )
        for each in self.stages:
            if each.stage.applied_at:
                lines.append({"at": each.stage.applied_at, "who": each.stage.applied_by, "what": _("applied"),
                              "detail": _(each.stage.label) if each.stage.label else ""})  # fmt: skip
        for row in self.deviations:
            lines.append(
                {
                    "at": row.recorded_at,
                    "who": row.recorded_by,
                    "what": row.get_nature_display(),
                    "detail": row.text,
                }
            )
        return sorted(lines, key=lambda line: line["at"], reverse=True)[:HAPPENED]


def clock(moment: datetime) -> str:
    """The time of day, with the day where it is another one."""
    local = timezone.localtime(moment)
    return local.strftime("%H:%M:%S" if local.date() == timezone.localdate() else "%Y-%m-%d %H:%M")


def is_through(task: PlanTask) -> bool:
    """Done, and by two people where it takes two."""
    return bool(task.done_at) and not (task.is_dual and not task.second_by_id)
