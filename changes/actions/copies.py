"""A new draft from a change that stands, ended or not: the same plan, on the items as they are now."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from audit.context import because
from changes.actions.editing import editing
from changes.actions.people import assign
from changes.actions.plan import create_change
from changes.actions.plan_operations import Outcome, Wanted, plan_operations
from changes.actions.refusals import StepRefused
from changes.models import ChangeItem, ChangeLink, ChangeRequest, PlannedOperation, PlanStage, PlanTask
from changes.models.plan import OperationKind
from changes.models.request import AssignmentRole, ItemImpact
from changes.workflow import Kind

COPIED = (
    "title", "reason", "description", "service", "downtime_minutes", "test_plan", "rollback_trigger",
    "rollback_minutes", "rollback_owner", "rollback_rehearsal", "template", "parameters",
)  # fmt: skip


OF_A_STAGE = ("position", "label", "share_percent", "is_point_of_no_return")
OF_A_TASK = ("phase", "position", "label", "is_dual", "duration_minutes")


@dataclass
class Copy:
    """The new draft, and in words what of the old plan did not fit what is there now."""

    change: ChangeRequest
    left_out: list[str] = field(default_factory=list)


def copy_change(change: ChangeRequest, *, by: User) -> Copy:
    """A draft of `by` with the whole plan of `change`, documents and people too.

    Before-values are read live. Left out and named: operations that the items have had already or that
    PostgreSQL refuses now, and people who cannot take their part again. Window, incident, votes and evidence
    are not copied. The link `copy_of` leads back. Raises PermissionDenied without the right to request.
    """
    kind = change.kind if change.kind != Kind.EMERGENCY else Kind.NORMAL
    with because(reason="copy_change", user=by), transaction.atomic():
        made = create_change(by=by, kind=kind, owner=by, **{name: getattr(change, name) for name in COPIED})
        copy = Copy(made)
        ChangeLink.objects.create(change=made, other=change, nature=ChangeLink.Nature.COPY_OF)
        stages = _copy_rows(
            change.stages, made, ("position", "label", "share_percent", "is_point_of_no_return")
        )
        _copy_people(change, copy, by)
        _copy_plan(change, copy, stages, by)
        for old, new in stages.items():
            operations = change.operations.filter(stage_id=old).select_related("item__type").order_by("id")
            copy.left_out += _copy_operations(made, list(operations), new, by)
    made.refresh_from_db()
    return copy


def _copy_rows(rows: Any, made: ChangeRequest, names: tuple[str, ...], **over: Any) -> dict[int, Any]:
    """New rows by the old ones' keys. Two statements."""
    old = list(rows.all())
    same = [{name: getattr(row, name) for name in names} for row in old]
    new = rows.model.objects.bulk_create(rows.model(change=made, **fields, **over) for fields in same)
    return {row.pk: copy for row, copy in zip(old, new, strict=True)}


def _copy_plan(change: ChangeRequest, copy: Copy, stages: dict[int, PlanStage], by: User) -> None:
    made = copy.change
    with editing(made, by):
        ChangeItem.objects.bulk_create(
            ChangeItem(change=made, item_id=row.item_id, impact=row.impact)
            for row in change.change_items.exclude(impact=ItemImpact.COMPUTED)
        )
        _copy_rows(change.rollback_steps, made, ("position", "label", "duration_minutes"))
        _copy_rows(
            change.criteria,
            made,
            ("position", "metric", "comparison", "threshold", "unit", "observation_minutes",
             "has_auto_rollback", "is_machine", "grace_minutes", "has_auto_restore"),
        )  # fmt: skip
        _copy_rows(change.test_cases, made, ("position", "label", "steps", "expected"))
        _copy_rows(change.documents, made, ("kind", "label", "name", "file_id"), added_by=by)
        named = set(
            made.assignments.filter(role=AssignmentRole.IMPLEMENTER).values_list("user_id", flat=True)
        )
        PlanTask.objects.bulk_create(
            PlanTask(
                change=made,
                stage=stages.get(task.stage_id),
                assignee_id=task.assignee_id if task.assignee_id in named else None,
                **{name: getattr(task, name) for name in OF_A_TASK},
            )
            for task in change.tasks.all()
        )


def _copy_people(change: ChangeRequest, copy: Copy, by: User) -> None:
    for row in change.assignments.select_related("user").order_by("id"):
        try:
            assign(copy.change, row.user, row.role, by=by)
        except StepRefused as refused:
            words = {"person": row.user, "part": row.get_role_display(), "why": str(refused)}
            copy.left_out.append(_("%(person)s, %(part)s: %(why)s") % words)


def _copy_operations(
    made: ChangeRequest, operations: list[PlannedOperation], stage: PlanStage, by: User
) -> list[str]:
    """Plans what still fits; returns what does not, in words."""
    wanted = [_wanted(operation) for operation in operations]
    if not wanted:
        return []
    tried = plan_operations(made, wanted, by=by, stage=stage, dry_run=True)
    fits = [each.wanted for each in tried if not each.faults and not each.is_unchanged]
    if fits:
        plan_operations(made, fits, by=by, stage=stage)
    return [
        f"{operation}: {_why_not(outcome)}"
        for operation, outcome in zip(operations, tried, strict=True)
        if outcome.faults or outcome.is_unchanged
    ]


def _wanted(operation: PlannedOperation) -> Wanted:
    if operation.kind == OperationKind.UPDATE:
        after = {name: operation.after.get(name) for name in operation.fields}
        return Wanted(operation.kind, operation.item, after)
    if operation.kind == OperationKind.UNRELATE:
        ends = ("relation_type_id", "source_id", "target_id")
        return Wanted(operation.kind, None, {name: operation.before[name] for name in ends})
    return Wanted(operation.kind, operation.item, operation.after)


def _why_not(outcome: Outcome) -> str:
    if outcome.is_unchanged:
        return _("the item is like that already.")
    return " ".join(line for lines in outcome.faults.values() for line in lines)
