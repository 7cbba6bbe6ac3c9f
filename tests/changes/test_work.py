"""Marks do not do the work: PostgreSQL looks at the items before a change is finished or rolled back."""

from datetime import timedelta
from time import perf_counter

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from changes.actions import (
    apply_stage,
    complete_task,
    confirm_drift,
    decide_drift,
    plan_new_item,
    plan_relation,
    retire_item,
    take_step,
)
from changes.models import ChangeEvent, PlannedOperation
from cmdb.models import ConfigurationItem, Relation, RelationType
from tests.changes.journey import do_the_work, draft, to_implementing, to_verifying, undo
from tests.factories import make_item

MARKED = """
UPDATE changes_plannedoperation SET applied_at = now(), reverted_at = {}, found = after, replaced = before
 WHERE change_id = %s"""


def sql(statement, *params):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, params)


def code_of_event(change, event, actor):
    """The code with which PostgreSQL refuses the event, sent as the application role."""
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        ChangeEvent.objects.create(change=change, event=event, actor=actor)
    return error.value.__cause__.diag.message_hint


def code_of_sql(statement, *params):
    """The code with which PostgreSQL refuses the statement, sent as the application role."""
    with pytest.raises(IntegrityError) as error:
        sql(statement, *params)
    return error.value.__cause__.diag.message_hint


def of_every_kind(cast):
    """A change that corrects, retires, creates, relates and ends a relation."""
    old, other, third = make_item(serial="OLD"), make_item(), make_item()
    way = RelationType.objects.get(key="depends_on")
    ends = {"relation_type_id": way.pk, "source_id": old.pk, "target_id": other.pk}
    reverse = {"relation_type_id": way.pk, "source_id": other.pk, "target_id": third.pk}
    Relation.objects.create(**reverse)
    change = draft(cast, item=old)
    retire_item(change, other, by=cast.requester)
    plan_new_item(change, {"type_id": old.type_id, "name": "brand-new"}, by=cast.requester)
    plan_relation(change, ends, by=cast.requester)
    plan_relation(change, reverse, by=cast.requester, is_end=True)
    return change


def test_a_forged_mark_does_not_finish_the_change(cast):
    change = draft(cast)
    to_implementing(cast, change)
    sql(MARKED.format("NULL"), change.pk)
    assert code_of_event(change, "finish", cast.implementer) == "ci_ops_all_applied"


def test_forged_ticks_of_tasks_need_their_people(cast):
    change = draft(cast)
    to_implementing(cast, change)
    apply_stage(change.stages.get(), by=cast.implementer)
    tick = "UPDATE changes_plantask SET done_at = now() WHERE change_id = %s"
    assert code_of_sql(tick, change.pk) == "tick_who"
    assert code_of_event(change, "finish", cast.implementer) == "tasks_done"


FORGED = [
    ("tick_who", "UPDATE changes_plantask SET done_at = now(), done_by_id = {verifier} WHERE id = {task}"),
    ("tick_who", "UPDATE changes_plantask SET done_by_id = {doer} WHERE id = {task}"),
    ("tick_who", "UPDATE changes_plantask SET second_at = now(), second_by_id = {second} WHERE id = {task}"),
    ("tasks_in_order", "UPDATE changes_plantask SET done_at = now(), done_by_id = {doer} WHERE id = {last}"),
    ("stage_left", "UPDATE changes_planstage SET applied_at = now() WHERE change_id = {change}"),
    (
        "tick_when",
        "UPDATE changes_rollbackstep SET done_at = now(), done_by_id = {doer} WHERE change_id = {change}",
    ),
    (
        "tick_when",
        """INSERT INTO changes_plantask (row_version, change_id, phase, position, label, is_dual, note,
        done_at, done_by_id) VALUES (1, {change}, 'implementation', 9, 'x', false, '', now(), {doer})""",
    ),
]


@pytest.mark.parametrize(("code", "attack"), FORGED)
def test_forged_work_is_refused(cast, code, attack):
    change = draft(cast)
    to_implementing(cast, change)
    first = change.tasks.order_by("position").first()
    assert code_of_sql(attack.format(**parts(cast, change))) == code
    complete_task(first, by=cast.implementer)
    first.refresh_from_db()
    for stays in ("done_by_id = {second}", "done_at = now() - interval '1 day'", "done_at = NULL"):
        stolen = "UPDATE changes_plantask SET " + stays + " WHERE id = {task}"
        assert code_of_sql(stolen.format(**parts(cast, change))) == "tick_stays"
    other = "UPDATE changes_plantask SET second_at = now(), second_by_id = {verifier} WHERE id = {task}"
    assert code_of_sql(other.format(**parts(cast, change))) == "tick_who"


def parts(cast, change):
    first, last = change.tasks.order_by("position")
    return {
        "verifier": cast.verifier.pk, "doer": cast.implementer.pk, "second": cast.second.pk,
        "task": first.pk, "last": last.pk, "change": change.pk,
    }  # fmt: skip


def test_a_tick_before_the_start_and_a_stage_with_half_its_work_are_refused(cast):
    change = of_every_kind(cast)
    tick = "UPDATE changes_plantask SET done_at = now(), done_by_id = {doer} WHERE id = {task}"
    assert code_of_sql(tick.format(**parts(cast, change))) == "tick_when"
    to_implementing(cast, change)
    applied = (
        "UPDATE changes_planstage SET applied_at = now(), applied_by_id = {doer} WHERE change_id = {change}"
    )
    sql(MARKED.format("NULL"), change.pk)
    assert code_of_sql(applied.format(**parts(cast, change))) == "stage_left"


def test_a_tick_carries_the_time_of_postgresql(cast):
    change = draft(cast)
    to_implementing(cast, change)
    tick = "UPDATE changes_plantask SET done_at = '2001-01-01Z', done_by_id = {doer} WHERE id = {task}"
    sql(tick.format(**parts(cast, change)))
    assert change.tasks.order_by("position").first().done_at > timezone.now() - timedelta(minutes=1)


def test_a_forged_mark_does_not_end_the_rollback(cast):
    change = draft(cast)
    to_implementing(cast, change)
    do_the_work(cast, change)
    take_step(change, "rollback", by=cast.implementer, comment="back")
    sql(MARKED.format("now()"), change.pk)
    way_back = "UPDATE changes_rollbackstep SET done_at = now() WHERE change_id = %s"
    assert code_of_sql(way_back, change.pk) == "tick_who"
    back = "UPDATE changes_planstage SET reverted_at = now() WHERE change_id = %s"
    assert code_of_sql(back, change.pk) == "stage_left"
    assert code_of_event(change, "rolled_back", cast.implementer) == "ci_ops_all_reverted_or_decided"
    with pytest.raises(IntegrityError) as error:
        sql("UPDATE changes_plannedoperation SET applied_at = NULL WHERE change_id = %s", change.pk)
    assert error.value.__cause__.diag.message_hint == "applied_stays"


@pytest.mark.parametrize("kind", ["update", "retire", "create", "relate", "unrelate"])
def test_every_kind_of_operation_is_looked_up(cast, kind):
    change = of_every_kind(cast)
    to_implementing(cast, change)
    do_the_work(cast, change)
    row = change.operations.get(kind=kind)
    if kind in ("update", "retire"):
        ConfigurationItem.objects.filter(pk=row.item_id).update(**row.before)
    elif kind == "create":
        ConfigurationItem.objects.filter(pk=row.item_id).update(name="another")
    elif kind == "relate":
        Relation.objects.filter(source=row.after["source_id"], target=row.after["target_id"]).delete()
    else:
        Relation.objects.create(**row.before)
    assert code_of_event(change, "finish", cast.implementer) == "ci_ops_all_applied"


def test_the_honest_way_is_open_for_every_kind_there_and_back(cast):
    change = of_every_kind(cast)
    to_verifying(cast, change)
    assert change.state == "verifying"
    take_step(change, "rollback", by=cast.implementer, comment="back")
    undo(cast, change)
    assert change.state == "rolled_back"


@pytest.mark.parametrize(("decision", "serial"), [("keep", "LATER"), ("force", "NEW")])
def test_what_two_people_decided_holds_there_and_back(cast, decision, serial):
    change = draft(cast)
    operation = change.operations.get()
    to_implementing(cast, change)
    ConfigurationItem.objects.filter(pk=operation.item_id).update(serial="LATER")
    told = decide_drift(operation, "serial", decision=decision, seen="LATER", by=cast.implementer)
    confirm_drift(told, by=cast.second)
    do_the_work(cast, change)
    take_step(change, "finish", by=cast.implementer)
    assert ConfigurationItem.objects.get(pk=operation.item_id).serial == serial
    take_step(change, "rollback", by=cast.implementer, comment="back")
    undo(cast, change)
    assert ConfigurationItem.objects.get(pk=operation.item_id).serial == "LATER"


def test_five_hundred_operations_are_looked_up_at_once(cast):
    change = draft(cast)
    items = [make_item(description="now") for _ in range(500)]
    rows = [
        PlannedOperation(
            change=change, stage=change.stages.get(), item=item,
            before={"description": "old", "attributes.os": "x"}, after={"description": "now"},
        )
        for item in items
    ]  # fmt: skip
    PlannedOperation.objects.bulk_create(rows)
    change.operations.update(applied_at=timezone.now())
    begun = perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SELECT changes_work_left_v1(%s, false)", [change.pk])
        assert cursor.fetchone()[0].endswith(": serial")  # the draft's own row, the only one left
    assert perf_counter() - begun < 1
