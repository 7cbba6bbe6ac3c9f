"""Hundreds of differences at once: the same statements, every refusal told, nothing left by a trial."""

import time

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from changes.actions import (
    OperationsRefused,
    StepRefused,
    Wanted,
    add_operation,
    apply_stage,
    create_change,
    plan_operations,
    roll_back,
    take_live_values,
    take_step,
    try_plan,
)
from changes.models import PlannedOperation
from cmdb.models import ConfigurationItem, Relation, RelationType
from tests.changes.journey import draft, to_implementing
from tests.changes.test_plan import rows
from tests.factories import make_identity_rule, make_item, make_team


def many(count, **over):
    return [make_item(**over) for _n in range(count)]


def updates(items, after):
    return [Wanted("update", item, after) for item in items]


def planned(cast, items, after, **over):
    change = create_change(by=cast.requester, title="Many")
    return change, plan_operations(change, updates(items, after), by=cast.requester, **over)


def test_five_hundred_are_planned_in_a_fixed_number_of_statements(cast):
    def cost(items):
        change = create_change(by=cast.requester, title="Many")
        with CaptureQueriesContext(connection) as queries:
            plan_operations(change, updates(items, {"environment": "staging"}), by=cast.requester)
        assert change.operations.count() == len(items)
        return len(queries)

    few, items = cost(many(2)), many(500)
    began = time.monotonic()
    assert cost(items) == few
    assert time.monotonic() - began < 5, "it was 26 seconds; about one is normal"
    assert few < 45


def test_before_is_read_live_and_after_is_as_postgresql_holds_it(cast):
    items = [make_item(primary_ip="10.0.0.1"), make_item(primary_ip=None)]
    change, outcomes = planned(cast, items, {"primary_ip": "2001:DB8:0::1"})
    assert [o.operation.before for o in outcomes] == [{"primary_ip": "10.0.0.1"}, {"primary_ip": None}]
    assert {o.after["primary_ip"] for o in change.operations.all()} == {"2001:db8::1"}
    assert {row.item_id for row in change.change_items.all()} == {item.pk for item in items}
    assert rows(*items)[0] != "", "planning writes nothing"
    assert not ConfigurationItem.objects.filter(primary_ip="2001:db8::1").exists()


def test_items_that_hold_the_value_already_are_left_out(cast):
    there, other = make_item(environment="staging"), make_item(environment="test")
    change, outcomes = planned(cast, [there, other], {"environment": "staging"})
    assert [outcome.is_unchanged for outcome in outcomes] == [True, False]
    assert [operation.item for operation in change.operations.all()] == [other]


def test_a_dry_run_tells_the_same_and_writes_nothing(cast):
    items = many(3)
    change, outcomes = planned(cast, items, {"environment": "staging"}, dry_run=True)
    assert [o.operation.after for o in outcomes] == [{"environment": "staging"}] * 3
    assert not change.operations.exists()
    assert not change.change_items.exists()
    assert not change.stages.exists()


def test_every_refusal_is_told_and_nothing_is_planned(cast):
    good, wrong_type = make_item(), make_item("database")
    change = create_change(by=cast.requester, title="Many")
    wanted = [
        Wanted("update", good, {"attributes.memory_gib": 8}),
        Wanted("update", good, {"attributes.memory_gib": "much"}),
        Wanted("update", wrong_type, {"attributes.memory_gib": 8, "environment": "nowhere"}),
        Wanted("update", good, {"owner_team_id": 99999999}),
        Wanted("update", good, {"search_text": "x"}),
        Wanted("create", None, {"type_id": good.type_id, "name": good.name}),
        Wanted("relate", None, {"relation_type_id": 1, "source_id": good.pk, "target_id": good.pk}),
        Wanted("unrelate", None, {"relation_type_id": 1, "source_id": 1, "target_id": 2}),
    ]
    with pytest.raises(OperationsRefused) as refused:
        plan_operations(change, wanted, by=cast.requester)
    faults = [sorted(outcome.faults) for outcome in refused.value.outcomes]
    assert faults[1:3] == [["attributes.memory_gib"], ["attributes.memory_gib", "environment"]]
    assert faults[4:6] == [["search_text"], ["name"]]
    assert all(faults[3:]), faults
    assert not change.operations.exists()


def test_identity_is_asked_for_each_of_many(cast):
    rule = make_identity_rule(fields=["serial"])
    rule.type.identity_mode = "enforce"
    rule.type.save()
    items = [make_item(type=rule.type, serial=f"ID-{n}") for n in range(4)]
    change = create_change(by=cast.requester, title="Many")
    with pytest.raises(OperationsRefused) as refused:
        plan_operations(change, updates(items, {"serial": "ID-SAME"}), by=cast.requester)
    assert [bool(outcome.faults) for outcome in refused.value.outcomes] == [False, True, True, True]
    assert not change.operations.exists()


def test_a_missing_team_is_refused_now_and_not_at_the_commit(cast):
    with pytest.raises(ValidationError) as refused:
        planned(cast, [make_item()], {"owner_team_id": 99999999})
    assert "does not exist" in refused.value.messages[0]
    team = make_team()
    change, _outcomes = planned(cast, [make_item()], {"owner_team": team.pk})
    assert change.operations.get().after == {"owner_team_id": team.pk}


def test_what_is_refused_among_many_is_found_in_few_statements(cast):
    make_item(name="taken")

    def cost(count):
        items = [make_item() for _ in range(count)]
        change = draft(cast, item=items[0])
        wanted = [Wanted("update", item, {"description": "seen"}) for item in items[1:]]
        wanted[count // 3] = Wanted("update", items[count // 3 + 1], {"name": "taken"})
        with CaptureQueriesContext(connection) as captured, pytest.raises(OperationsRefused) as refused:
            plan_operations(change, wanted, by=cast.requester)
        named = [number for number, outcome in enumerate(refused.value.outcomes) if outcome.faults]
        assert named == [count // 3]
        return len(captured)

    assert cost(64) - cost(16) < 64


def test_too_many_at_once_are_refused_with_what_to_do(cast):
    item = make_item()
    with pytest.raises(ValidationError, match="narrow"):
        planned(cast, [item] * 2001, {"environment": "test"})


def test_a_retired_item_is_named_by_the_dry_run_of_the_whole_plan(cast):
    change = draft(cast)
    item = change.change_items.get().item
    assert try_plan(change, by=cast.requester).is_clean
    ConfigurationItem.objects.filter(pk=item.pk).update(serial="MOVED")
    found = try_plan(change, by=cast.requester)
    assert [(d.field, d.expected, d.found) for d in found.drifts] == [("serial", "OLD", "MOVED")]
    item.refresh_from_db()
    assert item.serial == "MOVED"


def test_a_relation_that_somebody_made_meanwhile_is_named_by_the_dry_run(cast):
    one, other = make_item(), make_item()
    ends = {
        "relation_type_id": RelationType.objects.get(key="depends_on").pk,
        "source_id": one.pk,
        "target_id": other.pk,
    }
    change = create_change(by=cast.requester, title="Relate")
    plan_operations(change, [Wanted("relate", None, ends)], by=cast.requester)
    assert try_plan(change, by=cast.requester).is_clean
    Relation.objects.create(**ends)
    (faults,) = try_plan(change, by=cast.requester).refused.values()
    assert faults == {"target": ["These two items are related in this way already."]}


def test_the_new_value_is_taken_as_before(cast):
    item = make_item(serial="OLD", description="old")
    change = create_change(by=cast.requester, title="Drift")
    add_operation(
        change, item, {"serial": "NEW", "description": "new", "environment": "test"}, by=cast.requester
    )
    ConfigurationItem.objects.filter(pk=item.pk).update(serial="A", description="new", environment="staging")
    operation = change.operations.get()
    assert take_live_values(change, by=cast.requester, operations=[operation.pk], fields=["serial"]) == 1
    operation.refresh_from_db()
    assert (operation.before["serial"], operation.before["description"]) == ("A", "old")
    assert take_live_values(change, by=cast.requester) == 2
    operation.refresh_from_db()
    assert operation.before == {"serial": "A", "environment": "staging"}
    assert operation.after == {"serial": "NEW", "environment": "test"}, (
        "what is there already is planned no more"
    )
    with pytest.raises(StepRefused):
        take_live_values(change, by=cast.requester)
    ConfigurationItem.objects.filter(pk=item.pk).update(serial="NEW", environment="test")
    take_live_values(change, by=cast.requester)
    assert not PlannedOperation.objects.filter(change=change).exists()


def test_five_hundred_applied_and_rolled_back_leave_the_rows_byte_identical(cast):
    items = [
        make_item(
            serial=f"S{n}",
            description=f"é 日志 {n}",
            attributes={"memory_gib": n, "os": "Debian 12"} if n % 2 else {},
        )
        for n in range(500)
    ]
    change = draft(cast, item=items[0])
    wanted = [
        Wanted("update", item, {"serial": f"N{n}", "attributes.memory_gib": n + 1, "attributes.os": None})
        if n % 5
        else Wanted("retire", item)
        for n, item in enumerate(items[1:], 1)
    ]
    plan_operations(change, wanted, by=cast.requester)
    before = rows(*items)
    to_implementing(cast, change)
    began = time.monotonic()
    assert apply_stage(change.stages.get(), by=cast.implementer) == 500
    applied = time.monotonic()
    changed = rows(*items)
    assert all(one != other for one, other in zip(before, changed, strict=True))
    take_step(change, "rollback", by=cast.implementer, comment="back")
    again = time.monotonic()
    assert roll_back(change, by=cast.implementer) == 500
    print(f"500 applied in {applied - began:.2f} s, taken back in {time.monotonic() - again:.2f} s")
    assert rows(*items) == before
