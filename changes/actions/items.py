"""Applying planned operations and taking them back: what the plan expects is there, or two people decided."""

from __future__ import annotations

import json
from collections.abc import Collection

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from changes.actions.refusals import DriftFound
from changes.differences import (
    ON_ITEMS,
    ON_RELATIONS,
    note_live,
    run,
    standing_relations,
    write_after,
    write_back,
)
from changes.guards.execution import Drift, drift_of, shown
from changes.guards.refusal import Refusal
from changes.models import DriftDecision, PlannedOperation
from changes.models.plan import OperationKind
from cmdb.models import ConfigurationItem


def apply_operations(operations: list[PlannedOperation]) -> None:
    """Every operation is applied, or DriftFound is raised and none is. Locks the items by id."""
    on_items = [operation for operation in operations if operation.kind in ON_ITEMS]
    lock_items(on_items)
    kept = settle(operations, [*drift_of(on_items, "before"), *relation_drift(operations, forward=True)])
    ids = [operation.pk for operation in on_items]
    note_live(ids, "replaced")
    write_after(operations, kept)
    note_live(ids, "found")
    PlannedOperation.objects.filter(pk__in=[operation.pk for operation in operations]).update(
        applied_at=timezone.now(), reverted_at=None
    )


def take_back_operations(operations: list[PlannedOperation]) -> None:
    """Every operation is taken back to what it replaced, or DriftFound is raised and none is."""
    on_items = [operation for operation in operations if operation.kind in ON_ITEMS]
    lock_items(on_items)
    kept = settle(operations, [*drift_of(on_items, "found"), *relation_drift(operations, forward=False)])
    write_back(operations, kept)
    PlannedOperation.objects.filter(pk__in=[operation.pk for operation in operations]).update(
        reverted_at=timezone.now()
    )


def mark_as_found(operations: Collection[int]) -> None:
    """Operations whose items are as planned already count as applied; they replaced the plan's before."""
    note_live(list(operations), "found")
    PlannedOperation.objects.filter(pk__in=operations).update(applied_at=timezone.now(), replaced=F("before"))


def mark_as_done(operations: Collection[int]) -> None:
    """Operations that create, relate or unrelate what came or went already count as applied."""
    run("mark_as_done", [list(operations)])


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
    on_relations = [operation for operation in operations if operation.kind in ON_RELATIONS]
    standing = standing_relations(on_relations)
    drifts = []
    for operation in on_relations:
        wanted = (operation.kind == OperationKind.UNRELATE) == forward
        if (operation.pk in standing) != wanted:
            address = "{relation_type_id}:{source_id}→{target_id}".format(
                **(operation.after or operation.before)
            )
            drifts.append(Drift(operation.pk, None, address, "relation", wanted, not wanted))
    return drifts
