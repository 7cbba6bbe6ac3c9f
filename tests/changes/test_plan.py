import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection

from changes.actions import (
    DriftFound,
    StepRefused,
    add_operation,
    add_stage,
    apply_stage,
    cast_vote,
    confirm_drift,
    consult_owner,
    create_change,
    decide_drift,
    edit_change,
    plan_new_item,
    plan_relation,
    remove_row,
    retire_item,
    roll_back,
    take_step,
)
from changes.models import DriftDecision
from cmdb.models import ConfigurationItem, Relation, RelationType
from tests.changes.journey import (
    MEDIUM,
    draft,
    run_tests,
    to_assessing,
    to_implementing,
    to_scheduled,
    undo,
)
from tests.factories import make_item, make_member, make_user


def rows(*items):
    """The rows as bytes, without the count of versions."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (to_jsonb(c) - 'row_version')::text FROM cmdb_configurationitem c"
            " WHERE id = ANY(%s) ORDER BY id",
            [[item.pk for item in items]],
        )
        return cursor.fetchall()


def test_an_operation_reads_before_and_normalises_after(cast):
    item = make_item(primary_ip="10.0.0.1", attributes={"memory_gib": 8})
    change = create_change(by=cast.requester, title="Move", items=[item])
    operation = add_operation(
        change, item, {"primary_ip": "2001:DB8:0::1", "attributes.memory_gib": None}, by=cast.requester
    )
    assert operation.before == {"primary_ip": "10.0.0.1", "attributes.memory_gib": 8}
    assert operation.after == {"primary_ip": "2001:db8::1"}
    assert operation.differences == [
        ("attributes.memory_gib", 8, None),
        ("primary_ip", "10.0.0.1", "2001:db8::1"),
    ]
    item.refresh_from_db()
    assert item.primary_ip == "10.0.0.1", "planning writes nothing"
    assert operation.applied_at is None


def test_a_second_operation_on_an_item_adds_its_fields_to_the_first(cast):
    change = draft(cast)
    item = change.change_items.get().item
    add_operation(change, item, {"description": "new"}, by=cast.requester)
    operation = change.operations.get()
    assert operation.after == {"serial": "NEW", "description": "new"}
    assert operation.before == {"serial": "OLD", "description": ""}


@pytest.mark.parametrize(
    "after",
    [
        {"search_text": "x"},
        {"type_id": 1},
        {},
        {"serial": "OLD"},
        {"criticality": 9},
        {"attributes.no_such": 1},
        {"primary_ip": "not an address"},
    ],
)
def test_what_postgresql_would_refuse_is_refused_when_it_is_planned(cast, after):
    change = create_change(by=cast.requester, title="Bad", items=[item := make_item(serial="OLD")])
    with pytest.raises(ValidationError):
        add_operation(change, item, after, by=cast.requester)
    assert not change.operations.exists()


def test_strangers_do_not_edit_the_plan_and_nobody_a_locked_one(cast):
    change = draft(cast)
    with pytest.raises(StepRefused) as refused:
        edit_change(change, by=cast.peer, title="Mine now")
    assert {r.code for r in refused.value.refusals} == {"who"}
    to_scheduled(cast, change)
    with pytest.raises(StepRefused) as refused:
        remove_row(change.tasks.first(), by=cast.requester)
    assert {r.code for r in refused.value.refusals} == {"plan_locked"}


def test_raising_a_change_takes_the_right(db):
    with pytest.raises(PermissionDenied):
        create_change(by=make_user("auditor"), title="x")


def test_stages_are_applied_in_order_by_implementers_while_implementing(cast):
    pilot, rest = make_item(serial="OLD"), make_item(serial="OLD-2")
    change = draft(cast, item=pilot)
    stage = add_stage(change, by=cast.requester, label="The rest", share_percent=95)
    add_operation(change, rest, {"serial": "NEW-2"}, by=cast.requester, stage=stage)
    with pytest.raises(StepRefused) as refused:
        apply_stage(stage, by=cast.implementer)
    assert "state" in {r.code for r in refused.value.refusals}
    to_implementing(cast, change)
    first, second = change.stages.order_by("position")
    with pytest.raises(StepRefused) as refused:
        apply_stage(second, by=cast.implementer)
    assert {r.code for r in refused.value.refusals} == {"stage_order"}
    with pytest.raises(StepRefused) as refused:
        apply_stage(first, by=cast.verifier)
    assert {r.code for r in refused.value.refusals} == {"who"}
    assert apply_stage(first, by=cast.implementer) == 1
    rest.refresh_from_db()
    assert rest.serial == "OLD-2"
    assert apply_stage(second, by=cast.implementer) == 1
    with pytest.raises(StepRefused) as refused:
        apply_stage(second, by=cast.implementer)
    assert {r.code for r in refused.value.refusals} == {"already_done"}
    with pytest.raises(StepRefused) as refused:
        apply_stage(second, by=cast.second)
    assert {r.code for r in refused.value.refusals} == {"stage_applied"}


def test_drift_stops_a_stage_and_nothing_of_it_is_written(cast):
    good, moved = make_item(serial="OLD"), make_item(serial="OLD-2")
    change = draft(cast, item=good)
    add_operation(change, moved, {"serial": "NEW-2", "description": "d"}, by=cast.requester)
    to_implementing(cast, change)
    ConfigurationItem.objects.filter(pk=moved.pk).update(serial="SOMEBODY")
    before = rows(good, moved)
    with pytest.raises(DriftFound) as found:
        apply_stage(change.stages.get(), by=cast.implementer)
    assert rows(good, moved) == before
    assert not change.operations.filter(applied_at__isnull=False).exists()
    (drift,) = found.value.drifts
    assert (drift.address, drift.field, drift.expected, drift.found) == (
        moved.address,
        "serial",
        "OLD-2",
        "SOMEBODY",
    )
    assert "SOMEBODY" in found.value.refusals[0].message


def drifted(cast):
    item = make_item(serial="OLD")
    change = draft(cast, item=item)
    add_operation(change, item, {"description": "d"}, by=cast.requester)
    to_implementing(cast, change)
    ConfigurationItem.objects.filter(pk=item.pk).update(serial="SOMEBODY")
    return change, item


@pytest.mark.parametrize(("decision", "serial"), [("keep", "SOMEBODY"), ("force", "NEW")])
def test_two_people_keep_or_force_a_drifted_field_and_rollback_restores_what_was_found(
    cast, decision, serial
):
    change, item = drifted(cast)
    before = rows(item)
    proposal = decide_drift(
        change.operations.get(), "serial", decision=decision, seen="SOMEBODY", by=cast.implementer
    )
    with pytest.raises(DriftFound):
        apply_stage(change.stages.get(), by=cast.implementer)
    with pytest.raises(StepRefused) as refused:
        confirm_drift(proposal, by=cast.implementer)
    assert {r.code for r in refused.value.refusals} == {"two_people"}
    confirm_drift(proposal, by=cast.second)
    apply_stage(change.stages.get(), by=cast.implementer)
    item.refresh_from_db()
    assert (item.serial, item.description) == (serial, "d")
    take_step(change, "rollback", by=cast.implementer, comment="back")
    roll_back(change, by=cast.implementer)
    assert rows(item) == before


def test_a_decision_about_another_value_does_not_count(cast):
    change, item = drifted(cast)
    proposal = decide_drift(
        change.operations.get(), "serial", decision="force", seen="SOMEBODY", by=cast.second
    )
    confirm_drift(proposal, by=cast.manager)
    ConfigurationItem.objects.filter(pk=item.pk).update(serial="A THIRD")
    with pytest.raises(DriftFound):
        apply_stage(change.stages.get(), by=cast.implementer)


def test_rolling_back_restores_the_rows_to_the_byte(cast):
    team = make_member(user=cast.manager).team
    first = make_item(serial="OLD", attributes={"memory_gib": 8, "os": "Debian 12"})
    second = make_item("database", primary_ip="10.0.0.9", owner_team=team, criticality=3)
    change = draft(cast, item=first)
    add_operation(change, first, {"attributes.memory_gib": 16, "attributes.os": None}, by=cast.requester)
    add_operation(
        change, second,
        {"primary_ip": None, "owner_team": None, "criticality": 4, "attributes.port": 5432},
        by=cast.requester,
    )  # fmt: skip
    before = rows(first, second)
    to_implementing_high(cast, change)
    finish_votes(cast, change)
    for stage in change.stages.all():
        apply_stage(stage, by=cast.implementer)
    assert rows(first, second) != before
    second.refresh_from_db()
    assert (second.primary_ip, second.owner_team, second.attributes) == (None, None, {"port": 5432})
    take_step(change, "rollback", by=cast.implementer, comment="back")
    assert roll_back(change, by=cast.implementer) == 2
    assert rows(first, second) == before


def to_implementing_high(cast, change):
    """The boards for whatever the risk turns out to be have voted."""
    to_assessing(cast, change)
    for asked in change.consultations.all():
        member = make_member(team=asked.team, user=make_user("engineer"))
        consult_owner(change, asked.team, by=member.user, answer="agreed")
    take_step(change, "assessed", by=cast.assessor, data={"risk_answers": MEDIUM})
    run_tests(cast, change, ("test", "rehearsal"))
    take_step(change, "tested", by=cast.tester)


def test_rollback_with_drift_writes_nothing_and_lists_the_fields(cast):
    change = draft(cast)
    item = change.change_items.get().item
    to_implementing(cast, change)
    apply_stage(change.stages.get(), by=cast.implementer)
    ConfigurationItem.objects.filter(pk=item.pk).update(serial="LATER")
    take_step(change, "rollback", by=cast.implementer, comment="back")
    with pytest.raises(DriftFound) as found:
        roll_back(change, by=cast.implementer)
    assert [(d.field, d.expected, d.found) for d in found.value.drifts] == [("serial", "NEW", "LATER")]
    with pytest.raises(StepRefused) as refused:
        take_step(change, "rolled_back", by=cast.implementer)
    assert "ci_ops_all_reverted_or_decided" in {r.code for r in refused.value.refusals}
    proposal = decide_drift(change.operations.get(), "serial", decision="keep", seen="LATER", by=cast.second)
    confirm_drift(proposal, by=cast.manager)
    undo(cast, change)
    item.refresh_from_db()
    assert item.serial == "LATER"
    take_step(change, "restore_ok", by=cast.verifier, data={"restore_check": "kept on purpose"})


def test_a_later_edit_of_another_field_does_not_disturb_the_rollback(cast):
    change = draft(cast)
    item = change.change_items.get().item
    to_implementing(cast, change)
    apply_stage(change.stages.get(), by=cast.implementer)
    ConfigurationItem.objects.filter(pk=item.pk).update(description="written meanwhile")
    take_step(change, "rollback", by=cast.implementer, comment="back")
    roll_back(change, by=cast.implementer)
    item.refresh_from_db()
    assert (item.serial, item.description) == ("OLD", "written meanwhile")


def test_creating_retiring_relating_and_ending_are_applied_and_taken_back(cast):
    old, other = make_item(serial="OLD"), make_item()
    way = RelationType.objects.get(key="depends_on")
    ends = {"relation_type_id": way.pk, "source_id": old.pk, "target_id": other.pk}
    reverse = {"relation_type_id": way.pk, "source_id": other.pk, "target_id": make_item().pk}
    Relation.objects.create(**reverse, description="kept")
    change = draft(cast, item=old)
    retire_item(change, other, by=cast.requester)
    plan_new_item(change, {"type_id": old.type_id, "name": "brand-new", "serial": "S"}, by=cast.requester)
    plan_relation(change, ends, by=cast.requester)
    plan_relation(change, reverse, by=cast.requester, is_end=True)
    assert not ConfigurationItem.objects.filter(name="brand-new").exists()
    assert Relation.objects.filter(**reverse).exists()
    to_implementing(cast, change)
    apply_stage(change.stages.get(), by=cast.implementer)
    other.refresh_from_db()
    assert other.lifecycle_stage == "retired"
    assert ConfigurationItem.objects.get(name="brand-new").serial == "S"
    assert Relation.objects.filter(**ends).exists()
    assert not Relation.objects.filter(**reverse).exists()
    take_step(change, "rollback", by=cast.implementer, comment="back")
    roll_back(change, by=cast.implementer)
    other.refresh_from_db()
    assert other.lifecycle_stage == "operational"
    assert not ConfigurationItem.objects.filter(name="brand-new").exists()
    assert not Relation.objects.filter(**ends).exists()
    assert Relation.objects.get(**reverse).description == "kept"


def test_forty_operations_are_applied_in_a_handful_of_statements(cast, django_assert_max_num_queries):
    items = [make_item(serial=f"S{n}") for n in range(40)]
    change = draft(cast, item=items[0])
    for item in items[1:]:
        add_operation(change, item, {"serial": f"N{item.serial}"}, by=cast.requester)
    to_implementing_high(cast, change)
    finish_votes(cast, change)
    with django_assert_max_num_queries(25):
        assert apply_stage(change.stages.get(), by=cast.implementer) == 40


def finish_votes(cast, change):
    for voter in [cast.owner, cast.manager, *cast.board]:
        change.refresh_from_db()
        if change.state == "approving":
            cast_vote(change.rounds.get(closed_at=None), by=voter, choice="approve")
    change.refresh_from_db()
    take_step(change, "start", by=cast.implementer, data={"backup_ref": "vault"})


def test_the_history_of_an_item_names_the_change_and_the_deed(cast):
    change = draft(cast)
    item = change.change_items.get().item
    to_implementing(cast, change)
    apply_stage(change.stages.get(), by=cast.implementer)
    newest = item.history.first()
    assert (newest.history_change_ref, newest.history_change_reason) == (change.pk, "apply_stage")
    assert newest.history_user == cast.implementer
    assert newest.serial == "NEW"


def test_decisions_need_a_known_word_and_field(cast):
    change, _item = drifted(cast)
    with pytest.raises(StepRefused):
        decide_drift(change.operations.get(), "serial", decision="ignore", seen="SOMEBODY", by=cast.second)
    with pytest.raises(StepRefused):
        decide_drift(change.operations.get(), "name", decision="keep", seen="x", by=cast.second)
    assert not DriftDecision.objects.exists()
