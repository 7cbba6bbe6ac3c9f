"""Writing an application and its plan: fields, items, stages, tasks, criteria, the way back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, require_right
from audit.context import because
from changes.actions.editing import editing
from changes.actions.refusals import StepRefused
from changes.guards.refusal import Refusal
from changes.models import (
    ChangeItem,
    ChangeRequest,
    Criterion,
    PlanStage,
    PlanTask,
    RollbackStep,
    TestCase,
)
from changes.models.request import AssignmentRole, ItemImpact
from changes.workflow import Kind
from cmdb.models import ConfigurationItem

FIELDS = (
    "title", "reason", "description", "service", "owner", "window", "downtime_minutes", "test_plan",
    "rollback_trigger", "rollback_minutes", "rollback_owner", "rollback_rehearsal", "freeze_override",
    "template", "parameters", "incident_ref", "incident_priority",
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


def add_task(change: ChangeRequest, label: str, *, by: User, **fields: Any) -> PlanTask:
    """One more task, last in its order unless `position` says otherwise; for an implementer or nobody."""
    with editing(change, by) as current:
        fields.setdefault("position", _next_position(current.tasks))
        return _valid(PlanTask(change=current, label=label, **fields))


def add_rollback_step(change: ChangeRequest, label: str, *, by: User, **fields: Any) -> RollbackStep:
    """One more step of the way back."""
    with editing(change, by) as current:
        fields.setdefault("position", _next_position(current.rollback_steps))
        return _valid(RollbackStep(change=current, label=label, **fields))


def add_criterion(change: ChangeRequest, metric: str, *, by: User, **fields: Any) -> Criterion:
    """One more criterion: comparison (lt le eq ge gt), threshold, unit, observation_minutes."""
    with editing(change, by) as current:
        fields.setdefault("position", _next_position(current.criteria))
        return _valid(Criterion(change=current, metric=metric, **fields))


EDITED: dict[type, frozenset[str]] = {
    PlanStage: frozenset({"label", "share_percent", "is_point_of_no_return"}),
    PlanTask: frozenset({"stage", "phase", "label", "is_dual", "duration_minutes", "assignee"}),
    RollbackStep: frozenset({"label", "duration_minutes"}),
    Criterion: frozenset(
        {
            "metric", "comparison", "threshold", "unit", "observation_minutes", "has_auto_rollback",
            "is_machine", "grace_minutes", "has_auto_restore",
        }
    ),
    TestCase: frozenset({"label", "steps", "expected"}),
}  # fmt: skip


def edit_row(row: Any, *, by: User, row_version: int | None = None, **fields: Any) -> Any:
    """The row of a plan (stage, task, step of the way back, criterion) has these values.

    Raises StepRefused (`stale`) when somebody else edited it since `row_version`, ValidationError by field.
    """
    if unknown := set(fields) - EDITED[type(row)]:
        raise ValidationError(dict.fromkeys(unknown, _("This field is not edited here.")))
    with editing(row.change, by):
        current = type(row).objects.get(pk=row.pk)
        if row_version is not None and current.row_version != row_version:
            words = _("Somebody else edited “%(row)s” meanwhile.") % {"row": current}
            raise StepRefused([Refusal("stale", words, _("Look at it again, then edit it."))])
        for name, value in fields.items():
            setattr(current, name, value)
        _valid(current)
    row.refresh_from_db()
    return row


def move_row(row: Any, places: int, *, by: User) -> None:
    """The row stands so many places further down (up, if negative) among its neighbours; the others close up.

    Neighbours of a task are those of its phase. Two statements for any number of rows.
    """
    with editing(row.change, by):
        rows = type(row).objects.filter(change=row.change)
        if isinstance(row, PlanTask):
            rows = rows.filter(phase=row.phase)
        order = list(rows.order_by("position", "id"))
        here = next((n for n, each in enumerate(order) if each.pk == row.pk), None)
        if here is None:
            raise StepRefused([Refusal("gone", _("The row is no longer there."), _("Open the page again."))])
        order.insert(max(0, here + places) if places < 0 else here + places, order.pop(here))
        for position, each in enumerate(order, 1):
            each.position = position
        type(row).objects.bulk_update(order, ["position"])


def remove_row(row: Any, *, by: User) -> None:
    """A row of the plan is gone from it; its history stays. A stage must be empty before it goes."""
    with editing(row.change, by):
        if isinstance(row, PlanStage) and (row.operations.exists() or row.tasks.exists()):
            words = _("“%(stage)s” still has operations or tasks.") % {"stage": row}
            raise StepRefused([Refusal("stage_in_use", words, _("Move them to another stage first."))])
        row.delete()


def _next_position(rows: Any) -> int:
    return (rows.aggregate(last=models.Max("position"))["last"] or 0) + 1


def _valid(row: Any) -> Any:
    if isinstance(row, PlanTask):
        _check_task(row)
    row.full_clean()
    row.save()
    return row


def _check_task(task: PlanTask) -> None:
    if task.stage is not None and task.stage.change_id != task.change_id:
        raise ValidationError({"stage": _("The stage belongs to another change.")})
    named = task.change.assignments.filter(role=AssignmentRole.IMPLEMENTER)
    if task.assignee_id and not named.filter(user=task.assignee_id).exists():
        words = {"person": task.assignee}
        raise ValidationError(
            {"assignee": _("%(person)s is no implementer of this change: name them first.") % words}
        )
