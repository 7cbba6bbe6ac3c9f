"""Whether the work may start, is done, or is undone; and whether the items are as the plan says."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.labelled import in_active_language
from accounts.models import User
from changes.differences import ON_ITEMS, try_operations
from changes.guards.refusal import Data, Refusal, unless
from changes.models import ChangeRequest, PlannedOperation
from changes.models.plan import TaskPhase, column_label


class Drift(NamedTuple):
    """One field that is not what the plan expects to find."""

    operation_id: int
    item_id: int | None
    address: str
    field: str
    expected: Any
    found: Any
    label: str | Promise = ""

    @property
    def words(self) -> str:
        """The field as people know it."""
        return str(self.label) or column_label(self.field)


# Fields of an operation beside the live row: "attributes.x" looks inside, anything else is a column. SQL NULL
# stands for an attribute that is absent; a column that is empty is JSON null.
COMPARE = """
SELECT o.id, ci.id, t.key || ':' || ci.name, f.field, o.{expected} -> f.field, live.value,
       t.compiled_schema -> substr(f.field, 12) ->> 'label',
       t.compiled_schema -> substr(f.field, 12) ->> 'label_zh'
  FROM changes_plannedoperation o
  JOIN cmdb_configurationitem ci ON ci.id = o.item_id JOIN cmdb_citype t ON t.id = ci.type_id
 CROSS JOIN LATERAL (SELECT to_jsonb(ci) AS doc) AS whole
 CROSS JOIN LATERAL (SELECT jsonb_object_keys(o.before || o.after) AS field) AS f
 CROSS JOIN LATERAL (SELECT CASE WHEN f.field LIKE 'attributes.%%'
   THEN whole.doc -> 'attributes' -> substr(f.field, 12) ELSE whole.doc -> f.field END AS value) AS live
 WHERE o.id = ANY(%s) AND live.value IS DISTINCT FROM o.{expected} -> f.field
 ORDER BY ci.id, o.id, f.field
"""


def drift_of(operations: list[PlannedOperation], expected: str) -> list[Drift]:
    """Fields whose live value is not the operation's `expected` side. One query."""
    if expected not in ("before", "after", "replaced", "found"):
        raise ValueError(expected)
    ids = [operation.pk for operation in operations if operation.kind in ON_ITEMS]
    if not ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(COMPARE.format(expected=expected), [ids])
        return [
            Drift(*where, _value(wanted), _value(found), in_active_language(label or "", label_zh or ""))
            for *where, wanted, found, label, label_zh in cursor.fetchall()
        ]


# What the gate itself asks before a change is finished or rolled back, with names for people.
DIFFERENCES = """
SELECT d.operation_id, d.item_id, coalesce(t.key || ':' || ci.name, o.after ->> 'name', ''), d.field,
       d.expected, d.found, t.compiled_schema -> substr(d.field, 12) ->> 'label',
       t.compiled_schema -> substr(d.field, 12) ->> 'label_zh', d.what
  FROM changes_differences_v1(%s, %s) d JOIN changes_plannedoperation o ON o.id = d.operation_id
  LEFT JOIN cmdb_configurationitem ci ON ci.id = coalesce(d.item_id, o.item_id)
  LEFT JOIN cmdb_citype t ON t.id = ci.type_id
 WHERE d.what <> 'mark' AND (o.applied_at IS NOT NULL AND o.reverted_at IS NULL) <> %s
 ORDER BY d.item_id, d.operation_id, d.field LIMIT 500
"""


def differences_of(change: ChangeRequest, *, backward: bool) -> list[Drift]:
    """What is not as planned though its operation is marked done; with `backward`, as before though undone.

    What two people decided is left out. At most 500, in one query.
    """
    with connection.cursor() as cursor:
        cursor.execute(DIFFERENCES, [change.pk, backward, backward])
        return [
            Drift(
                *where,
                field or what,
                _value(wanted),
                _value(found),
                in_active_language(label or "", label_zh or "") or WHOLE.get(what, ""),
            )
            for *where, field, wanted, found, label, label_zh, what in cursor.fetchall()
        ]


WHOLE = {"item": gettext_lazy("the item itself"), "relation": gettext_lazy("the relation")}


def told(drift: Drift, code: str) -> Refusal:
    """The drift as the reason against a step."""
    words = {
        "item": drift.address,
        "field": drift.words,
        "expected": shown(drift.expected),
        "found": shown(drift.found),
    }
    return Refusal(
        code,
        _("%(item)s: %(field)s should be %(expected)s and is %(found)s.") % words,
        _("Two people decide on the page of the work to keep or to force it."),
    )


def _value(raw: Any) -> Any:
    """Django reads jsonb of raw SQL as text."""
    return json.loads(raw) if isinstance(raw, str) else raw


def _refusals(code: str, drifts: list[Drift], fix: str) -> list[Refusal]:
    return [
        Refusal(
            code,
            _("%(item)s: %(field)s should be %(expected)s and is %(found)s.")
            % {"item": d.address, "field": d.words, "expected": shown(d.expected), "found": shown(d.found)},
            fix,
        )
        for d in drifts
    ]


def shown(value: Any) -> str:
    """A value of a field as words."""
    if isinstance(value, bool):
        return _("there") if value else _("absent")
    return _("absent") if value is None else f"“{value}”" if isinstance(value, str) else str(value)


def diff_dry_run_clean(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Every field still has the value that the plan expects; and, when the step is really taken, PostgreSQL
    takes every operation, tried on the live data and taken back."""
    operations = list(change.operations.select_related("item__type").order_by("stage__position", "id"))
    drifts = drift_of(operations, "before")
    refusals = _refusals("diff_dry_run_clean", drifts, _("Read the live values into the plan again."))
    if data is None:
        return refusals
    names = {operation.pk: str(operation) for operation in operations}
    _found, refused = try_operations(operations)
    return refusals + [
        Refusal("diff_dry_run_clean", f"{names[pk]}: {line}", _("Change the operation or take it out."))
        for pk, faults in refused.items()
        for lines in faults.values()
        for line in lines
    ]


def plan_unchanged(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    return unless(
        change.plan_hash == change.approved_hash,
        "plan_unchanged",
        _("The plan is not the approved one."),
        _("Plan again and have it approved."),
    )


def prechecks_done(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    return [
        Refusal(
            "prechecks_done", _("Not checked yet: %(task)s") % {"task": task}, _("Do the check and tick it.")
        )
        for task in change.tasks.filter(phase=TaskPhase.PRECHECK, done_at=None)
    ]


def needs_backup(change: ChangeRequest) -> bool:
    """The policy, high risk, downtime or an item of the highest criticality asks for a backup. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT changes_needs_backup_v1(c) FROM changes_changerequest c WHERE c.id = %s", [change.pk]
        )
        return bool(cursor.fetchone()[0])


def backup_evidence_if_required(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Where a backup is needed, its reference is given."""
    if data is None or data.get("backup_ref") or change.backup_ref:
        return []
    return unless(
        not needs_backup(change),
        "backup_evidence_if_required",
        _("The policy, high risk, downtime or a critical item asks for a backup before the start."),
        _("Give the backup's reference."),
    )


def tasks_done_in_order(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Every task is done, none before the one that precedes it."""
    tasks = list(change.tasks.filter(phase=TaskPhase.IMPLEMENTATION).order_by("position", "id"))
    undone = [task for task in tasks if task.done_at is None]
    times = [task.done_at for task in tasks if task.done_at]
    return [
        Refusal("tasks_done", _("Not done yet: %(task)s") % {"task": task}, _("Do it and tick it."))
        for task in undone
    ] + unless(times == sorted(times), "tasks_in_order", _("Tasks were ticked out of their order."))


def dual_tasks_have_two_people(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    return [
        Refusal(
            "dual_tasks",
            _("Takes two people: %(task)s") % {"task": task},
            _("The second person ticks it too."),
        )
        for task in change.tasks.filter(is_dual=True, done_at__isnull=False, second_by=None)
    ]


def ci_ops_all_applied(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Every operation is applied, and its item still is as it was planned."""
    left = change.operations.filter(applied_at=None).count()
    return unless(
        not left,
        "ci_ops_all_applied",
        ngettext(
            "%(count)d planned operation is not applied.",
            "%(count)d planned operations are not applied.",
            left,
        )
        % {"count": left},
        _("Apply the stages that are left."),
    ) + [told(each, "ci_ops_all_applied") for each in differences_of(change, backward=False)]


def no_task_started(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    return unless(
        not change.tasks.filter(phase=TaskPhase.IMPLEMENTATION, done_at__isnull=False).exists(),
        "no_task_started",
        _("Work has begun."),
        _("Roll back instead."),
    )


def no_ci_op_applied(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    return unless(
        not change.operations.filter(applied_at__isnull=False, reverted_at=None).exists(),
        "no_ci_op_applied",
        _("Operations have been applied."),
        _("Roll back instead."),
    )


def rollback_steps_done(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    return [
        Refusal("rollback_steps_done", _("Not done yet: %(task)s") % {"task": step}, _("Do it and tick it."))
        for step in change.rollback_steps.filter(done_at=None)
    ]


def ci_ops_all_reverted_or_decided(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Each applied operation is taken back; fields that two people decided to keep count as taken back."""
    left = change.operations.filter(applied_at__isnull=False, reverted_at=None).count()
    return unless(
        not left,
        "ci_ops_all_reverted_or_decided",
        ngettext(
            "%(count)d applied operation is not taken back.",
            "%(count)d applied operations are not taken back.",
            left,
        )
        % {"count": left},
        _("Roll the items back; where they drifted, two people decide."),
    ) + [told(each, "ci_ops_all_reverted_or_decided") for each in differences_of(change, backward=True)]
