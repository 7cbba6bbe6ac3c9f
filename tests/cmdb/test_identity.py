"""The same thing under two names: refused where the type enforces identity, reported where it does not."""

import json

import pytest
from django.db import IntegrityError, connection, transaction

from cmdb.actions import create_items
from cmdb.identity import duplicates
from cmdb.models import CIType, ConfigurationItem
from cmdb.rules import refusal_of
from tests.factories import make_attribute, make_identity_rule, make_item, make_type

pytestmark = pytest.mark.django_db


def make_family(mode):
    parent = make_type(identity_mode=mode)
    rule = make_identity_rule(type=parent, label="serial")
    return parent, make_type(parent=parent), rule


@pytest.mark.parametrize(
    ("value", "is_code", "part"),
    [
        (" ABC-1 ", True, "abc1"), ("abc 1", True, "abc1"), ("00:1B:44:11:3A:B7", True, "001b44113ab7"),
        ("To be filled by O.E.M.", True, None), ("N/A", True, None), ("00000000", True, None),
        ("  ", True, None),
        ("xxxxx", True, None), ("Default string", True, None), ("未知", False, None), (None, True, None),
        ("A1", True, "a1"), (" Big  Server ", False, "big server"), ("交换机 01", False, "交换机 01"),
    ],
)  # fmt: skip
def test_values_are_compared_as_people_mean_them(value, is_code, part):
    with connection.cursor() as cursor:
        cursor.execute("SELECT cmdb.identity_part_v1(%s, %s)", [value, is_code])
        assert cursor.fetchone()[0] == part


def test_a_second_claim_is_refused_across_the_family_and_names_the_first():
    parent, child, _rule = make_family("enforce")
    first = make_item(type=parent, name="first", serial="abc-1 ")
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        make_item(type=child, serial="ABC 1")
    message = refusal_of(caught.value).messages[0]
    assert first.address in message
    second = make_item(type=child, serial="other")
    with pytest.raises(IntegrityError), transaction.atomic():
        ConfigurationItem.objects.filter(pk=second.pk).update(serial="ABC1")


def test_two_claims_within_one_statement_are_refused():
    kind, _child, _rule = make_family("enforce")
    rows = [ConfigurationItem(type=kind, name=name, serial="same-9") for name in "ab"]
    with pytest.raises(IntegrityError, match="is the same as"), transaction.atomic():
        ConfigurationItem.objects.bulk_create(rows)


def test_two_items_may_swap_their_serials_in_one_statement():
    kind, _child, _rule = make_family("enforce")
    one, other = make_item(type=kind, serial="one-1"), make_item(type=kind, serial="two-2")
    one.serial, other.serial = other.serial, one.serial
    ConfigurationItem.objects.bulk_update([one, other], ["serial"])
    assert not duplicates()


def test_junk_identifies_nothing():
    kind, _child, _rule = make_family("enforce")
    for _number in range(2):
        make_item(type=kind, serial="To be filled by O.E.M.")


def test_report_mode_fills_the_work_list_instead():
    kind, child, rule = make_family("report")
    one, other = make_item(type=kind, serial="abc-1"), make_item(type=child, serial="ABC1")
    (found,) = duplicates()
    assert (found.rule_id, set(found.item_ids)) == (rule.pk, {one.pk, other.pk})
    other.duplicate_of = one
    other.save()
    assert not duplicates()


def test_off_claims_nothing():
    kind, _child, _rule = make_family("off")
    make_item(type=kind, serial="abc-1")
    make_item(type=kind, serial="abc-1")
    assert not duplicates()


def test_a_retired_item_frees_its_identity_and_cannot_come_back_to_a_taken_one():
    kind, _child, _rule = make_family("enforce")
    old = make_item(type=kind, serial="abc-1", lifecycle_stage="retired")
    make_item(type=kind, serial="abc-1")
    with pytest.raises(IntegrityError), transaction.atomic():
        ConfigurationItem.objects.filter(pk=old.pk).update(lifecycle_stage="operational")


def test_enforcing_a_rule_blocks_no_duplicate_that_stood_before_but_every_new_one():
    kind, _child, _rule = make_family("report")
    one, other = (make_item(type=kind, serial="abc-1") for _number in range(2))
    CIType.objects.filter(pk=kind.pk).update(identity_mode="enforce")
    assert len(duplicates()) == 1
    other.description = "still editable"
    other.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        make_item(type=kind, serial="abc-1")
    one.serial = "abc-2"
    one.save()
    assert not duplicates()


def test_a_rule_over_several_fields_needs_all_of_them():
    kind = make_type(identity_mode="enforce")
    make_attribute(type=kind, key="slot")
    make_identity_rule(type=kind, fields=["serial", "slot"])
    make_item(type=kind, serial="abc-1", attributes={"slot": "1"})
    make_item(type=kind, serial="abc-1", attributes={"slot": "2"})
    make_item(type=kind, serial="abc-1")
    make_item(type=kind, serial="abc-1")
    with pytest.raises(IntegrityError), transaction.atomic():
        make_item(type=kind, serial="abc-1", attributes={"slot": "2"})


def test_a_deleted_item_and_a_deleted_rule_leave_no_claim():
    kind, _child, rule = make_family("enforce")
    make_item(type=kind, serial="abc-1").delete()
    make_item(type=kind, serial="abc-1")
    rule.delete()
    make_item(type=kind, serial="abc-1")


def test_the_starter_model_enforces_serials_over_all_devices():
    make_item("host", serial="CN-0042")
    with pytest.raises(IntegrityError), transaction.atomic():
        make_item("storage", serial="cn0042")


def test_many_items_are_compared_with_themselves_after_small_updates():
    """As a join of old and new rows it took 40 times as long as the history of the same 2,500 rows."""
    create_items([{"type": "host", "name": f"many-{n}"} for n in range(2_500)], by=None)
    update = """EXPLAIN (ANALYZE, FORMAT JSON)
                UPDATE cmdb_configurationitem SET description = description || 'x'
                WHERE id IN (SELECT id FROM cmdb_configurationitem ORDER BY id LIMIT %s)"""
    with connection.cursor() as cursor:
        for count in (1, 1, 1, 1, 1, 1, 2_500):
            cursor.execute(update, [count])
            told = cursor.fetchone()[0]
    [plan] = json.loads(told) if isinstance(told, str) else told
    took = {each["Trigger Name"]: each["Time"] for each in plan["Triggers"]}
    assert took["cmdb_item_identity_update"] < 5 * took["zz_audit_u"]
