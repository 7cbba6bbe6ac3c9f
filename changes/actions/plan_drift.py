"""Live data moved after the plan was written: seen, tried, and taken over into the plan."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, has_right, require_right
from changes.actions.editing import editing
from changes.actions.refusals import StepRefused
from changes.differences import ON_ITEMS, Faults, try_operations
from changes.guards.execution import Drift, drift_of
from changes.guards.refusal import Refusal
from changes.models import ChangeRequest, PlannedOperation
from cmdb.attributes import same

ATTRIBUTE = "attributes."
MAY_TRY = (Right.CHANGE_REQUEST, Right.CHANGE_ASSESS, Right.CHANGE_IMPLEMENT, Right.CHANGE_MANAGE)


def take_live_values(
    change: ChangeRequest,
    *,
    by: User,
    operations: Collection[int] = (),
    fields: Collection[str] = (),
) -> int:
    """Where live data moved, what stands there now is the plan's before: of all operations or of these, of
    all fields or of these. Returns how many fields. A field that has its planned value already is planned no
    more, and neither is an operation without fields."""
    with editing(change, by) as current:
        wanted = current.operations.filter(kind__in=ON_ITEMS, applied_at=None)
        rows = {row.pk: row for row in (wanted.filter(pk__in=operations) if operations else wanted)}
        moved = [
            each for each in drift_of(list(rows.values()), "before") if not fields or each.field in fields
        ]
        if not moved:
            raise StepRefused(
                [Refusal("no_drift", _("The plan expects what is there; nothing to take over."))]
            )
        for drift in moved:
            row = rows[drift.operation_id]
            row.before.pop(drift.field, None)
            if drift.found is not None or not drift.field.startswith(ATTRIBUTE):
                row.before[drift.field] = drift.found
            if same(row.before.get(drift.field), row.after.get(drift.field)):
                row.before.pop(drift.field, None)
                row.after.pop(drift.field, None)
        touched = [rows[pk] for pk in {drift.operation_id for drift in moved}]
        PlannedOperation.objects.bulk_update([row for row in touched if row.fields], ["before", "after"])
        PlannedOperation.objects.filter(pk__in=[row.pk for row in touched if not row.fields]).delete()
    return len(moved)


@dataclass
class DryRun:
    """What would happen if the whole plan were applied now."""

    count: int
    drifts: list[Drift]
    refused: dict[int, Faults]

    @property
    def is_clean(self) -> bool:
        return not self.drifts and not self.refused


def try_plan(change: ChangeRequest, *, by: User) -> DryRun:
    """The whole plan tried on the live data, in the order of its stages, and taken back: every field that
    moved, every operation that PostgreSQL refuses. Nothing is left behind; locks the items meanwhile.

    Raises RightMissing unless `by` takes part in changes: trying is writing for a moment.
    """
    if not any(has_right(by, right) for right in MAY_TRY):
        require_right(by, Right.CHANGE_REQUEST)
    waiting = change.operations.filter(applied_at=None).select_related("item__type", "stage")
    operations = list(waiting.order_by("stage__position", "id"))
    _found, refused = try_operations(operations)
    return DryRun(len(operations), drift_of(operations, "before"), refused)
