"""Control of the configuration: what PostgreSQL refuses, writes down and lets pass, also against raw SQL."""

import json
from datetime import timedelta

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.step_up import Proof
from audit.context import because
from changes.actions import (
    apply_stage,
    cast_vote,
    confirm_drift,
    decide_drift,
    plan_new_item,
    plan_relation,
    roll_back,
    take_step,
)
from changes.models import ControlDebt, UnauthorisedRow, UnauthorisedWrite
from cmdb.actions import create_items, update_items
from cmdb.actions.batches import BatchRefused
from cmdb.models import CIType, ConfigurationItem, Relation
from tests.changes.journey import draft, emergency, to_implementing, to_scheduled, to_verifying, undo
from tests.factories import (
    make_attribute,
    make_change,
    make_item,
    make_relation_rule,
    make_relation_type,
    make_type,
    make_user,
)

pytestmark = pytest.mark.django_db


def controlled(kind="host", mode="controlled"):
    CIType.objects.filter(key=kind).update(control=mode)


@pytest.fixture
def item():
    return make_item(serial="OLD")


def refused():
    return pytest.raises(IntegrityError, match="controlled")


def refused_at_commit():
    return pytest.raises(IntegrityError, match="applied while its change is under way")


def test_an_open_type_is_written_as_ever(item):
    ConfigurationItem.objects.update(serial="NEW")
    assert not UnauthorisedWrite.objects.exists()


@pytest.mark.parametrize("field", ["serial", "name", "description", "environment"])
def test_a_controlled_item_is_not_written_without_a_change(item, field):
    controlled()
    with refused(), transaction.atomic():
        ConfigurationItem.objects.filter(pk=item.pk).update(**{field: "other"})
    item.refresh_from_db()
    assert item.serial == "OLD"


def test_nor_created_retyped_or_removed(item):
    other = make_type()
    controlled()
    for deed in (
        lambda: make_item(type=item.type),
        lambda: ConfigurationItem.objects.filter(pk=item.pk).update(type=other),
        lambda: ConfigurationItem.objects.filter(pk=item.pk).delete(),
    ):
        with refused(), transaction.atomic():
            deed()


def test_what_is_known_of_an_item_is_no_configuration(item):
    controlled()
    ConfigurationItem.objects.update(last_seen_at="2026-11-01T00:00Z", last_verified_at="2026-11-01T00:00Z")
    item.refresh_from_db()
    assert item.last_seen_at is not None


def test_a_subtype_is_controlled_like_the_type_above_unless_it_says_otherwise(item):
    below = make_type(parent=item.type)
    free = make_type(parent=item.type, control="open")
    one, two = make_item(type=below), make_item(type=free)
    controlled()
    ConfigurationItem.objects.filter(pk=two.pk).update(serial="X")
    with refused(), transaction.atomic():
        ConfigurationItem.objects.filter(pk=one.pk).update(serial="X")


# Changes under way


def test_the_planned_value_is_written_and_taken_back_by_the_change(cast, item):
    change = draft(cast, item=item)
    controlled()
    to_verifying(cast, change)
    item.refresh_from_db()
    assert item.serial == "NEW"
    take_step(change, "rollback", by=cast.implementer, comment="Alarm")
    undo(cast, change)
    item.refresh_from_db()
    assert item.serial == "OLD"
    assert not UnauthorisedWrite.objects.exists()
    assert not ControlDebt.objects.exists()


def test_planning_a_controlled_item_tries_the_plan_and_writes_nothing(cast, item):
    controlled()
    change = draft(cast, item=item)
    assert change.operations.get().after == {"serial": "NEW"}
    item.refresh_from_db()
    assert (item.serial, ControlDebt.objects.exists()) == ("OLD", False)


@pytest.mark.parametrize(
    ("values", "passes"),
    [
        ({"serial": "NEW"}, True),
        ({"serial": "OTHER"}, False),
        ({"serial": "NEW", "description": "by the way"}, False),
        ({"description": "by the way"}, False),
    ],
)
def test_only_exactly_the_planned_difference_passes(cast, item, values, passes):
    change = draft(cast, item=item)
    controlled()
    to_implementing(cast, change)
    with because(change_ref=change.pk):
        if passes:
            ConfigurationItem.objects.filter(pk=item.pk).update(**values)
            return
        with refused(), transaction.atomic():
            ConfigurationItem.objects.filter(pk=item.pk).update(**values)


def test_not_before_the_start_nor_on_hold_nor_after_the_end_nor_on_another_item(cast, item):
    other = make_item(type=item.type)
    change = draft(cast, item=item)
    controlled()
    to_scheduled(cast, change)
    write = ConfigurationItem.objects.filter(pk=item.pk)
    with because(change_ref=change.pk):
        with refused_at_commit(), transaction.atomic():
            write.update(serial="NEW")
            connection.check_constraints()
        take_step(change, "start", by=cast.implementer, proof=Proof.now())
        with refused(), transaction.atomic():
            ConfigurationItem.objects.filter(pk=other.pk).update(serial="NEW")
        take_step(change, "hold", by=cast.manager, comment="Wait")
        with refused(), transaction.atomic():
            write.update(serial="NEW")
        take_step(change, "resume", by=cast.manager, comment="Go on")
        write.update(serial="NEW")


def test_a_value_forced_by_two_people_is_planned_and_one_of_one_person_is_not(cast, item):
    change = draft(cast, item=item)
    controlled(mode="recorded")
    to_implementing(cast, change)
    ConfigurationItem.objects.filter(pk=item.pk).update(serial="DRIFT")
    controlled()
    operation = change.operations.get()
    decision = decide_drift(operation, "serial", decision="force", seen="DRIFT", by=cast.implementer)
    confirm_drift(decision, by=cast.second)
    apply_stage(change.stages.get(), by=cast.implementer)
    take_step(change, "rollback", by=cast.manager, comment="Alarm")
    roll_back(change, by=cast.implementer)
    item.refresh_from_db()
    assert item.serial == "DRIFT"


def ends(way, source, target):
    return {"relation_type_id": way.pk, "source_id": source.pk, "target_id": target.pk}


def test_planned_items_and_relations_come_and_go_with_their_change(cast, item):
    way, other = make_relation_type(impact="source_needs_target"), make_item("host")
    make_relation_rule(relation_type=way, source_type=item.type, target_type=item.type)
    gone = Relation.objects.create(relation_type=way, source=other, target=item)
    change = draft(cast, item=item)
    plan_new_item(change, {"type_id": item.type_id, "name": "fresh", "serial": "S9"}, by=cast.requester)
    plan_relation(change, ends(way, item, other), by=cast.requester)
    plan_relation(change, ends(way, other, item), by=cast.requester, is_end=True)
    controlled()
    to_implementing(cast, change)
    with because(change_ref=change.pk):
        for deed in (
            lambda: make_item("host", name="fresh", serial="S8"),
            lambda: make_item("host", name="fresher", serial="S9"),
            lambda: Relation.objects.create(relation_type=way, source=item, target=make_item("rack")),
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                deed()
    apply_stage(change.stages.get(), by=cast.implementer)
    assert ConfigurationItem.objects.filter(name="fresh").exists()
    assert not Relation.objects.filter(pk=gone.pk).exists()
    take_step(change, "rollback", by=cast.manager, comment="Alarm")
    roll_back(change, by=cast.implementer)
    assert not ConfigurationItem.objects.filter(name="fresh").exists()
    assert Relation.objects.get().source == other
    assert not UnauthorisedWrite.objects.exists()


def test_a_relation_counts_for_the_item_that_needs_the_other(item):
    way, backwards = (
        make_relation_type(impact="source_needs_target"),
        make_relation_type(impact="target_needs_source"),
    )
    free = make_item(type=make_type())
    for each in (way, backwards):
        make_relation_rule(relation_type=each, source_type=item.type, target_type=free.type)
        make_relation_rule(relation_type=each, source_type=free.type, target_type=item.type)
    controlled()
    Relation.objects.create(relation_type=way, source=free, target=item)
    Relation.objects.create(relation_type=backwards, source=item, target=free)
    for each, source, target in ((way, item, free), (backwards, free, item)):
        with refused(), transaction.atomic():
            Relation.objects.create(relation_type=each, source=source, target=target)
    Relation.objects.update(description="only words")
    with refused(), transaction.atomic():
        Relation.objects.filter(relation_type=way).update(source=item, target=free)


# Emergencies, and changes recorded afterwards


def test_an_emergency_writes_unplanned_on_its_own_items_and_it_shows(cast, item):
    change = emergency(cast, item=item)
    for voter in cast.emergency:
        change.refresh_from_db()
        if change.state == "approving":
            cast_vote(change.rounds.get(closed_at=None), by=voter, choice="approve", proof=Proof.now())
    change.refresh_from_db()
    assert change.state == "implementing"
    controlled()
    with because(change_ref=change.pk, user=cast.implementer):
        ConfigurationItem.objects.filter(pk=item.pk).update(serial="NEW", description="And this too")
        with refused(), transaction.atomic():
            make_item(type=item.type)
    write = UnauthorisedWrite.objects.get()
    assert (write.state, write.change, write.writer) == ("linked", change, cast.implementer)
    assert write.rows.get().fields == {"description": ["", "And this too"]}


def test_a_change_recorded_afterwards_writes_what_it_says_was_done(cast, item):
    change = draft(cast, kind="emergency", item=item, incident_ref="INC-1", window=None)
    controlled()
    now = timezone.now()
    take_step(
        change,
        "record_retro",
        by=cast.oncall,
        comment="In the night",
        data={"actual_start": now - timedelta(hours=2), "actual_end": now - timedelta(hours=1)},
    )
    connection.check_constraints()  # as the commit would
    item.refresh_from_db()
    assert item.serial == "NEW"
    assert not UnauthorisedWrite.objects.exists()


# Recorded types


def test_a_recorded_write_happens_and_shows_who_when_and_what(item):
    make_attribute(type=item.type, key="cores", kind="integer")
    controlled(mode="recorded")
    by = make_user("engineer")
    with because(user=by, reason="while I was there"):
        ConfigurationItem.objects.filter(pk=item.pk).update(serial="NEW", attributes={"cores": 4})
    write = UnauthorisedWrite.objects.get()
    assert (write.state, write.writer, write.reason) == ("open", by, "while I was there")
    row = write.rows.get()
    assert (row.deed, row.item, row.address) == ("~", item, f"host:{item.name}")
    assert row.fields == {"serial": ["OLD", "NEW"], "attributes.cores": [None, 4]}
    assert row.history_id == item.history.latest().history_id


def test_one_entry_for_each_transaction_and_type_whatever_the_items(item):
    controlled(mode="recorded")
    create_items([{"type": "host", "name": f"h{number}"} for number in range(50)], by=None)
    for number in range(3):
        ConfigurationItem.objects.filter(name=f"h{number}").update(serial="X")
    assert UnauthorisedWrite.objects.count() == 1
    assert UnauthorisedRow.objects.count() == 53


def test_what_a_change_under_way_plans_is_authorised_and_the_rest_of_the_row_shows(cast, item):
    change = draft(cast, item=item)
    controlled(mode="recorded")
    to_implementing(cast, change)
    with because(change_ref=change.pk):
        ConfigurationItem.objects.filter(pk=item.pk).update(serial="NEW", description="more")
    assert UnauthorisedRow.objects.get().fields == {"description": ["", "more"]}
    assert UnauthorisedWrite.objects.get().named == change


def test_a_type_that_is_controlled_less_shows_as_well(item):
    controlled()
    assert not UnauthorisedWrite.objects.exists()
    controlled(mode="open")
    row = UnauthorisedRow.objects.get()
    assert (row.deed, row.fields) == ("!", {"control": ["controlled", "open"]})


# In words


def test_the_refusal_says_what_to_do_and_leads_to_a_change(item):
    controlled()
    with pytest.raises(BatchRefused) as caught:
        update_items([{"id": item.pk, "serial": "NEW"}], by=None)
    (said,) = caught.value.faults[0]["__all__"]
    assert "controlled: plan a change" in said
    assert f"/changes/plan-instead/?item={item.pk}" in said


def test_blank_and_ungoverned_columns_are_those_of_the_model():
    with connection.cursor() as cursor:
        cursor.execute("SELECT changes_item_blank_v1(), changes_ungoverned_v1()")
        blank, ungoverned = cursor.fetchone()
    blank = json.loads(blank) if isinstance(blank, str) else blank
    fresh = ConfigurationItem()
    columns = {field.attname for field in ConfigurationItem._meta.concrete_fields}
    assert columns == set(blank) | set(ungoverned) | {"type_id", "name"}
    assert blank == {name: getattr(fresh, name) for name in blank}


# Raw SQL in the hands of the application role


def attack(app_sql, *statements):
    with pytest.raises(psycopg.Error):
        in_one(app_sql, statements)


MERGE = """MERGE INTO cmdb_configurationitem i USING (SELECT 1) x ON i.serial = 'OLD'
           WHEN MATCHED THEN UPDATE SET serial = 'NEW'"""
REPLACE = "CREATE OR REPLACE FUNCTION changes_ungoverned_v1() RETURNS text[] RETURN ARRAY['serial']"
LINK = """UPDATE changes_unauthorisedwrite SET state = 'linked', decided_by_id = writer_id,
          change_id = (SELECT max(id) FROM changes_changerequest)"""
ACCEPT = """UPDATE changes_unauthorisedwrite SET state = 'accepted', comment = 'x',
            decided_by_id = writer_id"""
FORGE = """INSERT INTO changes_unauthorisedwrite (row_version, txid, type_id, writer_name, reason, origin,
           state, comment, happened_at)
           SELECT 1, 1, min(id), '', '', '', 'open', '', now() FROM cmdb_citype"""


def in_one(app_sql, statements):
    with app_sql.transaction():
        for statement in statements:
            app_sql.execute(statement)


@pytest.mark.django_db(transaction=True)
def test_raw_sql_writes_no_controlled_item_whatever_it_says_of_itself(app_sql, cast, item):
    change = draft(cast, item=item)
    change_two = draft(cast, item=make_item(serial="OLD TOO"))
    to_implementing(cast, change_two)
    controlled()
    forged = f"SELECT set_config('audit.ctx', '{{\"cr\": {change.pk}}}', true)"
    live = f"SELECT set_config('audit.ctx', '{{\"cr\": {change_two.pk}}}', true)"
    write = f"UPDATE cmdb_configurationitem SET serial = 'NEW' WHERE id = {item.pk}"
    for statements in (
        (write,),
        (forged, write),
        (live, write),
        ("SELECT set_config('audit.ctx', '{\"cr\": 999999}', true)", write),
        ("SELECT set_config('audit.ctx', 'nonsense', true)", write),
        (f"DELETE FROM cmdb_configurationitem WHERE id = {item.pk}",),
        ("ALTER TABLE cmdb_configurationitem DISABLE TRIGGER zzz_control_u",),
        ("DROP TRIGGER zzz_control_u ON cmdb_configurationitem",),
        ("SET session_replication_role = replica", write),
        (
            "UPDATE changes_changerequest SET state = 'implementing'",
            forged,
            write,
        ),
        ("INSERT INTO changes_controldebt (change_id) SELECT id FROM changes_changerequest",),
        ("SET CONSTRAINTS ALL DEFERRED", forged, write),
        (MERGE,),
        (REPLACE,),
    ):  # fmt: skip
        attack(app_sql, *statements)
    item.refresh_from_db()
    assert item.serial == "OLD"


def copied(app_sql, names):
    """COPY of so many items in one statement, alike but for their names."""
    skip = ("id", "search_text")
    columns = [field.column for field in ConfigurationItem._meta.concrete_fields if field.column not in skip]
    texts = ", ".join(f"{column}::text" for column in columns)
    like = app_sql.execute(f"SELECT {texts} FROM cmdb_configurationitem ORDER BY id LIMIT 1").fetchone()
    with app_sql.cursor().copy(f"COPY cmdb_configurationitem ({', '.join(columns)}) FROM STDIN") as copy:
        for name in names:
            row = dict(zip(columns, like, strict=True)) | {"name": name, "serial": ""}
            copy.write_row([row[column] for column in columns])


@pytest.mark.django_db(transaction=True)
def test_copy_is_refused_and_where_recorded_written_down(app_sql, item):
    controlled()
    with pytest.raises(psycopg.Error, match="controlled"), app_sql.transaction():
        copied(app_sql, ["c1", "c2"])
    assert ConfigurationItem.objects.count() == 1
    controlled(mode="recorded")
    UnauthorisedRow.objects.filter(deed="!").get()
    with app_sql.transaction():
        copied(app_sql, ["c1", "c2", "c3"])
    assert UnauthorisedRow.objects.filter(deed="+").count() == 3


@pytest.mark.django_db(transaction=True)
def test_one_row_among_many_is_enough(app_sql, cast, item):
    """Open ones and the planned one in the same statement carry no other row through."""
    change = draft(cast, item=item, after={"description": "NEW"})
    late = make_item()
    free = make_item("rack")
    to_implementing(cast, change)
    controlled()
    named = f"SELECT set_config('audit.ctx', '{{\"cr\": {change.pk}}}', true)"
    everything = "UPDATE cmdb_configurationitem SET description = 'NEW'"
    with pytest.raises(psycopg.Error, match="controlled"):
        in_one(app_sql, [named, f"{everything} WHERE id IN ({free.pk}, {item.pk}, {late.pk})"])
    in_one(app_sql, [named, f"{everything} WHERE id IN ({free.pk}, {item.pk})"])
    late.refresh_from_db()
    assert late.description == ""
    assert ConfigurationItem.objects.filter(description="NEW").count() == 2


@pytest.mark.django_db(transaction=True)
def test_raw_relations_of_a_controlled_item_are_refused(app_sql, item):
    other, rack = make_item(), make_item("rack")
    way = make_relation_type(impact="source_needs_target")
    for source, target in ((item.type, item.type), (rack.type, item.type)):
        make_relation_rule(relation_type=way, source_type=source, target_type=target)
    needed = Relation.objects.create(relation_type=way, source=rack, target=item)
    needs = Relation.objects.create(relation_type=way, source=item, target=other)
    controlled()
    attack(app_sql, f"DELETE FROM cmdb_relation WHERE id = {needs.pk}")
    attack(app_sql, "DELETE FROM cmdb_relation")
    attack(
        app_sql,
        f"UPDATE cmdb_relation SET source_id = {other.pk}, target_id = {item.pk} WHERE id = {needs.pk}",
    )
    app_sql.execute(f"DELETE FROM cmdb_relation WHERE id = {needed.pk}")
    assert Relation.objects.get() == needs


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "deed",
    [
        "DELETE FROM changes_unauthorisedwrite",
        "DELETE FROM changes_unauthorisedrow",
        "UPDATE changes_unauthorisedrow SET fields = '{}'",
        "UPDATE changes_unauthorisedwrite SET writer_id = NULL, writer_name = 'nobody'",
        "UPDATE changes_unauthorisedwrite SET state = 'accepted'",
        ACCEPT,
        "UPDATE changes_unauthorisedwrite SET state = 'linked'",
        LINK,
        FORGE,
        "TRUNCATE changes_unauthorisedrow",
    ],
)
def test_raw_sql_explains_no_write_away(app_sql, item, deed):
    make_change()
    controlled(mode="recorded")
    with because(user=make_user("engineer")):
        ConfigurationItem.objects.filter(pk=item.pk).update(serial="NEW")
    attack(app_sql, deed)
    assert UnauthorisedWrite.objects.get().state == "open"
