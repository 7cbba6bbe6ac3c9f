"""A thousand rows cost the statements of one; all of them are written or none, each fault named."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.roles import RightMissing
from cmdb.actions import (
    LARGEST_BATCH,
    BatchRefused,
    BatchTooLarge,
    create_items,
    create_relations,
    update_items,
    update_relations,
)
from cmdb.models import ConfigurationItem, Relation
from tests.factories import (
    make_attribute,
    make_group,
    make_item,
    make_relation,
    make_team,
    make_type,
    make_user,
)

pytestmark = pytest.mark.django_db


def rows(number, **over):
    return [
        {"type": "host", "name": f"bulk-{n}", "attributes": {"cpu_cores": 4}} | over for n in range(number)
    ]


def statements(deed, *args):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        answer = deed(*args, by=None)
    return len([q for q in captured if "SAVEPOINT" not in q["sql"]]), answer


def faults_of(deed, sent):
    with pytest.raises(BatchRefused) as caught:
        deed(sent, by=None)
    return {(index, field) for index, fields in caught.value.faults.items() for field in fields}


def test_a_thousand_items_cost_the_statements_of_one():
    team, site = make_team(), make_item("site")
    links = {"owner_team": team.key, "location": site.address}
    one, _ids = statements(create_items, rows(1, name="alone", **links))
    many, ids = statements(create_items, rows(1000, **links))
    assert one == many == 4
    assert len(set(ids)) == 1000
    item = ConfigurationItem.objects.get(pk=ids[7])
    assert (item.name, item.owner_team, item.location, item.attributes) == (
        "bulk-7",
        team,
        site,
        {"cpu_cores": 4},
    )
    assert item.history.count() == 1

    edits = [{"id": pk, "criticality": 4, "attributes": {"os": "Linux"}} for pk in ids]
    one, _answer = statements(update_items, [{"address": "host:alone", "criticality": 4}])
    many, answer = statements(update_items, edits)
    assert one == many == 4
    assert answer == (ids, 1000)
    item.refresh_from_db()
    assert (item.criticality, item.attributes) == (4, {"cpu_cores": 4, "os": "Linux"})
    assert list(item.history.values_list("criticality", flat=True)) == [4, 2]
    assert statements(update_items, edits)[1] == (ids, 0)
    assert item.history.count() == 2


def test_a_thousand_relations_cost_the_statements_of_one():
    ids = create_items(rows(1000), by=None)
    rack = make_item("rack")
    group = make_group(item=ConfigurationItem.objects.get(pk=ids[0]))
    edges = [{"relation_type": "installed_in", "source": pk, "target": rack.address} for pk in ids[1:]]
    first = {"relation_type": "depends_on", "source": ids[0], "target": ids[1], "group": group.pk}
    one, _ids = statements(create_relations, [first])
    many, made = statements(create_relations, [*edges, first | {"target": ids[2]}])
    assert one == many == 5
    assert Relation.objects.get(pk=made[3]).source_id == ids[4]
    one, _answer = statements(update_relations, [{"id": made[0], "description": "x"}])
    many, answer = statements(update_relations, [{"id": pk, "description": "seen"} for pk in made])
    assert one == many == 4
    assert answer == (made, 1000)


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"type": None}, "type"), ({"type": "no_such"}, "type"), ({"type": "device"}, "type"),
        ({"type": 7}, "type"),
        ({"name": ""}, "name"), ({"name": "x" * 201}, "name"), ({"name": ["x"]}, "name"),
        ({"name": "a\x00"}, "name"),
        ({"name": "\ud800"}, "name"), ({"criticality": 5}, "criticality"),
        ({"criticality": "much"}, "criticality"),
        ({"criticality": None}, "criticality"), ({"environment": "moon"}, "environment"),
        ({"lifecycle_stage": "lost"}, "lifecycle_stage"), ({"primary_ip": "10.0.0"}, "primary_ip"),
        ({"last_seen_at": "yesterday"}, "last_seen_at"), ({"owner_team": "nobody"}, "owner_team"),
        ({"owner_team": 7}, "owner_team"), ({"location": "site:nowhere"}, "location"),
        ({"location": 99999999}, "location"), ({"location": {"a": 1}}, "location"),
        ({"location": 2**70}, "location"),
        ({"attributes": {"cpu_cores": "4"}}, "attributes.cpu_cores"),
        ({"attributes": {"x": 1}}, "attributes.x"),
        ({"attributes": []}, "attributes"), ({"attributes": {"os": "a\x00"}}, "attributes.os"),
        ({"colour": "red"}, "colour"), ({"row_version": 1}, "row_version"), ({"id": 1}, "id"),
    ],
)  # fmt: skip
def test_a_faulty_item_is_named_by_row_and_field_and_nothing_is_written(over, field):
    sent = rows(3)
    sent[1] |= over
    assert faults_of(create_items, sent) == {(1, field)}
    assert not ConfigurationItem.objects.filter(name__startswith="bulk").exists()


def test_every_fault_of_every_row_is_told_at_once():
    make_item(name="taken")
    sent = [{"type": "host", "name": "taken"}, {"name": "x"}, {"type": "host", "name": "twice"}] * 2
    assert faults_of(create_items, sent) == {
        (0, "name"), (1, "type"), (3, "name"), (4, "type"), (5, "name"),
    }  # fmt: skip


@pytest.mark.parametrize("sent", [None, {}, "rows", [1], [None], [[]]])
def test_what_is_no_list_of_rows_is_refused(sent):
    for deed in (create_items, update_items, create_relations, update_relations):
        assert faults_of(deed, sent)


def test_no_rows_are_no_deed():
    assert create_items([], by=None) == create_relations([], by=None) == []
    assert update_items([], by=None) == update_relations([], by=None) == ([], 0)


def test_more_rows_than_a_batch_holds_are_refused_with_a_sentence():
    with pytest.raises(BatchTooLarge) as caught:
        create_items(rows(LARGEST_BATCH + 1), by=None)
    assert "5000" in str(caught.value)


def test_who_may_not_edit_writes_nothing():
    for deed in (create_items, update_items, create_relations, update_relations):
        with pytest.raises(RightMissing):
            deed(rows(1), by=make_user("auditor"))


def test_what_postgresql_alone_sees_is_told_by_row_too():
    make_item("storage", serial="CN-0042")
    sent = rows(3)
    sent[2]["serial"] = "cn0042"
    assert faults_of(create_items, sent) == {(2, "__all__")}


def test_an_edit_against_an_older_version_is_refused():
    item = make_item()
    assert faults_of(update_items, [{"id": item.pk, "row_version": 7, "serial": "x"}]) == {(0, "row_version")}
    assert update_items([{"id": item.pk, "row_version": 1, "serial": "x"}], by=None)[1] == 1


def test_edits_name_their_item_once_and_rightly():
    item = make_item(name="it")
    sent = [{"id": item.pk}, {"address": "host:it"}, {"id": 0}, {}, {"address": "host:none"}, {"id": True}]
    assert faults_of(update_items, sent) == {(n, "id") for n in range(1, 6)}


def test_two_items_may_exchange_a_name_for_a_free_one_but_take_none():
    one, other = make_item(name="one"), make_item(name="other")
    assert faults_of(update_items, [{"id": one.pk, "name": "other"}]) == {(0, "name")}
    update_items([{"id": other.pk, "name": "third"}], by=None)
    update_items([{"id": one.pk, "name": "other"}], by=None)


def test_null_takes_an_attribute_away_unless_it_is_required():
    kind = make_type()
    make_attribute(type=kind, key="need", required=True)
    make_attribute(type=kind, key="free")
    item = make_item(type=kind, attributes={"need": "a", "free": "b"})
    assert faults_of(update_items, [{"id": item.pk, "attributes": {"need": None}}]) == {
        (0, "attributes.need")
    }
    update_items([{"id": item.pk, "attributes": {"free": None}}], by=None)
    item.refresh_from_db()
    assert item.attributes == {"need": "a"}


def test_retyping_asks_for_the_new_types_attributes():
    item = make_item("host", attributes={"memory_gib": 8, "rack_unit": 3})
    sent = {"id": item.pk, "type": "virtual_machine"}
    assert faults_of(update_items, [sent]) == {(0, "attributes.rack_unit")}
    update_items([sent | {"attributes": {"rack_unit": None}}], by=None)


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"relation_type": "no_such"}, "relation_type"), ({"relation_type": None}, "relation_type"),
        ({"source": "host:none"}, "source"), ({"target": None}, "target"), ({"target": ["x"]}, "target"),
        ({"target": "host:a"}, "target"), ({"relation_type": "runs_on"}, "target"), ({"group": 99}, "group"),
        ({"group": "x"}, "group"), ({"last_confirmed_at": "soon"}, "last_confirmed_at"), ({"x": 1}, "x"),
    ],
)  # fmt: skip
def test_a_faulty_relation_is_named_by_row_and_field(over, field):
    for name in "abc":
        make_item(name=name)
    good = {"relation_type": "depends_on", "source": "host:a", "target": "host:b"}
    sent = [good, good | {"target": "host:c"} | over]
    assert faults_of(create_relations, sent) == {(1, field)}
    assert not Relation.objects.exists()


def test_rules_are_asked_within_the_batch_as_well():
    machine, first, second = make_item("virtual_machine"), make_item("host"), make_item("host")
    edge = {"relation_type": "runs_on", "source": machine.pk}
    assert faults_of(create_relations, [edge | {"target": pk} for pk in (first.pk, second.pk)]) == {
        (1, "target")
    }
    standing = make_relation("runs_on", source=machine, target=first)
    assert faults_of(create_relations, [edge | {"target": first.pk}]) == {(0, "target")}
    assert faults_of(create_relations, [edge | {"target": second.pk}]) == {(0, "target")}
    update_relations([{"id": standing.pk, "target": second.address}], by=None)
    standing.refresh_from_db()
    assert standing.target == second


def test_a_circle_is_told_by_row():
    rooms = [make_item("room") for _number in range(3)]
    edges = [
        {"relation_type": "located_in", "source": rooms[n].pk, "target": rooms[(n + 1) % 3].pk}
        for n in range(3)
    ]
    ((_index, field),) = faults_of(create_relations, edges)
    assert field == "target"


def test_a_group_of_another_item_is_refused():
    source, target = make_item(), make_item()
    edge = {"relation_type": "depends_on", "source": source.pk, "target": target.pk}
    assert faults_of(create_relations, [edge | {"group": make_group(item=target).pk}]) == {(0, "group")}
