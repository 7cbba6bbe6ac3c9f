"""Applying and rolling back: compare and set, one transaction a stage, exact or not at all."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, has_right
from changes.actions.items import apply_operations, mark_as_found, take_back_operations
from changes.actions.refusals import StepRefused, locked, refusals_recorded
from changes.differences import ON_ITEMS
from changes.guards.execution import drift_of
from changes.guards.refusal import Refusal
from changes.models import ChangeRequest, DriftDecision, PlannedOperation, PlanStage
from changes.models.request import AssignmentRole
from changes.workflow import State


def apply_stage(stage: PlanStage, *, by: User) -> int:
    """Every operation of the stage is applied, in one transaction, or none is; returns how many.

    Raises DriftFound listing every field that is not what the plan expects, unless two people have decided
    about it; StepRefused for the wrong state, person or order. Locks the change, then its items by id.
    """
    with refusals_recorded("apply_stage", stage.change, by):
        change = locked(stage.change)
        current = PlanStage.objects.get(pk=stage.pk)
        refusals = not_now(change, by, State.IMPLEMENTING)
        for earlier in change.stages.filter(position__lt=current.position, applied_at=None):
            refusals.append(Refusal("stage_order", _("First apply: %(stage)s") % {"stage": earlier}))
        if current.applied_at:
            refusals.append(Refusal("stage_applied", _("This stage is applied already.")))
        if refusals:
            raise StepRefused(refusals)
        operations = list(current.operations.filter(applied_at=None).order_by("id"))
        apply_operations(operations)
        PlanStage.objects.filter(pk=stage.pk).update(applied_at=timezone.now(), applied_by=by)
    stage.refresh_from_db()
    return len(operations)


def roll_back(change: ChangeRequest, *, by: User) -> int:
    """Every applied operation is taken back, newest first, exactly, or none is; returns how many.

    Raises DriftFound for fields that somebody changed since, until two people have decided about each.
    """
    with refusals_recorded("roll_back", change, by):
        current = locked(change)
        if refusals := not_now(current, by, State.ROLLING_BACK):
            raise StepRefused(refusals)
        done = current.operations.filter(applied_at__isnull=False, reverted_at=None)
        operations = list(done.order_by("-stage__position", "-id"))
        take_back_operations(operations)
        current.stages.filter(applied_at__isnull=False).update(reverted_at=timezone.now())
    return len(operations)


def apply_done_operations(change: ChangeRequest, *, by: User | None) -> None:
    """For a change recorded afterwards: what is already as planned counts as applied, the rest is applied."""
    on_items = list(change.operations.filter(applied_at=None, kind__in=ON_ITEMS))
    mark_as_found({o.pk for o in on_items} - {drift.operation_id for drift in drift_of(on_items, "after")})
    apply_operations(list(change.operations.filter(applied_at=None).order_by("id")))
    change.stages.update(applied_at=timezone.now(), applied_by=by)


def decide_drift(
    operation: PlannedOperation, field: str, *, decision: str, seen: Any, by: User
) -> DriftDecision:
    """One person has proposed to keep or force a drifted field; it counts once a second one confirms it."""
    with refusals_recorded("decide_drift", operation.change, by):
        refusals = not_now(
            locked(operation.change), by, State.IMPLEMENTING, State.ROLLING_BACK, or_manager=True
        )
        if decision not in DriftDecision.Decision.values or field not in operation.fields:
            refusals.append(Refusal("decision", _("There is no such decision, or no such field.")))
        if refusals:
            raise StepRefused(refusals)
        return DriftDecision.objects.create(
            operation=operation, field=field, decision=decision, seen=seen, decided_by=by
        )


def confirm_drift(decision: DriftDecision, *, by: User) -> DriftDecision:
    """The second person has agreed. Raises StepRefused for the first one."""
    change = decision.operation.change
    with refusals_recorded("confirm_drift", change, by):
        refusals = not_now(locked(change), by, State.IMPLEMENTING, State.ROLLING_BACK, or_manager=True)
        current = DriftDecision.objects.get(pk=decision.pk)
        if current.decided_by_id == by.pk or current.confirmed_by_id:
            refusals.append(
                Refusal(
                    "two_people", _("Keeping or forcing a field takes two people."), _("Ask a colleague.")
                )
            )
        if refusals:
            raise StepRefused(refusals)
        current.confirmed_by = by
        current.save(update_fields=["confirmed_by"])
    return current


def not_now(change: ChangeRequest, by: User, *states: str, or_manager: bool = False) -> list[Refusal]:
    """Why this person cannot work on the change now: state, hold, or not being its implementer."""
    refusals = []
    if change.state not in states:
        words = {"state": change.get_state_display()}
        refusals.append(Refusal("state", _("This is not done while the change is “%(state)s”.") % words))
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
