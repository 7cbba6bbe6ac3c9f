"""The work itself: tests, ticked tasks, measured values; and the clock that closes what nobody did."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, has_right
from changes.actions.apply import not_now
from changes.actions.refusals import StepRefused, locked, refusals_recorded
from changes.actions.steps import take_step
from changes.guards.people import implementers_of
from changes.guards.refusal import Refusal
from changes.models import ChangeRequest, Criterion, CriterionResult, PlanTask, RollbackStep, TestRun
from changes.models.plan import TaskPhase
from changes.models.request import AssignmentRole
from changes.workflow import State


def record_test_run(
    change: ChangeRequest, *, by: User, environment: str, has_passed: bool, **fields: Any
) -> TestRun:
    """The run stands, bound by PostgreSQL to the plan as it is now.

    Fields: purpose (test, rehearsal), cases, files, note. By an assigned tester, while assessing or testing.
    """
    with refusals_recorded("record_test_run", change, by):
        current = locked(change)
        refusals = []
        if current.state not in (State.ASSESSING, State.TESTING):
            refusals.append(Refusal("state", _("Tests are recorded while assessing or testing.")))
        named = current.assignments.filter(user=by, role=AssignmentRole.TESTER).exists()
        if not (named and has_right(by, Right.CHANGE_TEST)):
            refusals.append(
                Refusal("who", _("This is for the testers of the change."), _("Ask one of them."))
            )
        if refusals:
            raise StepRefused(refusals)
        run = TestRun(change=current, tester=by, environment=environment, has_passed=has_passed, **fields)
        run.full_clean(exclude=["plan_hash"])
        run.save()
    run.refresh_from_db()
    return run


def complete_task(task: PlanTask, *, by: User, note: str = "") -> PlanTask:
    """The task is ticked; a dual one by its first person, then by a second.

    Checks are ticked while scheduled or implementing, the rest while implementing and in their order.
    """
    with refusals_recorded("complete_task", task.change, by):
        change = locked(task.change)
        current = PlanTask.objects.get(pk=task.pk)
        check = current.phase == TaskPhase.PRECHECK
        refusals = not_now(change, by, State.IMPLEMENTING, *([State.SCHEDULED] if check else []))
        if not check:
            before = change.tasks.filter(phase=current.phase, position__lt=current.position, done_at=None)
            refusals += [
                Refusal("tasks_in_order", _("First do: %(task)s") % {"task": each}) for each in before
            ]
        if current.done_at is None:
            current.done_at, current.done_by = timezone.now(), by
        elif current.is_dual and current.second_by is None and current.done_by_id != by.pk:
            current.second_by = by
        elif current.is_dual and current.done_by_id == by.pk:
            refusals.append(
                Refusal("dual_tasks", _("This task takes a second person."), _("Ask a colleague."))
            )
        else:
            refusals.append(Refusal("task_done", _("This task is done already.")))
        if refusals:
            raise StepRefused(refusals)
        current.note = note or current.note
        current.save(update_fields=["done_at", "done_by", "second_by", "note"])
    return current


def complete_rollback_step(step: RollbackStep, *, by: User) -> RollbackStep:
    """The step of the way back is ticked."""
    with refusals_recorded("complete_rollback_step", step.change, by):
        change = locked(step.change)
        if refusals := not_now(change, by, State.ROLLING_BACK):
            raise StepRefused(refusals)
        RollbackStep.objects.filter(pk=step.pk, done_at=None).update(done_at=timezone.now(), done_by=by)
    step.refresh_from_db()
    return step


def record_criterion(
    criterion: Criterion,
    *,
    value: Decimal | float | str,
    by: User | None,
    source: str = "",
    evidence: str = "",
) -> CriterionResult:
    """The value stands and PostgreSQL has judged it; a breach that asks for it has begun the rollback.

    By the verifier, or by a machine (`by=None`) while the work or the observation goes on.
    """
    change = criterion.change
    with refusals_recorded("record_criterion", change, by):
        current = locked(change)
        refusals = []
        if current.state not in (State.IMPLEMENTING, State.VERIFYING):
            refusals.append(Refusal("state", _("Values are measured during the work and after it.")))
        if by is not None:
            named = current.assignments.filter(user=by, role=AssignmentRole.VERIFIER).exists()
            if not (named and has_right(by, Right.CHANGE_VERIFY)):
                refusals.append(Refusal("who", _("This is for the verifiers of the change.")))
            if by.pk in implementers_of(current):
                refusals.append(
                    Refusal("implementer_apart", _("Who implemented a change does not verify it."))
                )
        if refusals:
            raise StepRefused(refusals)
        result = CriterionResult(
            criterion=criterion, value=Decimal(str(value)), measured_by=by, source=source, evidence=evidence
        )
        result.full_clean()
        result.save()
    result.refresh_from_db()
    if criterion.has_auto_rollback and not result.has_passed:
        take_step(
            change,
            "auto_rollback",
            by=None,
            comment=f"{criterion}: {result.value.normalize():f} {source}".strip(),
        )
    return result


def expire_missed_windows() -> int:
    """Scheduled changes whose window has passed are cancelled as missed; returns how many. For a job."""
    return _each_by_system(ChangeRequest.objects.to_expire(), "expire")


def note_overdue_ratifications() -> int:
    """Ratifications past their deadline have an event that says so, once each; returns how many."""
    late = ChangeRequest.objects.filter(state=State.RATIFYING, ratify_due_at__lte=timezone.now())
    return _each_by_system(late.exclude(events__event="ratify_overdue"), "ratify_overdue")


def _each_by_system(changes: Any, event: str) -> int:
    count = 0
    for change in changes:
        try:
            take_step(change, event, by=None)
        except StepRefused:
            continue  # recorded; it may have moved meanwhile, or is still within its grace
        count += 1
    return count
