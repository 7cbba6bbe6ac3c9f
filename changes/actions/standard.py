"""Raising a standard change from its template, and making a template of a change that went well."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, require_right
from audit.context import because
from changes.actions.people import assign
from changes.actions.plan import add_criterion, add_rollback_step, add_stage, add_task, create_change
from changes.actions.plan_operations import Wanted, plan_operations
from changes.actions.refusals import StepRefused
from changes.actions.testing import add_test_case
from changes.differences import statement
from changes.guards.template import out_of_scope, parameter_faults, values_of
from changes.models import AssessmentPolicy, ChangeRequest, StandardTemplate
from changes.models.plan import OperationKind
from changes.standard import ON_ITEMS, fill
from changes.workflow import Kind
from cmdb.models import CIType, ConfigurationItem, RelationType

OF_A_CRITERION = (
    "comparison", "unit", "observation_minutes", "is_machine", "has_auto_rollback", "grace_minutes",
    "has_auto_restore",
)  # fmt: skip


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
    words = words_of(template, values, chosen)
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
        _copy_plan(change, template, values, chosen, by)
        for part, persons in (people or {}).items():
            for person in persons:
                assign(change, person, part, by=by)
    change.refresh_from_db()
    return change


def _copy_plan(
    change: ChangeRequest,
    template: StandardTemplate,
    values: Mapping[str, Any],
    chosen: list[ConfigurationItem],
    by: User,
) -> None:
    """Every row of the skeleton stands in the change, its gaps filled in."""
    skeleton = template.skeleton
    words = words_of(template, values, chosen)

    def text(value: Any) -> str:
        return str(fill(value, words))

    stages = {
        number: add_stage(
            change, by=by, label=text(each.get("label", "")),
            share_percent=each.get("share_percent", 100),
            is_point_of_no_return=bool(each.get("is_point_of_no_return")),
        )
        for number, each in enumerate(skeleton.get("stages", []), start=1)
    }  # fmt: skip
    for stage, wanted in operations_wanted(template, values, chosen):
        for outcome in plan_operations(change, wanted, by=by, stage=stages.get(stage)):
            if outcome.operation is None:
                item = outcome.wanted.item
                raise ValidationError(
                    _("%(item)s has these values already.") % {"item": item.address if item else ""}
                )
    for each in skeleton.get("tasks", []):
        add_task(
            change, text(each["label"]), by=by, phase=each.get("phase", "implementation"),
            is_dual=bool(each.get("is_dual")), stage=stages.get(each.get("stage")),
            duration_minutes=each.get("duration_minutes"),
        )  # fmt: skip
    for each in skeleton.get("criteria", []):
        more = {name: each[name] for name in OF_A_CRITERION if name in each}
        if "threshold" in each:
            more["threshold"] = fill(each["threshold"], values)
        add_criterion(change, text(each["metric"]), by=by, **more)
    for each in skeleton.get("rollback_steps", []):
        row = {"label": each} if isinstance(each, str) else each
        add_rollback_step(change, text(row["label"]), by=by, duration_minutes=row.get("duration_minutes"))
    for each in skeleton.get("test_cases", []):
        more = {name: text(each.get(name, "")) for name in ("steps", "expected")}
        add_test_case(change, text(each["label"]), by=by, **more)


def words_of(
    template: StandardTemplate, values: Mapping[str, Any], chosen: list[ConfigurationItem]
) -> dict[str, Any]:
    """What fills the gaps of texts: items by their addresses, and the names of the changed ones."""
    named = {name: values[name] for name in item_parameters(template) if name in values}
    found = ConfigurationItem.objects.filter(pk__in=named.values()).select_related("type")
    addresses = {item.pk: item.address for item in found}
    names = sorted(item.name for item in chosen if item.pk not in addresses)
    return {**values, **{name: addresses[pk] for name, pk in named.items()}, "items": ", ".join(names)}


def item_parameters(template: StandardTemplate) -> list[str]:
    return [name for name, about in template.parameters.items() if about.get("kind") == "item"]


def operations_wanted(
    template: StandardTemplate, values: Mapping[str, Any], chosen: list[ConfigurationItem]
) -> Iterator[tuple[int, list[Wanted]]]:
    """(stage, differences) for each operation of the skeleton. Raises ValidationError if an end is gone."""
    named = {name: values[name] for name in item_parameters(template) if name in values}
    items = [item for item in chosen if item.pk not in named.values()]

    def ends(wanted: str) -> list[int]:
        if wanted == "items":
            return [item.pk for item in items]
        if wanted in named:
            return [named[wanted]]
        key, _colon, name = wanted.partition(":")
        found = ConfigurationItem.objects.filter(type__key=key, name=name).order_by("pk").first()
        if found is None:
            raise ValidationError(_("%(item)s is not there any more.") % {"item": wanted})
        return [found.pk]

    for row in template.skeleton.get("operations", []):
        kind, stage = row.get("kind", OperationKind.UPDATE), row.get("stage", 1)
        after = {name: fill(value, values) for name, value in row.get("after", {}).items()}
        if kind in ON_ITEMS:
            on = row.get("on", "items")
            named_item = ConfigurationItem.objects.filter(pk=named.get(on, 0)).select_related("type")
            yield stage, [Wanted(kind, item, after) for item in (items if on == "items" else named_item)]
        elif kind == OperationKind.CREATE:
            key = after.pop("type")
            inside = {
                name: fill(each, values) for name, each in (after.pop("attributes", None) or {}).items()
            }
            made = CIType.objects.filter(key=key).first()
            if made is None:
                raise ValidationError(_("There is no type “%(key)s” any more.") % {"key": key})
            more = {"attributes": inside} if inside else {}
            yield stage, [Wanted(kind, None, {"type_id": made.pk, **after, **more})]
        else:
            relation = RelationType.objects.filter(key=row["relation"]).first()
            if relation is None:
                raise ValidationError(_("There is no type “%(key)s” any more.") % {"key": row["relation"]})
            yield (
                stage,
                [
                    Wanted(
                        kind,
                        None,
                        {"relation_type_id": relation.pk, "source_id": source, "target_id": target},
                    )
                    for source in ends(row["source"])
                    for target in ends(row["target"])
                ],
            )


def could_be_standard() -> list[dict[str, Any]]:
    """Shapes of clean normal changes without a template: {shape, count, change}, the most frequent first."""
    policy = AssessmentPolicy.objects.filter(kind=Kind.NORMAL).first()
    with connection.cursor() as cursor:
        cursor.execute(statement("could_be_standard"), [policy.suggest_after if policy else 3])
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
