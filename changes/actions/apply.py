"""Applying and rolling back: compare and set, one transaction a stage, exact or not at all."""

from __future__ import annotations

from collections.abc import Callable

from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, has_right
from changes.actions.items import apply_operations, mark_as_done, mark_as_found, take_back_operations
from changes.actions.refusals import AlreadyDone, StepRefused, at, locked, refusals_recorded
from changes.differences import ON_ITEMS, TakenBack, check_links, in_words
from changes.guards.execution import drift_of
from changes.guards.observation import newest_results
from changes.guards.refusal import Refusal
from changes.models import ChangeRequest, PlannedOperation, PlanStage
from changes.models.plan import TaskPhase
from changes.models.request import AssignmentRole
from changes.workflow import State

Operations = list[PlannedOperation]
NAMED_AT_MOST = 20  # of the operations that failed; the rest are counted


def apply_stage(stage: PlanStage, *, by: User) -> int:
    """Every operation of the stage is applied, in one transaction, or none is; returns how many.

    Raises DriftFound listing every field that is not what the plan expects, unless two people have decided
    about it; StepRefused for the wrong state, person or order, for criteria that do not hold before widening,
    and naming each operation that PostgreSQL refuses; AlreadyDone for a second press. Locks the change, then
    its items by id.
    """
    with refusals_recorded("apply_stage", stage.change, by):
        change = locked(stage.change)
        current = PlanStage.objects.select_related("applied_by").get(pk=stage.pk)
        refusals = not_now(change, by, State.IMPLEMENTING)
        if current.applied_at and not current.reverted_at:
            if current.applied_by_id == by.pk:
                raise AlreadyDone(_("You applied this stage at %(time)s.") % {"time": at(current.applied_at)})
            words = {"person": current.applied_by or "?", "time": at(current.applied_at)}
            told = _("This stage is applied already: %(person)s did it at %(time)s.") % words
            refusals.append(Refusal("stage_applied", told))
        else:
            refusals += against_widening(change, current)
        if refusals:
            raise StepRefused(refusals)
        operations = list(current.operations.filter(applied_at=None).order_by("id"))
        _each_or_none(operations, apply_operations)
        PlanStage.objects.filter(pk=stage.pk).update(applied_at=timezone.now(), applied_by=by)
    stage.refresh_from_db()
    return len(operations)


def against_widening(change: ChangeRequest, stage: PlanStage) -> list[Refusal]:
    """Why this stage is not applied yet: earlier ones, their tasks, or a criterion that does not hold now.

    A criterion that machines measure must have a value from after the stage before.
    """
    earlier = list(change.stages.filter(position__lt=stage.position).order_by("position"))
    if not earlier:
        return []
    refusals = [
        Refusal("stage_order", _("First apply: %(stage)s") % {"stage": each})
        for each in earlier
        if each.applied_at is None
    ]
    undone = change.tasks.filter(phase=TaskPhase.IMPLEMENTATION, stage__in=earlier, done_at=None)
    refusals += [Refusal("stage_tasks", _("First do: %(task)s") % {"task": task}) for task in undone]
    newest, since = newest_results(change), earlier[-1].applied_at
    for criterion in change.criteria.all():
        value = newest.get(criterion.pk)
        if value is not None and not value.has_passed:
            words = {"criterion": criterion, "value": value}
            refusals.append(
                Refusal(
                    "criteria_hold",
                    _("%(criterion)s does not hold: %(value)s was measured.") % words,
                    _("Widen when it holds again, or roll back."),
                )
            )
        elif criterion.is_machine and since and (value is None or value.measured_at < since):
            refusals.append(
                Refusal(
                    "criteria_hold",
                    _("%(criterion)s was not measured since the stage before.") % {"criterion": criterion},
                    _("Wait for the next value."),
                )
            )
    return refusals


def roll_back(change: ChangeRequest, *, by: User | None) -> int:
    """Every applied operation is taken back, newest first, exactly, or none is; returns how many.

    Raises DriftFound for fields that somebody changed since, until two people have decided about each;
    AlreadyDone when nothing is left. `by=None` is OpsLedger itself.
    """
    with refusals_recorded("roll_back", change, by):
        current = locked(change)
        if refusals := not_now(current, by, State.ROLLING_BACK):
            raise StepRefused(refusals)
        done = current.operations.filter(applied_at__isnull=False, reverted_at=None)
        operations = list(done.order_by("-stage__position", "-id"))
        last = current.stages.filter(reverted_at__isnull=False).order_by("-reverted_at").first()
        if not operations and last is not None:
            raise AlreadyDone(_("Everything was taken back at %(time)s.") % {"time": at(last.reverted_at)})
        _each_or_none(operations, take_back_operations)
        current.stages.filter(applied_at__isnull=False).update(reverted_at=timezone.now())
    return len(operations)


def apply_done_operations(change: ChangeRequest, *, by: User | None) -> None:
    """For a change recorded afterwards: what is already as planned counts as applied, the rest is applied."""
    on_items = list(change.operations.filter(applied_at=None, kind__in=ON_ITEMS))
    mark_as_found({o.pk for o in on_items} - {drift.operation_id for drift in drift_of(on_items, "after")})
    mark_as_done([o.pk for o in change.operations.filter(applied_at=None).exclude(kind__in=ON_ITEMS)])
    _each_or_none(list(change.operations.filter(applied_at=None).order_by("id")), apply_operations)
    change.stages.update(applied_at=timezone.now(), applied_by=by)


def _each_or_none(operations: Operations, write: Callable[[Operations], None]) -> None:
    """All are written, or StepRefused names each one that PostgreSQL refuses, and why, and none is."""
    try:
        with transaction.atomic():
            write(operations)
            check_links()  # else foreign keys are looked at too late: at the commit
    except (DatabaseError, TypeError, ValueError, LookupError) as error:
        raise StepRefused(_failed(operations, write) or [_unnamed(error)]) from error


def _failed(operations: Operations, write: Callable[[Operations], None]) -> list[Refusal]:
    """Each operation is tried by itself, after those before it; nothing is left behind."""
    refusals: list[Refusal] = []
    try:
        with transaction.atomic():
            for number, operation in enumerate(operations, 1):
                try:
                    with transaction.atomic():
                        write([operation])
                        check_links()
                except (DatabaseError, TypeError, ValueError, LookupError) as error:
                    reasons = "; ".join(line for lines in in_words(error).values() for line in lines)
                    words = {"n": number, "all": len(operations), "operation": operation, "why": reasons}
                    text = _("Operation %(n)d of %(all)d failed, %(operation)s: %(why)s") % words
                    refusals.append(Refusal("operation_failed", text, _("Nothing was written.")))
            raise TakenBack
    except TakenBack:
        pass
    if len(refusals) > NAMED_AT_MOST:
        more = _("%(count)d more operations failed.") % {"count": len(refusals) - NAMED_AT_MOST}
        refusals[NAMED_AT_MOST:] = [Refusal("operation_failed", more)]
    return refusals


def _unnamed(error: Exception) -> Refusal:
    lines = "; ".join(line for lines in in_words(error).values() for line in lines)
    return Refusal("operation_failed", lines, _("Nothing was written."))


def not_now(change: ChangeRequest, by: User | None, *states: str, or_manager: bool = False) -> list[Refusal]:
    """Why this person cannot work on the change now: state, hold, or not being its implementer."""
    refusals = []
    if change.state not in states:
        words = {"state": change.get_state_display()}
        refusals.append(Refusal("state", _("This is not done while the change is “%(state)s”.") % words))
    if by is None:
        return refusals
    if change.on_hold:
        refusals.append(Refusal("hold", _("The change is on hold."), _("Resume it first.")))
    named = change.assignments.filter(user=by, role=AssignmentRole.IMPLEMENTER).exists()
    if not (named and has_right(by, Right.CHANGE_IMPLEMENT)) and not (
        or_manager and has_right(by, Right.CHANGE_MANAGE)
    ):
        refusals.append(
            Refusal("who", _("This is for the implementers of the change."), _("Ask one of them."))
        )
    return refusals
