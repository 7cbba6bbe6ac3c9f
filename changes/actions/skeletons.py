"""Making a template of a change that went well: its plan as a skeleton, with gaps where values vary."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, has_right, require_right
from audit.context import because
from changes.actions.refusals import StepRefused
from changes.guards.refusal import Refusal
from changes.models import ChangeRequest, StandardTemplate
from changes.models.plan import OperationKind
from changes.models.request import ItemImpact
from changes.standard import KINDS, LISTS, ON_ITEMS, ON_RELATIONS, TEXTS
from changes.workflow import Outcome, State
from cmdb.models import CIType, ConfigurationItem, RelationType

# Shorter texts stand in others by chance.
SHORTEST_IN_TEXTS = 3


@dataclass(frozen=True)
class Gap:
    """A value of the plan that varies from change to change, and the parameter that takes its place."""

    value: Any
    name: str
    kind: str = "text"
    label: str = ""
    label_zh: str = ""
    where: tuple[str, ...] = field(default=(), compare=False)

    @property
    def as_parameter(self) -> dict[str, Any]:
        about = {
            "kind": self.kind,
            "label": self.label or self.name,
            "required": True,
            "help": str(self.value),
        }
        if self.kind == "choice":
            about["choices"] = [str(self.value)]
        return about | ({"label_zh": self.label_zh} if self.label_zh else {})


def reasons_against_template_of(change: ChangeRequest, by: User) -> list[Refusal]:
    """Why no template is made of the change; empty when it ended well and cleanly."""
    refusals = []
    if not has_right(by, Right.CHANGE_MANAGE):
        refusals.append(Refusal("right", _("Change managers write templates."), _("Ask one of them.")))
    is_clean = (
        change.state == State.CLOSED
        and change.outcome == Outcome.SUCCESSFUL
        and not change.deviations
        and not change.issues
    )
    if not is_clean or change.is_imported:
        refusals.append(
            Refusal(
                "not_clean",
                _("A template is made of a change that ended well, without deviations or issues."),
                _("Choose another change."),
            )
        )
    return refusals


def skeleton_of(change: ChangeRequest) -> dict[str, Any]:
    """The whole plan of a change as a skeleton without gaps; operations of one content stand once."""
    stages = list(change.stages.all())
    number = {stage.pk: place for place, stage in enumerate(stages, start=1)}
    return {
        "title": change.title,
        "reason": change.reason,
        "description": change.description,
        "downtime_minutes": change.downtime_minutes,
        "rollback_trigger": change.rollback_trigger,
        "rollback_minutes": change.rollback_minutes or 0,
        "stages": [
            {"label": row.label, "share_percent": row.share_percent,
             "is_point_of_no_return": row.is_point_of_no_return}
            for row in stages
        ],
        "operations": _operations(change, number),
        "tasks": [
            {"phase": row.phase, "label": row.label, "is_dual": row.is_dual}
            | _where_said(stage=number.get(row.stage_id), duration_minutes=row.duration_minutes)
            for row in change.tasks.all()
        ],
        "criteria": [
            {"metric": row.metric, "comparison": row.comparison, "threshold": float(row.threshold),
             "unit": row.unit, "observation_minutes": row.observation_minutes, "is_machine": row.is_machine,
             "has_auto_rollback": row.has_auto_rollback, "grace_minutes": row.grace_minutes,
             "has_auto_restore": row.has_auto_restore}
            for row in change.criteria.all()
        ],
        "rollback_steps": [
            {"label": row.label} | _where_said(duration_minutes=row.duration_minutes)
            for row in change.rollback_steps.all()
        ],
        "test_cases": [
            {"label": row.label, "steps": row.steps, "expected": row.expected}
            for row in change.test_cases.all()
        ],
    }  # fmt: skip


def _where_said(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _operations(change: ChangeRequest, number: Mapping[int, int]) -> list[dict[str, Any]]:
    types = dict(CIType.objects.values_list("pk", "key"))
    relations = dict(RelationType.objects.values_list("pk", "key"))
    changed = set(change.change_items.filter(impact=ItemImpact.MANUAL).values_list("item_id", flat=True))
    rows = list(change.operations.order_by("id"))
    ends = {
        (row.after or row.before).get(name)
        for row in rows
        if row.kind in (OperationKind.RELATE, OperationKind.UNRELATE)
        for name in ("source_id", "target_id")
    }
    addresses = {
        item.pk: "items" if item.pk in changed else item.address
        for item in ConfigurationItem.objects.filter(pk__in=ends).select_related("type")
    }
    found: list[dict[str, Any]] = []
    for row in rows:
        each: dict[str, Any] = {"kind": str(row.kind), "stage": number[row.stage_id]}
        if row.kind in ON_ITEMS:
            each["on"] = "items"
            if row.kind == OperationKind.UPDATE:
                each["after"] = row.after | {name: None for name in row.before if name not in row.after}
        elif row.kind == OperationKind.CREATE:
            after = dict(row.after)
            each["after"] = {"type": types[after.pop("type_id")], **after}
        else:
            ends_of = row.after or row.before
            each["relation"] = relations[ends_of["relation_type_id"]]
            each["source"] = addresses.get(ends_of["source_id"], "")
            each["target"] = addresses.get(ends_of["target_id"], "")
        if each not in found or row.kind == OperationKind.CREATE:
            found.append(each)
    return found


def values_in(skeleton: Mapping[str, Any]) -> list[Gap]:
    """Every value of the planned differences that may vary, with a name and kind to begin with."""
    found: dict[str, Gap] = {}
    for value, name, where, is_item in _places(skeleton):
        known = found.get(_mark(value))
        kind = "item" if is_item else "number" if isinstance(value, int | float) else "text"
        found[_mark(value)] = Gap(
            value,
            known.name if known else _free_name(name, {gap.name for gap in found.values()}),
            kind,
            known.label if known else name,
            where=(*known.where, where) if known else (where,),
        )
    return list(found.values())


def _places(skeleton: Mapping[str, Any]) -> Iterator[tuple[Any, str, str, bool]]:
    """(value, name, where, is an item) of every plain value of the operations."""
    for row in skeleton.get("operations", []):
        if row["kind"] in ON_RELATIONS:
            for end in ("source", "target"):
                if row[end] != "items":
                    yield row[end], end, f"{row['relation']}: {end}", True
            continue
        after = {name: value for name, value in row.get("after", {}).items() if name != "type"}
        for name, value in (after | after.pop("attributes", {})).items():
            if isinstance(value, str | int | float) and not isinstance(value, bool) and name != "attributes":
                yield value, name, f"{row['kind']}: {name}", False


def _mark(value: Any) -> str:
    return f"{type(value).__name__}:{value}"


def _free_name(name: str, taken: set[str]) -> str:
    base = slugify(name.removeprefix("attributes.")).replace("_", "-") or "value"
    free, number = base, 1
    while free in taken:
        number += 1
        free = f"{base}-{number}"
    return free


def with_gaps(skeleton: Mapping[str, Any], gaps: Iterable[Gap]) -> dict[str, Any]:
    """The skeleton with each value replaced by its gap: whole in differences, wherever it stands in texts."""
    chosen = list(gaps)
    whole = {_mark(gap.value): gap.name for gap in chosen}
    in_texts = {
        str(gap.value): f"{{{gap.name}}}"
        for gap in sorted(chosen, key=lambda gap: -len(str(gap.value)))
        if len(str(gap.value)) >= SHORTEST_IN_TEXTS
    }
    made: dict[str, Any] = {}
    for name, value in skeleton.items():
        if name == "operations":
            made[name] = [_gaps_in_operation(row, whole) for row in value]
        else:
            made[name] = _gaps_in_text(value, in_texts) if name in (*TEXTS, *LISTS) else value
    return made


def _gaps_in_operation(row: Mapping[str, Any], whole: Mapping[str, str]) -> dict[str, Any]:
    if "relation" in row:
        return {**row, **{end: whole.get(_mark(row[end]), row[end]) for end in ("source", "target")}}
    if "after" not in row:
        return dict(row)
    fixed = {"type": row["after"]["type"]} if row["kind"] == OperationKind.CREATE else {}
    return {**row, "after": _gaps_in_value(row["after"], whole) | fixed}


def _gaps_in_value(value: Any, whole: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _gaps_in_value(each, whole) for name, each in value.items()}
    return f"{{{whole[_mark(value)]}}}" if _mark(value) in whole else value


def _gaps_in_text(value: Any, gaps: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _gaps_in_text(each, gaps) for name, each in value.items()}
    if isinstance(value, list):
        return [_gaps_in_text(each, gaps) for each in value]
    if isinstance(value, str):
        for text, gap in gaps.items():
            value = value.replace(text, gap)
    return value


def template_from(
    change: ChangeRequest, *, by: User, label: str = "", gaps: Iterable[Gap] | None = None
) -> StandardTemplate:
    """A draft template with the plan of the change; `gaps` are its parameters, all changed values if None.

    Raises RightMissing without CHANGE_MANAGE, StepRefused of a change that did not end cleanly,
    ValidationError for parameters that cannot be used.
    """
    require_right(by, Right.CHANGE_MANAGE)
    if refusals := reasons_against_template_of(change, by):
        raise StepRefused(refusals)
    plan = skeleton_of(change)
    chosen = values_in(plan) if gaps is None else list(gaps)
    names = [gap.name for gap in chosen]
    if len(set(names)) < len(names):
        raise ValidationError(_("Two parameters have the same name."))
    if strange := {gap.kind for gap in chosen} - set(KINDS):
        raise ValidationError(
            _("There is no such kind of parameter: %(kind)s") % {"kind": ", ".join(strange)}
        )
    changed = [
        row.item for row in change.change_items.filter(impact=ItemImpact.MANUAL).select_related("item__type")
    ]
    if len(changed) == 1:  # what is said of this item is said of the items that a later change is about
        itself = [Gap(changed[0].address, "items"), Gap(changed[0].name, "items")]
        texts = {name: value for name, value in plan.items() if name != "operations"}
        plan = with_gaps(texts, itself) | {"operations": plan["operations"]}
    base = slugify(change.title)[:50] or f"from-{change.pk}"
    key, number = base, 1
    while StandardTemplate.objects.filter(key=key).exists():
        number += 1
        key = f"{base}-{number}"
    made = StandardTemplate(
        key=key,
        label=(label or change.title)[:120],
        description=_("Made from %(number)s.") % {"number": change.number},
        parameters={gap.name: gap.as_parameter for gap in chosen},
        scope_types=sorted({item.type.key for item in changed}),
        skeleton=with_gaps(plan, chosen),
    )
    with because(reason="template_from", change_ref=change.pk, user=by):
        made.full_clean()
        made.save()
    return made
