"""Planning differences: one or hundreds by the same statements, each tried on the live data before."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from changes.actions.editing import editing
from changes.differences import ENDS, ON_ITEMS, Faults, TakenBack, live_values, try_operations
from changes.models import ChangeItem, ChangeRequest, PlannedOperation, PlanStage
from changes.models.plan import OperationKind
from changes.models.request import ItemImpact
from cmdb.attributes import broken_rule, fault_message, same
from cmdb.models import ConfigurationItem, LifecycleStage
from cmdb.models import Relation as CIRelation

COLUMNS = frozenset(
    {
        "name", "lifecycle_stage", "environment", "criticality", "owner_team_id", "location_id", "serial",
        "primary_ip", "description",
    }
)  # fmt: skip
LINKS = {"owner_team": "owner_team_id", "location": "location_id"}
INSIDE = "attributes."
MOST_OPERATIONS = (
    2_000  # of one request: what PostgreSQL takes as parameters of one statement, and a person can review
)
RETIRED = {"lifecycle_stage": LifecycleStage.RETIRED.value}


@dataclass(frozen=True)
class Wanted:
    """One difference that somebody wants planned: the item (by whom it is known), and what becomes of it."""

    kind: str
    item: ConfigurationItem | None = None
    after: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Outcome:
    """What became of one wanted difference, or would: its operation, or what is wrong with it, by field."""

    wanted: Wanted
    operation: PlannedOperation | None = None
    faults: Faults = field(default_factory=dict)
    is_unchanged: bool = False


class OperationsRefused(ValidationError):  # noqa: N818  (an answer, no accident)
    """Nothing was planned; `outcomes` says of each wanted difference why not, or that it was fine."""

    def __init__(self, outcomes: Sequence[Outcome]) -> None:
        self.outcomes = list(outcomes)
        faults = {
            f"{number}.{name}" if len(outcomes) > 1 else name: lines
            for number, outcome in enumerate(outcomes)
            for name, lines in outcome.faults.items()
        }
        super().__init__(faults)


def plan_operations(
    change: ChangeRequest,
    wanted: Sequence[Wanted],
    *,
    by: User,
    stage: PlanStage | None = None,
    dry_run: bool = False,
) -> list[Outcome]:
    """Every wanted difference is planned in the stage (the first one if none is named), or none is.

    Before-values are read live, after-values stand as PostgreSQL would hold them, items are listed on the
    change. An item that holds the values already is left out and said to be unchanged. An item with an
    operation gets the new fields added to it. With `dry_run` the outcomes are the same, faults included, and
    nothing is written. Some 25 statements for any number. Raises OperationsRefused with every fault,
    StepRefused when the plan is locked or the edit voids something unsaid.
    """
    if len(wanted) > MOST_OPERATIONS:
        words = {"count": len(wanted), "most": MOST_OPERATIONS}
        raise ValidationError(
            _("%(count)d operations at once are too many; at most %(most)d: narrow the filter.") % words
        )
    try:
        with editing(change, by) as current, transaction.atomic():
            outcomes = _planned(current, [Outcome(each) for each in wanted], stage)
            if dry_run:
                raise TakenBack
            if any(outcome.faults for outcome in outcomes):
                raise OperationsRefused(outcomes)
    except TakenBack:
        pass
    return outcomes


def _planned(current: ChangeRequest, outcomes: list[Outcome], stage: PlanStage | None) -> list[Outcome]:
    stage = _stage(current, stage)
    _prepare_updates(current, [each for each in outcomes if each.wanted.kind in ON_ITEMS], stage)
    _prepare_relations(current, outcomes, stage)
    for outcome in outcomes:
        if outcome.wanted.kind == OperationKind.CREATE:
            _prepare_item(current, outcome, stage)
    # Once each, although two wanted differences of one item share an operation.
    ready = list({id(each.operation): each.operation for each in outcomes if each.operation}.values())
    old = [each for each in ready if each.pk is not None]
    items = {each.item_id: each.item for each in ready if each.kind in ON_ITEMS}
    ChangeItem.objects.bulk_create(
        (ChangeItem(change=current, item=item, impact=ItemImpact.MANUAL) for item in items.values()),
        update_conflicts=True,
        unique_fields=["change", "item"],
        update_fields=["impact", "effect", "depth"],
    )
    PlannedOperation.objects.bulk_create([each for each in ready if each.pk is None])
    if old:
        PlannedOperation.objects.bulk_update(old, ["kind", "before", "after"])
    found, refused = try_operations(ready)
    corrected = [each for each in ready if found.get(each.pk, each.after) != each.after]
    for operation in corrected:
        operation.after = found[operation.pk]
    if corrected:
        PlannedOperation.objects.bulk_update(corrected, ["after"])
    for outcome in outcomes:
        if outcome.operation is not None:
            outcome.faults = refused.get(outcome.operation.pk, {})
    return outcomes


def _prepare_updates(current: ChangeRequest, outcomes: list[Outcome], stage: PlanStage) -> None:
    """Each outcome gets its operation, new or the one its item has already, or its faults. Two statements."""
    ids = [each.wanted.item.pk for each in outcomes if each.wanted.item]
    standing = {
        each.item_id: each
        for each in current.operations.filter(item__in=ids, kind__in=ON_ITEMS).select_related("item__type")
    }
    fields = {id(each): _named(each) for each in outcomes}
    names: dict[int, set[str]] = {}
    for each in outcomes:
        if each.wanted.item:
            names.setdefault(each.wanted.item.pk, set()).update(fields[id(each)])
    live = live_values({pk: sorted(each) for pk, each in names.items()}) if names else {}
    for outcome in outcomes:
        item, after = outcome.wanted.item, fields[id(outcome)]
        if item is None or item.pk not in live:
            outcome.faults.setdefault("item", []).append(_("There is no such configuration item."))
        if outcome.faults:
            continue
        before = {name: live[item.pk][name] for name in after if name in live[item.pk]}
        planned = {name: v for name, v in after.items() if v is not None or not name.startswith(INSIDE)}
        if all(same(planned.get(name), before.get(name)) for name in after):
            outcome.is_unchanged = True
            continue
        operation = standing.get(item.pk)
        if operation is None:
            operation = standing[item.pk] = PlannedOperation(change=current, stage=stage, item=item)
        operation.kind = outcome.wanted.kind
        operation.before = {**operation.before, **before}
        operation.after = {n: v for n, v in operation.after.items() if n not in after} | planned
        outcome.operation = operation


def _named(outcome: Outcome) -> dict[str, Any]:
    """The wanted fields by column or attribute; what cannot be set, or not to this, is among the faults."""
    wanted = RETIRED if outcome.wanted.kind == OperationKind.RETIRE else outcome.wanted.after
    if not wanted:
        outcome.faults["after"] = [_("Name at least one field and its new value.")]
    item = outcome.wanted.item
    schema = item.type.compiled_schema if item else {}
    named = {}
    for given, value in wanted.items():
        name = LINKS.get(given, given)
        named[name] = value
        if name.startswith(INSIDE):
            fault = _attribute_fault(schema.get(name.removeprefix(INSIDE)), name.removeprefix(INSIDE), value)
        elif name in COLUMNS:
            fault = column_fault(name, value)
        else:
            fault = [_("This is no field that a change can set.")]
        if fault:
            outcome.faults[given] = fault
    return named


def _attribute_fault(spec: Mapping[str, Any] | None, key: str, value: Any) -> list[str]:
    if spec is None:
        return [_("This type has no attribute “%(key)s”.") % {"key": key}]
    if value is None:
        return [fault_message(spec, "required")] if spec.get("required") else []
    rule = broken_rule(spec, value)
    return [fault_message(spec, rule)] if rule else []


def column_fault(name: str, value: Any) -> list[str]:
    """What the column's own rules say against the value: choices, lengths, kinds."""
    column = ConfigurationItem._meta.get_field(name)
    if column.is_relation:
        is_number = type(value) is int and 0 < value < 2**63
        return [] if value is None or is_number else [_("Give its number, or nothing.")]
    if isinstance(value, list | dict) or (isinstance(value, str) and "\x00" in value):
        return [_("This value cannot be stored.")]
    try:
        column.clean(value, None)
    except ValidationError as error:
        return error.messages
    return []


def _prepare_item(current: ChangeRequest, outcome: Outcome, stage: PlanStage) -> None:
    given = dict(outcome.wanted.after)
    for name in set(given) - COLUMNS - {"type_id", "attributes"}:
        outcome.faults[name] = [_("This is no field that a change can set.")]
    for name in ("type_id", "name"):
        if given.get(name) in (None, ""):
            outcome.faults[name] = [_("This field is required.")]
    if not isinstance(given.get("attributes", {}), dict):
        outcome.faults["attributes"] = [_("Give an object: {key: value}.")]
    for name in COLUMNS & set(given):
        if fault := column_fault(name, given[name]):
            outcome.faults[name] = fault
    if not outcome.faults:
        outcome.operation = PlannedOperation(
            change=current, stage=stage, kind=OperationKind.CREATE, after=given
        )


def _prepare_relations(current: ChangeRequest, outcomes: list[Outcome], stage: PlanStage) -> None:
    """Operations that relate or end a relation. One statement, if any is ended."""
    ended = []
    for outcome in outcomes:
        kind, ends = outcome.wanted.kind, dict(outcome.wanted.after)
        if kind not in (OperationKind.RELATE, OperationKind.UNRELATE):
            continue
        # Exactly these: any other key would be a look-up of the caller's choice through the whole database.
        if set(ends) != set(ENDS) or not all(
            type(each) is int and 0 < each < 2**63 for each in ends.values()
        ):
            outcome.faults["after"] = [_("Give relation_type_id, source_id and target_id as numbers.")]
            continue
        operation = PlannedOperation(change=current, stage=stage, kind=kind)
        outcome.operation = operation
        if kind == OperationKind.RELATE:
            operation.after = ends
        else:
            ended.append((outcome, tuple(ends[name] for name in ENDS)))
    if not ended:
        return
    rows = CIRelation.objects.filter(source__in=[ends[1] for _outcome, ends in ended])
    standing = {
        tuple(row[name] for name in ENDS): row for row in rows.values(*ENDS, "group_id", "description")
    }
    for outcome, ends in ended:
        if ends in standing:
            outcome.operation.before = standing[ends]
        else:
            outcome.operation = None
            outcome.faults["target_id"] = [_("There is no such relation.")]


def _stage(change: ChangeRequest, stage: PlanStage | None) -> PlanStage:
    if stage is not None and stage.change_id != change.pk:
        raise ValidationError({"stage": _("The stage belongs to another change.")})
    if stage is not None:
        return stage
    first = change.stages.order_by("position").first()
    return first or PlanStage.objects.create(change=change, position=1, label=_("All at once"))


def _one(change: ChangeRequest, wanted: Wanted, by: User, stage: PlanStage | None) -> PlannedOperation:
    (outcome,) = plan_operations(change, [wanted], by=by, stage=stage)
    if outcome.operation is None:
        raise ValidationError(dict.fromkeys(wanted.after or ["item"], _("The item has this value already.")))
    return outcome.operation


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
    return _one(change, Wanted(OperationKind.UPDATE, item, after), by, stage)


def retire_item(
    change: ChangeRequest, item: ConfigurationItem, *, by: User, stage: PlanStage | None = None
) -> PlannedOperation:
    """The change will retire the item."""
    return _one(change, Wanted(OperationKind.RETIRE, item), by, stage)


def plan_new_item(
    change: ChangeRequest, fields: Mapping[str, Any], *, by: User, stage: PlanStage | None = None
) -> PlannedOperation:
    """The change will create an item: {"type_id", "name", …, "attributes": {…}}."""
    return _one(change, Wanted(OperationKind.CREATE, None, fields), by, stage)


def plan_relation(
    change: ChangeRequest,
    ends: Mapping[str, int],
    *,
    by: User,
    stage: PlanStage | None = None,
    is_end: bool = False,
) -> PlannedOperation:
    """The change will relate two items, or end their relation: relation_type_id, source_id, target_id."""
    kind = OperationKind.UNRELATE if is_end else OperationKind.RELATE
    return _one(change, Wanted(kind, None, ends), by, stage)


def remove_operations(change: ChangeRequest, ids: Collection[int], *, by: User) -> int:
    """These operations are no longer planned; returns how many there were. Their items stay listed."""
    with editing(change, by) as current:
        rows = current.operations.filter(pk__in=ids, applied_at=None)
        return rows.delete()[0]


def move_operations(change: ChangeRequest, ids: Collection[int], stage: PlanStage, *, by: User) -> int:
    """These operations are planned in this stage."""
    with editing(change, by) as current:
        return current.operations.filter(pk__in=ids, applied_at=None).update(stage=_stage(current, stage))
