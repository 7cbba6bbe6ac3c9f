"""Fields that are not what the plan expects: shown at any time, kept or forced by two people."""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from changes.actions.apply import not_now
from changes.actions.refusals import StepRefused, locked, refusals_recorded
from changes.differences import set_items
from changes.guards.execution import Drift, differences_of, drift_of
from changes.guards.refusal import Refusal
from changes.models import ChangeRequest, DriftDecision, PlannedOperation
from changes.workflow import State

DECIDED_WHILE = (State.IMPLEMENTING, State.VERIFYING, State.ROLLING_BACK)


def live_drift(change: ChangeRequest) -> list[Drift]:
    """Every field that is not now what the plan expects at this point, and that two people have not settled.

    Before applying the plan's `before` is expected, after it what was applied, on the way back what was there
    right after applying, and after it what was replaced. Four queries at most.
    """
    if change.state not in DECIDED_WHILE:
        return []
    if change.state == State.ROLLING_BACK:
        waiting = change.operations.filter(applied_at__isnull=False, reverted_at=None)
        expected, backward = "found", True
    else:
        waiting, expected, backward = change.operations.filter(applied_at=None), "before", False
    found = [*drift_of(list(waiting), expected), *differences_of(change, backward=backward)]
    if not found:
        return []
    settled = {
        (decision.operation_id, decision.field, json.dumps(decision.seen))
        for decision in DriftDecision.objects.filter(operation__change=change, confirmed_by__isnull=False)
    }
    return [each for each in found if (each.operation_id, each.field, json.dumps(each.found)) not in settled]


def decide_drift(
    operation: PlannedOperation, field: str, *, decision: str, seen: Any, by: User
) -> DriftDecision:
    """One person has proposed to keep or force a drifted field; it counts once a second one confirms it.

    The same proposal by the same person again is the one that stands.
    """
    with refusals_recorded("decide_drift", operation.change, by):
        refusals = not_now(locked(operation.change), by, *DECIDED_WHILE, or_manager=True)
        if decision not in DriftDecision.Decision.values or field not in operation.fields:
            refusals.append(Refusal("decision", _("There is no such decision, or no such field.")))
        if refusals:
            raise StepRefused(refusals)
        proposal = {"field": field, "decision": decision, "seen": seen, "decided_by": by}
        standing = operation.decisions.filter(confirmed_by=None, **proposal).first()
        return standing or DriftDecision.objects.create(operation=operation, **proposal)


def confirm_drift(decision: DriftDecision, *, by: User) -> DriftDecision:
    """The second person has agreed; what is forced on an operation that is through is written at once.

    Raises StepRefused for the first person.
    """
    change = decision.operation.change
    with refusals_recorded("confirm_drift", change, by):
        current_change = locked(change)
        refusals = not_now(current_change, by, *DECIDED_WHILE, or_manager=True)
        current = DriftDecision.objects.select_related("operation").get(pk=decision.pk)
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
        if current.decision == DriftDecision.Decision.FORCE:
            _write_again(current_change, current)
    return current


def _write_again(change: ChangeRequest, decision: DriftDecision) -> None:
    """Of an operation that is through, the one field gets the value it should have; the others stay."""
    operation = decision.operation
    others = {str(operation.pk): [name for name in operation.fields if name != decision.field]}
    if change.state == State.ROLLING_BACK:
        if operation.reverted_at is not None:
            set_items([operation.pk], others, "replaced")
    elif operation.applied_at is not None:
        set_items([operation.pk], others, "after")
