"""What a relation may join is PostgreSQL's word; every attack here is raw SQL as the application role."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from cmdb.models import CIType, DependencyGroup, Relation, RelationRule, RelationType
from cmdb.rules import refusal_of
from tests.factories import (
    make_group,
    make_item,
    make_relation,
    make_relation_rule,
    make_relation_type,
    make_type,
)

pytestmark = pytest.mark.django_db


def relate(way, source, target, **over):
    """A relation by raw SQL, with whatever a forger would send along."""
    values = {
        "relation_type_id": RelationType.objects.get(key=way).pk,
        "source_id": source.pk, "target_id": target.pk, "source_type_id": source.type_id,
        "target_type_id": target.type_id, "max_one_source": False, "max_one_target": False,
        "description": "", "row_version": 1,
    } | over  # fmt: skip
    names = ", ".join(values)
    marks = ", ".join(["%s"] * len(values))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO cmdb_relation ({names}) VALUES ({marks}) RETURNING id", [*values.values()]
        )
        return cursor.fetchone()[0]


def refused(caught):
    return caught.value.__cause__.diag.constraint_name


def test_a_pair_without_a_rule_is_refused_even_with_forged_types():
    rack, service = make_item("rack"), make_item("service")
    host = CIType.objects.get(key="host")
    with pytest.raises(IntegrityError, match="no rule allows: rack runs_on service") as caught:
        relate("runs_on", rack, service)
    assert refused(caught) == "cmdb_relation_pair_is_allowed"
    with pytest.raises(IntegrityError):
        relate("runs_on", rack, service, source_type_id=CIType.objects.get(key="database").pk,
               target_type_id=host.pk)  # fmt: skip
    assert "target" in refusal_of(caught.value).error_dict


def test_a_rule_holds_for_subtypes():
    relation = Relation.objects.get(pk=relate("runs_on", make_item("database"), make_item("host")))
    assert (relation.source_type.key, relation.target_type.key) == ("database", "host")


def test_a_type_added_later_comes_under_its_parents_rules():
    blade = make_type(key="blade", parent=CIType.objects.get(key="host"))
    relate("runs_on", make_item("database"), make_item(type=blade))


def test_a_source_has_one_target_where_the_rule_says_so():
    machine, first, second = make_item("virtual_machine"), make_item("host"), make_item("cluster")
    relate("runs_on", machine, first)
    with pytest.raises(IntegrityError) as caught:
        relate("runs_on", machine, second, max_one_target=False)
    assert refused(caught) == "cmdb_relation_one_target_at_most"
    database = make_item("database")
    relate("runs_on", database, first)
    relate("runs_on", database, second)


def test_a_target_has_one_source_where_the_rule_says_so():
    way, target = make_relation_type(key="owns"), make_item("host")
    ends = {name: CIType.objects.get(key="host") for name in ("source_type", "target_type")}
    make_relation_rule(relation_type=way, max_one_source=True, **ends)
    relate("owns", make_item("host"), target)
    with pytest.raises(IntegrityError) as caught:
        relate("owns", make_item("host"), target)
    assert refused(caught) == "cmdb_relation_one_source_at_most"


def test_no_relation_stands_twice_or_leads_to_itself():
    one, other = make_item("host"), make_item("host")
    relate("depends_on", one, other)
    relate("depends_on", other, one)
    with pytest.raises(IntegrityError) as caught:
        relate("depends_on", one, other)
    assert refused(caught) == "cmdb_relation_once"
    with pytest.raises(IntegrityError) as caught:
        relate("depends_on", one, one)
    assert refused(caught) == "cmdb_relation_not_self"


def test_retyping_an_item_into_a_forbidden_pair_is_refused():
    host = make_item("host")
    relate("runs_on", make_item("database"), host)
    rack, vm = (CIType.objects.get(key=key) for key in ("rack", "virtual_machine"))
    with pytest.raises(IntegrityError, match="no rule allows: database runs_on rack"), transaction.atomic():
        type(host).objects.filter(pk=host.pk).update(type=rack)
    type(host).objects.filter(pk=host.pk).update(type=vm)
    assert Relation.objects.get().target_type == vm


def test_a_rule_in_use_cannot_be_taken_away():
    relate("replicates_to", make_item("database"), make_item("database"))
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        RelationRule.objects.filter(relation_type__key="replicates_to").delete()
    assert refused(caught) == "cmdb_relation_pair_is_allowed"


def test_a_rule_made_stricter_is_refused_where_relations_break_it():
    source = make_item("database")
    relate("replicates_to", source, make_item("database"))
    relate("replicates_to", source, make_item("database"))
    rules = RelationRule.objects.filter(relation_type__key="replicates_to", source_type__key="database")
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        rules.update(max_one_target=True)
    assert refused(caught) == "cmdb_relation_one_target_at_most"
    rules.update(max_one_source=True)
    assert set(Relation.objects.values_list("max_one_source", flat=True)) == {True}


@pytest.mark.parametrize("table", ["cmdb.relation_pair", "cmdb.identity"])
def test_the_application_role_cannot_write_derived_tables(table):
    for deed in (f"DELETE FROM {table}", f"INSERT INTO {table} SELECT * FROM {table}", f"TRUNCATE {table}"):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            connection.cursor().execute(deed)


def test_containment_has_no_circle_over_its_kinds_together():
    campus, building, room = (make_item("room") for _ in range(3))
    relate("located_in", room, building)
    relate("located_in", building, campus)
    with pytest.raises(IntegrityError) as caught:
        relate("located_in", campus, room)
    assert refused(caught) == "cmdb_relation_is_acyclic"
    kept_in = make_relation_type(key="kept_in", is_containment=True, is_acyclic=True)
    ends = {name: CIType.objects.get(key="place") for name in ("source_type", "target_type")}
    make_relation_rule(relation_type=kept_in, **ends)
    with pytest.raises(IntegrityError, match="would contain itself"):
        relate("kept_in", campus, room)
    relate("kept_in", room, campus)


def test_a_circle_within_one_statement_is_refused_too():
    one, other = make_item("power"), make_item("power")
    way = RelationType.objects.get(key="powered_by")
    edges = [Relation(relation_type=way, source=a, target=b) for a, b in ((one, other), (other, one))]
    with pytest.raises(IntegrityError, match="would contain itself"), transaction.atomic():
        Relation.objects.bulk_create(edges)


def test_turning_an_edge_round_may_not_close_a_circle():
    first, second, third = (make_item("room") for _ in range(3))
    relate("located_in", first, second)
    edge = relate("located_in", third, first)
    with pytest.raises(IntegrityError, match="would contain itself"), transaction.atomic():
        Relation.objects.filter(pk=edge).update(source=second, target=first)


def test_a_place_does_not_lie_in_itself_through_others():
    site = make_item("site")
    room = make_item("room", location=site)
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        type(site).objects.filter(pk=site.pk).update(location=room)
    assert refused(caught) == "cmdb_item_not_in_itself"


def test_duplicates_have_no_chains():
    original = make_item()
    copy = make_item(duplicate_of=original)
    with pytest.raises(IntegrityError, match="not at another duplicate"), transaction.atomic():
        make_item(duplicate_of=copy)
    with pytest.raises(IntegrityError, match="not at another duplicate"), transaction.atomic():
        type(original).objects.filter(pk=original.pk).update(duplicate_of=make_item())


@pytest.mark.parametrize(
    ("way", "needy"), [("depends_on", "source"), ("member_of", "target"), ("replicates_to", None)]
)
def test_a_group_belongs_to_the_side_in_need(way, needy):
    kinds = {
        "depends_on": ("host", "host"),
        "member_of": ("host", "cluster"),
        "replicates_to": ("database",) * 2,
    }
    ends = dict(zip(("source", "target"), (make_item(kind) for kind in kinds[way]), strict=True))
    for side, item in ends.items():
        group = make_group(item=item)
        if side == needy:
            edge = relate(way, **ends, group_id=group.pk)
            with pytest.raises(IntegrityError), transaction.atomic():
                DependencyGroup.objects.filter(pk=group.pk).update(item=make_item())
            Relation.objects.filter(pk=edge).delete()
        else:
            with pytest.raises(IntegrityError) as caught:
                relate(way, **ends, group_id=group.pk)
            assert refused(caught) == "cmdb_relation_group_serves_its_item"


def test_a_relation_type_with_groups_keeps_its_direction():
    source = make_item()
    make_relation(source=source, group=make_group(item=source))
    with pytest.raises(IntegrityError), transaction.atomic():
        RelationType.objects.filter(key="depends_on").update(impact="none")


def test_the_smallest_number_needed_is_reported_and_not_blocked():
    group = make_group(min_up=5)
    make_relation(source=group.item, group=group)
    assert not group.is_satisfiable
    group.min_up = 1
    assert group.is_satisfiable
