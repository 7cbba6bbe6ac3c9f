"""Writing planned operations into configuration items and relations, set by set."""

from __future__ import annotations

import json
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from changes.actions.refusals import DriftFound
from changes.guards.execution import ON_ITEMS, Drift, drift_of, shown
from changes.guards.refusal import Refusal
from changes.models import DriftDecision, PlannedOperation
from changes.models.plan import OperationKind
from cmdb.models import ConfigurationItem, Relation

SQL = Path(__file__).parent.parent / "sql"
# The columns of a relation that make it this one; the rest PostgreSQL fills.
ENDS = ("relation_type_id", "source_id", "target_id")


def apply_operations(operations: list[PlannedOperation]) -> None:
    """Every operation is applied, or DriftFound is raised and none is. Locks the items by id."""
    on_items = [operation for operation in operations if operation.kind in ON_ITEMS]
    lock_items(on_items)
    kept = settle(operations, [*drift_of(on_items, "before"), *relation_drift(operations, forward=True)])
    ids = [operation.pk for operation in on_items]
    _run("note_live", [ids], column="replaced")
    _run("set_items", [json.dumps(kept), ids], target="after")
    _run("note_live", [ids], column="found")
    for operation in operations:
        APPLY.get(OperationKind(operation.kind), _nothing)(operation)
    PlannedOperation.objects.filter(pk__in=[operation.pk for operation in operations]).update(
        applied_at=timezone.now(), reverted_at=None
    )


def take_back_operations(operations: list[PlannedOperation]) -> None:
    """Every operation is taken back to what it replaced, or DriftFound is raised and none is."""
    on_items = [operation for operation in operations if operation.kind in ON_ITEMS]
    lock_items(on_items)
    kept = settle(operations, [*drift_of(on_items, "found"), *relation_drift(operations, forward=False)])
    for operation in operations:
        TAKE_BACK.get(OperationKind(operation.kind), _nothing)(operation)
    _run("set_items", [json.dumps(kept), [operation.pk for operation in on_items]], target="replaced")
    PlannedOperation.objects.filter(pk__in=[operation.pk for operation in operations]).update(
        reverted_at=timezone.now()
    )


def mark_as_found(operations: Collection[int]) -> None:
    """Operations whose items are as planned already count as applied; they replaced the plan's before."""
    _run("note_live", [list(operations)], column="found")
    for operation in PlannedOperation.objects.filter(pk__in=operations):
        PlannedOperation.objects.filter(pk=operation.pk).update(
            applied_at=timezone.now(), replaced=operation.before
        )


def lock_items(operations: list[PlannedOperation]) -> None:
    """The items are locked, in the order of their ids, so that two stages never wait for each other."""
    ids = [operation.item_id for operation in operations if operation.item_id]
    list(
        ConfigurationItem.objects.select_for_update(of=("self",))
        .filter(pk__in=ids)
        .order_by("pk")
        .values("pk")
    )


def settle(operations: list[PlannedOperation], drifts: list[Drift]) -> dict[str, list[str]]:
    """The fields to keep, by operation. Raises DriftFound for each drift that two people have not decided."""
    decisions = DriftDecision.objects.filter(operation__in=operations, confirmed_by__isnull=False).order_by(
        "id"
    )
    decided = {(d.operation_id, d.field, json.dumps(d.seen)): d.decision for d in decisions}
    kept: dict[str, list[str]] = {}
    undecided = []
    for drift in drifts:
        decision = decided.get((drift.operation_id, drift.field, json.dumps(drift.found)))
        if decision is None:
            undecided.append(drift)
        elif decision == DriftDecision.Decision.KEEP:
            kept.setdefault(str(drift.operation_id), []).append(drift.field)
    if undecided:
        raise DriftFound(undecided, [drift_refusal(drift) for drift in undecided])
    return kept


def drift_refusal(drift: Drift) -> Refusal:
    """The drift in words."""
    words = {
        "item": drift.address,
        "field": drift.words,
        "expected": shown(drift.expected),
        "found": shown(drift.found),
    }
    return Refusal(
        "drift",
        _("%(item)s: %(field)s should be %(expected)s and is %(found)s.") % words,
        _("Two people decide to keep or to force it."),
    )


def relation_drift(operations: list[PlannedOperation], *, forward: bool) -> list[Drift]:
    """Relations that are there and should not be, or are not and should, before the operation is written."""
    drifts = []
    for operation in operations:
        if operation.kind not in (OperationKind.RELATE, OperationKind.UNRELATE):
            continue
        wanted = (operation.kind == OperationKind.UNRELATE) == forward
        if _relation(operation).exists() != wanted:
            address = "{relation_type_id}:{source_id}→{target_id}".format(
                **(operation.after or operation.before)
            )
            drifts.append(Drift(operation.pk, None, address, "relation", wanted, not wanted))
    return drifts


def _relation(operation: PlannedOperation):
    ends = operation.after or operation.before
    return Relation.objects.filter(**{name: ends[name] for name in ENDS})


def _relate(operation: PlannedOperation) -> None:
    Relation.objects.create(**operation.after)


def _end_relation(operation: PlannedOperation) -> None:
    _relation(operation).delete()


def _restore_relation(operation: PlannedOperation) -> None:
    Relation.objects.create(**operation.before)


def _create_item(operation: PlannedOperation) -> None:
    created = ConfigurationItem.objects.create(**operation.after)
    PlannedOperation.objects.filter(pk=operation.pk).update(item=created)


def _remove_item(operation: PlannedOperation) -> None:
    PlannedOperation.objects.filter(pk=operation.pk).update(item=None)
    ConfigurationItem.objects.filter(pk=operation.item_id or 0).delete()


def _nothing(operation: PlannedOperation) -> None:
    return None


APPLY = {
    OperationKind.RELATE: _relate,
    OperationKind.UNRELATE: _end_relation,
    OperationKind.CREATE: _create_item,
}
TAKE_BACK = {
    OperationKind.RELATE: _end_relation,
    OperationKind.UNRELATE: _restore_relation,
    OperationKind.CREATE: _remove_item,
}


@cache
def _statement(name: str) -> str:
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")


def _run(name: str, params: list[Any], **words: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_statement(name).format(**words), params)
