"""Raising a standard change from its template, and making a template of a change that went well."""

# ruff: noqa: E501  the statement is read by its rows
from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, require_right
from audit.context import because
from changes.actions.people import assign
from changes.actions.plan import (
    add_criterion,
    add_item,
    add_rollback_step,
    add_stage,
    add_task,
    create_change,
)
from changes.actions.plan_operations import add_operation, retire_item
from changes.actions.refusals import StepRefused
from changes.guards.template import out_of_scope, parameter_faults, values_of
from changes.models import AssessmentPolicy, ChangeRequest, StandardTemplate
from changes.models.plan import OperationKind
from changes.models.request import ItemImpact
from changes.standard import fill
from changes.workflow import Kind
from cmdb.models import ConfigurationItem


def raise_from_template(
    template: StandardTemplate,
    *,
    by: User,
    items: Iterable[ConfigurationItem],
    parameters: Mapping[str, Any],
    window: Any,
    people: Mapping[str, Iterable[User]] | None = None,
    **fields: Any,
) -> ChangeRequest:
    """A draft of kind standard with the plan of the template, its gaps filled in.

    `people` is {part: persons}. Raises StepRefused naming every parameter and item that does not fit,
    ValidationError for a value that PostgreSQL would refuse in a field.
    """
    require_right(by, Right.CHANGE_REQUEST)
    chosen = list(dict.fromkeys(items))
    values, refusals = values_of(template, parameters)
    refusals += parameter_faults(template, parameters)
    for item in chosen:
        refusals += out_of_scope(template, item)
    if refusals:
        raise StepRefused(dict.fromkeys(refusals))
    skeleton = template.skeleton
    words = values | {"items": ", ".join(item.name for item in chosen)}
    texts = {
        name: str(fill(skeleton[name], words))
        for name in ("reason", "description", "rollback_trigger")
        if skeleton.get(name)
    }
    numbers = {
        name: skeleton[name]
        for name in ("downtime_minutes", "rollback_minutes")
        if skeleton.get(name) is not None
    }
    title = str(fill(skeleton.get("title") or f"{template}: {{items}}", words))[:200]
    with because(reason="raise_from_template", user=by), transaction.atomic():
        change = create_change(
            by=by, title=title, kind=Kind.STANDARD, items=chosen, template=template,
            parameters=dict(parameters), window=window, **({**texts, **numbers} | fields),
        )  # fmt: skip
        _copy_plan(change, skeleton, words, chosen, by)
        for part, persons in (people or {}).items():
            for person in persons:
                assign(change, person, part, by=by)
    change.refresh_from_db()
    return change


def _copy_plan(
    change: ChangeRequest, skeleton: Mapping[str, Any], words: Mapping[str, Any], items: list, by: User
) -> None:
    stages = {
        number: add_stage(
            change, by=by, label=str(fill(each.get("label", ""), words)),
            share_percent=each.get("share_percent", 100),
            is_point_of_no_return=bool(each.get("is_point_of_no_return")),
        )
        for number, each in enumerate(skeleton.get("stages", []), start=1)
    }  # fmt: skip
    for each in skeleton.get("operations", []):
        on = each.get("on", "items")
        targets = items if on == "items" else [ConfigurationItem.objects.get(pk=words[on])]
        stage = stages.get(each.get("stage", 1))
        for item in targets:
            if on != "items":
                add_item(change, item, by=by)
            if each.get("kind") == "retire":
                retire_item(change, item, by=by, stage=stage)
            else:
                after = {name: fill(value, words) for name, value in each.get("after", {}).items()}
                add_operation(change, item, after, by=by, stage=stage)
    for each in skeleton.get("tasks", []):
        phase = each.get("phase", "implementation")
        add_task(
            change, str(fill(each["label"], words)), by=by, phase=phase, is_dual=bool(each.get("is_dual"))
        )
    for each in skeleton.get("criteria", []):
        more = {
            n: each[n]
            for n in ("comparison", "threshold", "unit", "observation_minutes", "is_machine")
            if n in each
        }
        add_criterion(change, str(fill(each["metric"], words)), by=by, **more)
    for each in skeleton.get("rollback_steps", []):
        add_rollback_step(change, str(fill(each, words)), by=by)


def skeleton_of(change: ChangeRequest) -> dict[str, Any]:
    """The plan of a change as a skeleton without gaps; operations of one kind and content stand once."""
    operations: list[dict[str, Any]] = []
    for row in change.operations.filter(kind__in=[OperationKind.UPDATE, OperationKind.RETIRE]):
        each = {"kind": row.kind, "on": "items"} | ({"after": row.after} if row.kind == "update" else {})
        if each not in operations:
            operations.append(each)
    return {
        "title": change.title,
        "reason": change.reason,
        "description": change.description,
        "downtime_minutes": change.downtime_minutes,
        "rollback_trigger": change.rollback_trigger,
        "rollback_minutes": change.rollback_minutes or 0,
        "operations": operations,
        "tasks": [
            {"phase": task.phase, "label": task.label, "is_dual": task.is_dual} for task in change.tasks.all()
        ],
        "criteria": [
            {"metric": row.metric, "comparison": row.comparison, "threshold": float(row.threshold),
             "unit": row.unit, "observation_minutes": row.observation_minutes, "is_machine": row.is_machine}
            for row in change.criteria.all()
        ],
        "rollback_steps": [step.label for step in change.rollback_steps.all()],
    }  # fmt: skip


def template_from(change: ChangeRequest, *, by: User, label: str = "") -> StandardTemplate:
    """A draft template with the plan of the change; its changed values are parameters to be named better.

    Raises RightMissing without CHANGE_MANAGE.
    """
    require_right(by, Right.CHANGE_MANAGE)
    skeleton = skeleton_of(change)
    parameters: dict[str, Any] = {}
    for operation in skeleton["operations"]:
        for field, value in list(operation.get("after", {}).items()):
            name = slugify(field.removeprefix("attributes.")).replace("_", "-") or "value"
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            parameters[name] = {
                "kind": "number" if is_number else "text", "label": field, "required": True, "help": str(value)
            }  # fmt: skip
            operation["after"][field] = f"{{{name}}}"
    types = change.change_items.filter(impact=ItemImpact.MANUAL).values_list("item__type__key", flat=True)
    base = slugify(change.title)[:50] or f"from-{change.pk}"
    key, number = base, 1
    while StandardTemplate.objects.filter(key=key).exists():
        number += 1
        key = f"{base}-{number}"
    with because(reason="template_from", change_ref=change.pk, user=by):
        return StandardTemplate.objects.create(
            key=key, label=(label or change.title)[:120], description=_("Made from %(number)s.") % {"number": change.number},
            parameters=parameters, scope_types=sorted(set(types)), skeleton=skeleton,
        )  # fmt: skip


COULD_BE = """
WITH shaped AS (
  SELECT c.id, c.outcome, c.deviations = '' AND c.issues = '' AND c.caused_incidents IN ('', 'none', 'none 无') AS is_clean,
         (SELECT jsonb_agg(s ORDER BY s) FROM (
            SELECT DISTINCT t.key || ' ' || o.kind || ' ' || (
              SELECT string_agg(f, ',' ORDER BY f) FROM jsonb_object_keys(o.before || o.after) f) AS s
              FROM changes_plannedoperation o JOIN cmdb_configurationitem ci ON ci.id = o.item_id
              JOIN cmdb_citype t ON t.id = ci.type_id
             WHERE o.change_id = c.id AND o.kind IN ('update', 'retire')) x) AS shape
    FROM changes_changerequest c WHERE c.kind = 'normal' AND c.state = 'closed' AND NOT c.is_imported),
covered AS (
  SELECT DISTINCT (SELECT jsonb_agg(s ORDER BY s) FROM (
     SELECT DISTINCT k || ' ' || coalesce(o.value ->> 'kind', 'update') || ' ' || (
       SELECT string_agg(f, ',' ORDER BY f) FROM jsonb_object_keys(
         CASE WHEN o.value ->> 'kind' = 'retire' THEN '{"lifecycle_stage": 1}' ELSE coalesce(o.value -> 'after', '{}') END) f) AS s
       FROM jsonb_array_elements(coalesce(t.skeleton -> 'operations', '[]')) o) x) AS shape
    FROM changes_standardtemplate t, jsonb_array_elements_text(t.scope_types) k WHERE t.retired_at IS NULL)
SELECT shape, count(*) FILTER (WHERE outcome = 'successful' AND is_clean),
       max(id) FILTER (WHERE outcome = 'successful' AND is_clean)
  FROM shaped WHERE shape IS NOT NULL AND NOT EXISTS (SELECT FROM covered v WHERE v.shape = shaped.shape)
 GROUP BY shape HAVING count(*) FILTER (WHERE outcome = 'successful' AND is_clean) >= %s
    AND count(*) FILTER (WHERE outcome IN ('failed', 'rolled_back')) = 0
 ORDER BY 2 DESC, 3 DESC LIMIT 50
"""


def could_be_standard() -> list[dict[str, Any]]:
    """Shapes of clean normal changes that no template covers: {shape, count, change}, the most frequent first."""
    policy = AssessmentPolicy.objects.filter(kind=Kind.NORMAL).first()
    with connection.cursor() as cursor:
        cursor.execute(COULD_BE, [policy.suggest_after if policy else 3])
        rows = cursor.fetchall()
    changes = ChangeRequest.objects.in_bulk([row[2] for row in rows])
    return [
        {
            "shape": json.loads(shape) if isinstance(shape, str) else shape,
            "count": count,
            "change": changes[newest],
        }
        for shape, count, newest in rows
    ]
