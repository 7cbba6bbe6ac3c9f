"""Writing an application and its plan: items, stages, operations, tasks, criteria, the way back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError, models, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, has_right, require_right
from audit.context import because
from changes.actions.items import apply_operations
from changes.actions.refusals import StepRefused, locked, refusals_recorded
from changes.guards.refusal import Refusal
from changes.models import (
    ChangeItem,
    ChangeRequest,
    Criterion,
    PlannedOperation,
    PlanStage,
    PlanTask,
    RollbackStep,
)
from changes.models.plan import OperationKind
from changes.models.request import AssignmentRole, ItemImpact
from changes.workflow import EDITABLE, Kind
from cmdb.models import ConfigurationItem, LifecycleStage
from cmdb.models import Relation as CIRelation

COLUMNS = frozenset(
    {
        "name", "lifecycle_stage", "environment", "criticality", "owner_team_id", "location_id", "serial",
        "primary_ip", "description",
    }
)  # fmt: skip
ENDS = frozenset({"relation_type_id", "source_id", "target_id"})
FIELDS = (
    "title", "reason", "description", "service", "owner", "window", "downtime_minutes", "test_plan",
    "rollback_trigger", "rollback_minutes", "rollback_owner", "freeze_override", "template", "parameters",
    "incident_ref", "incident_priority",
)  # fmt: skip


def create_change(
    *, by: User, title: str, kind: str = Kind.NORMAL, items: Iterable[ConfigurationItem] = (), **fields: Any
) -> ChangeRequest:
    """A draft requested by `by` on these items. Raises PermissionDenied without the right for it."""
    require_right(by, Right.CHANGE_REQUEST)
    with because(reason="create_change", user=by), transaction.atomic():
        change = ChangeRequest(requester=by, title=title, kind=kind, **fields)
        change.full_clean(exclude=["number"])
        change.save()
        ChangeItem.objects.bulk_create(ChangeItem(change=change, item=item) for item in items)
    change.refresh_from_db()
    return change


@contextmanager
def editing(change: ChangeRequest, by: User) -> Iterator[ChangeRequest]:
    """The change, locked, for who may edit its plan in its present state; `change` is refreshed afterwards.

    Raises StepRefused, recorded, otherwise. An edit while a round is open voids the round.
    """
    with refusals_recorded("edit_plan", change, by):
        current = locked(change)
        if refusals := reasons_against_editing(current, by):
            raise StepRefused(refusals)
        yield current
    change.refresh_from_db()


def reasons_against_editing(change: ChangeRequest, by: User) -> list[Refusal]:
    """Why this person cannot edit the plan now; empty when they can."""
    refusals = []
    if change.state not in EDITABLE:
        refusals.append(Refusal("plan_locked", _("The plan is locked."), _("Plan again to edit it.")))
    parts = set(change.assignments.filter(user=by).values_list("role", flat=True))
    mine = by.pk in (change.requester_id, change.owner_id) and has_right(by, Right.CHANGE_REQUEST)
    working = parts & {AssignmentRole.ASSESSOR, AssignmentRole.IMPLEMENTER, AssignmentRole.OWNER}
    if not (mine or working or has_right(by, Right.CHANGE_MANAGE)):
        refusals.append(
            Refusal("who", _("Requester, owner, assessor, implementers and change managers edit the plan."))
        )
    return refusals


def edit_change(change: ChangeRequest, *, by: User, **fields: Any) -> ChangeRequest:
    """The fields have their new values. Raises ValidationError by field, StepRefused when locked."""
    unknown = set(fields) - set(FIELDS)
    if unknown:
        raise ValidationError(dict.fromkeys(unknown, _("This field is not edited here.")))
    with editing(change, by) as current:
        for name, value in fields.items():
            setattr(current, name, value)
        current.full_clean(exclude=["number"])
        current.save(update_fields=list(fields))
    return change


def add_item(
    change: ChangeRequest, item: ConfigurationItem, *, by: User, impact: str = ItemImpact.MANUAL
) -> ChangeItem:
    """The item stands on the change: changed, or judged not to be affected."""
    with editing(change, by) as current:
        row, _created = ChangeItem.objects.update_or_create(
            change=current, item=item, defaults={"impact": impact, "effect": "", "depth": None}
        )
    return row


def add_stage(change: ChangeRequest, *, by: User, label: str = "", **fields: Any) -> PlanStage:
    """One more stage at the end."""
    with editing(change, by) as current:
        last = current.stages.aggregate(last=models.Max("position"))["last"] or 0
        return PlanStage.objects.create(
            change=current, position=last + 1, label=label or _("Stage %(n)d") % {"n": last + 1}, **fields
        )


def add_operation(
    change: ChangeRequest,
    item: ConfigurationItem,
    after: Mapping[str, Any],
    *,
    by: User,
    stage: PlanStage | None = None,
) -> PlannedOperation:
    """The change will give these fields of the item these values; before-values are read live.

    `after` is {column or "attributes.key": value}; None removes an attribute. The write is tried and taken
    back, so what PostgreSQL would refuse is refused now. The item is listed if it was not. Raises
    ValidationError naming the field, StepRefused when the plan is locked.
    """
    with editing(change, by) as current:
        return _plan(current, OperationKind.UPDATE, item, after, stage)


def retire_item(
    change: ChangeRequest, item: ConfigurationItem, *, by: User, stage: PlanStage | None = None
) -> PlannedOperation:
    """The change will retire the item."""
    with editing(change, by) as current:
        return _plan(
            current, OperationKind.RETIRE, item, {"lifecycle_stage": LifecycleStage.RETIRED.value}, stage
        )


def plan_new_item(
    change: ChangeRequest, fields: Mapping[str, Any], *, by: User, stage: PlanStage | None = None
) -> PlannedOperation:
    """The change will create an item: {"type_id", "name", …, "attributes": {…}}."""
    if strange := set(fields) - COLUMNS - {"type_id", "attributes"}:
        raise ValidationError(dict.fromkeys(strange, _("This is no field that a change can set.")))
    with editing(change, by) as current:
        operation = PlannedOperation(
            change=current, stage=_stage(current, stage), kind=OperationKind.CREATE, after=dict(fields)
        )
        return _tried(operation)


def plan_relation(
    change: ChangeRequest,
    ends: Mapping[str, int],
    *,
    by: User,
    stage: PlanStage | None = None,
    is_end: bool = False,
) -> PlannedOperation:
    """The change will relate two items, or end their relation: relation_type_id, source_id, target_id."""
    # Exactly these: any other key would be a look-up of the caller's choice through the whole database.
    if set(ends) != ENDS or not all(type(each) is int and 0 < each < 2**63 for each in ends.values()):
        raise ValidationError({"after": _("Give relation_type_id, source_id and target_id as numbers.")})
    with editing(change, by) as current:
        operation = PlannedOperation(change=current, stage=_stage(current, stage), kind=OperationKind.RELATE)
        if is_end:
            row = CIRelation.objects.filter(**ends).values(*ends, "group_id", "description").first()
            if row is None:
                raise ValidationError({"target_id": _("There is no such relation.")})
            operation.kind, operation.before = OperationKind.UNRELATE, row
        else:
            operation.after = dict(ends)
        return _tried(operation)


def _plan(
    change: ChangeRequest,
    kind: str,
    item: ConfigurationItem,
    after: Mapping[str, Any],
    stage: PlanStage | None,
) -> PlannedOperation:
    wanted = {("owner_team_id" if n == "owner_team" else "location_id" if n == "location" else n): v
              for n, v in after.items()}  # fmt: skip
    strange = [n for n in wanted if n not in COLUMNS and not n.startswith("attributes.")]
    if strange or not wanted:
        raise ValidationError(
            dict.fromkeys(strange or ["after"], _("This is no field that a change can set."))
        )
    ChangeItem.objects.update_or_create(
        change=change, item=item, defaults={"impact": ItemImpact.MANUAL, "effect": "", "depth": None}
    )
    planned = {n: v for n, v in wanted.items() if v is not None or not n.startswith("attributes.")}
    before = live_values(item, list(wanted))
    if planned == before:
        raise ValidationError({name: _("The item has this value already.") for name in wanted})
    old = change.operations.filter(item=item, kind__in=[OperationKind.UPDATE, OperationKind.RETIRE]).first()
    operation = old or PlannedOperation(change=change, stage=_stage(change, stage), item=item)
    operation.kind = kind
    operation.before = {**operation.before, **before}
    operation.after = {n: v for n, v in operation.after.items() if n not in wanted} | planned
    return _tried(operation)


def live_values(item: ConfigurationItem, names: list[str]) -> dict[str, Any]:
    """The fields as PostgreSQL holds them now, in JSON; an absent attribute has no key."""
    row = (
        ConfigurationItem.objects.filter(pk=item.pk)
        .values(*[n for n in names if n in COLUMNS], "attributes")
        .get()
    )
    attributes = row.pop("attributes")
    inside = {n: attributes[n[11:]] for n in names if n.startswith("attributes.") and n[11:] in attributes}
    return {**row, **inside}


class _TakenBack(Exception):  # noqa: N818
    """Ends the savepoint of a trial."""


def _tried(operation: PlannedOperation) -> PlannedOperation:
    """The operation is stored, its after-values as PostgreSQL would hold them; nothing is applied."""
    operation.save()
    found: dict[str, Any] = {}
    try:
        with transaction.atomic():
            apply_operations([operation])
            found = PlannedOperation.objects.values_list("found", flat=True).get(pk=operation.pk)
            raise _TakenBack
    except _TakenBack:
        pass
    except (TypeError, ValueError, LookupError) as error:
        raise ValidationError({"after": _("A value does not fit its field.")}) from error
    except DatabaseError as error:
        diagnosis = getattr(error.__cause__, "diag", None)
        raise ValidationError({"after": getattr(diagnosis, "message_primary", None) or str(error)}) from error
    if operation.item_id and found != operation.after:
        operation.after = found
        operation.save(update_fields=["after"])
    return operation


def _stage(change: ChangeRequest, stage: PlanStage | None) -> PlanStage:
    if stage is not None and stage.change_id != change.pk:
        raise ValidationError({"stage": _("The stage belongs to another change.")})
    if stage is not None:
        return stage
    first = change.stages.order_by("position").first()
    return first or PlanStage.objects.create(change=change, position=1, label=_("All at once"))


def add_task(change: ChangeRequest, label: str, *, by: User, **fields: Any) -> PlanTask:
    """One more task, last in its order unless `position` says otherwise."""
    with editing(change, by) as current:
        fields.setdefault("position", current.tasks.count() + 1)
        return _valid(PlanTask(change=current, label=label, **fields))


def add_rollback_step(change: ChangeRequest, label: str, *, by: User, **fields: Any) -> RollbackStep:
    """One more step of the way back."""
    with editing(change, by) as current:
        fields.setdefault("position", current.rollback_steps.count() + 1)
        return _valid(RollbackStep(change=current, label=label, **fields))


def add_criterion(change: ChangeRequest, metric: str, *, by: User, **fields: Any) -> Criterion:
    """One more criterion: comparison (lt le eq ge gt), threshold, unit, observation_minutes."""
    with editing(change, by) as current:
        fields.setdefault("position", current.criteria.count() + 1)
        return _valid(Criterion(change=current, metric=metric, **fields))


def remove_row(row: Any, *, by: User) -> None:
    """A row of the plan is gone from it; its history stays."""
    with editing(row.change, by):
        row.delete()


def _valid(row: Any) -> Any:
    row.full_clean()
    row.save()
    return row
