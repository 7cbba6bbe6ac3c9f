"""Selections of items, addresses, and the model as one document."""

from io import StringIO

import pytest
import yaml
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from accounts.roles import RightMissing
from cmdb.actions import ensure_starter_model, export_model, load_model
from cmdb.actions.definitions import STARTER
from cmdb.models import CIAttribute, CIType, ConfigurationItem, RelationRule, RelationType
from tests.factories import make_attribute, make_item, make_team, make_type, make_user

pytestmark = pytest.mark.django_db
STARTER_KEYS = {
    "service",
    "application",
    "database",
    "middleware",
    "host",
    "virtual_machine",
    "cluster",
    "network_device",
    "storage",
    "rack",
    "room",
    "site",
    "circuit",
    "power",
    "software",
}
items = ConfigurationItem.objects


def test_an_item_is_found_by_its_address():
    item = make_item("host", name="db:01")
    assert items.by_address("host:db:01") == item
    assert item.address == "host:db:01"
    assert items.by_addresses([item.address, "rack:db:01"]) == {item.address: item}
    with pytest.raises(ConfigurationItem.DoesNotExist):
        items.by_address("rack:db:01")


def test_a_name_stands_once_per_type():
    make_item("host", name="a")
    make_item("rack", name="a")
    with pytest.raises(IntegrityError), transaction.atomic():
        make_item("host", name="a")


def test_live_leaves_out_what_has_ended_and_known_duplicates():
    item = make_item()
    for stage in ("retired", "disposed"):
        make_item(lifecycle_stage=stage)
    make_item(duplicate_of=item)
    assert list(items.live()) == [item]


def test_a_type_counts_its_subtypes_in_with_one_statement():
    host, switch, rack = (make_item(kind) for kind in ("host", "network_device", "rack"))
    with CaptureQueriesContext(connection) as captured:
        assert set(items.of_type("device")) == {host, switch}
    assert len(captured) == 1
    assert set(items.of_type("place", "host")) == {host, rack}
    assert not items.of_type("no_such")


def test_a_stored_filter_selects_items():
    team, site = make_team(), make_item("site", name="north")
    one = make_item(
        "host",
        name="web-1",
        environment="production",
        criticality=4,
        owner_team=team,
        location=site,
        attributes={"os": "Linux", "cpu_cores": 8},
    )
    make_item("host", name="web-2", environment="test", criticality=1)
    for conditions in (
        {"type": "device", "environment": "production"},
        {"criticality__gte": 3},
        {"criticality__in": [3, 4]},
        {"criticality": 4},
        {"name__startswith": "web-1"},
        {"owner_team": team.key},
        {"location": "site:north"},
        {"attributes.os": "Linux"},
        {"attributes.cpu_cores__gte": 8},
        {"attributes.os__in": ["Linux"]},
        {
            "type__in": ["host"],
            "lifecycle_stage": "operational",
            "serial": "",
            "criticality__lte": 4,
            "id": one.pk,
        },
    ):
        assert list(items.matching(conditions)) == [one], conditions
    assert items.matching({}).count() == 3


@pytest.mark.parametrize(
    "key",
    [
        "colour",
        "type__key",
        "owner_team__members__user__password",
        "name__regex",
        "attributes",
        "name.x",
        "pk",
        "attributes.os__regex",
        "environment__isnull",
        "history__id",
        "id__gt",
    ],
)
def test_a_stored_filter_reaches_nothing_else(key):
    with pytest.raises(ValidationError, match="is not a condition"):
        items.matching({key: 1})


@pytest.mark.parametrize(
    "conditions",
    [{"criticality__gte": "high"}, {"criticality__in": 3}, {"id": "x"}, {"type": 3}, {"environment__in": 4}],
)
def test_a_stored_filter_with_a_value_of_the_wrong_kind_is_refused_in_words(conditions):
    with pytest.raises(ValidationError):
        list(items.matching(conditions))


def test_the_starter_model_stands_in_a_new_database_in_both_languages():
    assert set(CIType.objects.values_list("key", flat=True)) >= STARTER_KEYS
    for model in (CIType, CIAttribute, RelationType):
        assert not model.objects.filter(label_zh="").exists()
    host = CIType.objects.get(key="host")
    with translation.override("zh-hans"):
        assert str(host) == "物理服务器"
    assert str(host) == "Host"
    assert RelationType.objects.get(key="runs_on").inverse == "hosts"
    assert ensure_starter_model() is None


def test_every_item_type_of_the_starter_model_can_depend_on_every_other():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM cmdb.relation_pair JOIN cmdb_relationtype ON id = relation_type_id"
            " WHERE key = 'depends_on'"
        )
        assert cursor.fetchone()[0] == CIType.objects.count() ** 2


def test_what_is_exported_loads_as_no_change():
    make_attribute(type=CIType.objects.get(key="host"), key="aa")  # in no order with those of the file
    kind = make_type(control="controlled", identity_mode="enforce", icon="x")
    make_attribute(
        type=kind,
        key="size",
        kind="number",
        minimum="0.5",
        maximum=9,
        choices=["a"],
        unit="m",
        position=3,
        required=True,
        is_sensitive=True,
        is_indexed=True,
        pattern="x",
    )
    document = yaml.safe_load(yaml.safe_dump(export_model(), allow_unicode=True))
    before = export_model()
    summary = load_model(document, by=None)
    assert (summary.created, summary.updated) == ([], [])
    starter = yaml.safe_load(STARTER.read_text(encoding="utf-8"))
    summary = load_model(starter, by=None)
    assert (summary.created, summary.updated) == ([], [])
    assert len(before["types"]) == len(export_model()["types"])


def test_how_strictly_a_type_is_controlled_goes_with_the_document():
    CIType.objects.filter(key="network_device").update(control="controlled")
    CIType.objects.filter(key="storage").update(control="recorded")
    document = yaml.safe_load(yaml.safe_dump(export_model(), allow_unicode=True))
    CIType.objects.filter(key__in=["network_device", "storage"]).update(control="open")
    load_model(document, by=None)
    modes = dict(CIType.objects.values_list("key", "control"))
    assert (modes["network_device"], modes["storage"]) == ("controlled", "recorded")
    load_model({"types": [{"key": "storage", "label": "Storage"}]}, by=None)  # says nothing of it
    assert CIType.objects.get(key="storage").control == "recorded"


def test_a_document_creates_and_updates_what_it_names_and_nothing_else():
    document = {
        "types": [
            {
                "key": "blade",
                "label": "Blade",
                "parent": "chassis",
                "attributes": [{"key": "slot", "label": "Slot"}],
            },
            {
                "key": "chassis",
                "label": "Chassis",
                "parent": "device",
                "identity": [{"label": "tag", "fields": ["serial"]}],
            },
            {"key": "host", "label": "Server"},
        ],
        "relation_types": [
            {
                "key": "plugged_into",
                "label": "is plugged into",
                "inverse_label": "carries",
                "acyclic": True,
                "impact": "source_needs_target",
                "rules": [{"source": "blade", "target": "chassis", "max_one_target": True}],
            },
            {"key": "runs_on", "label": "runs on", "inverse_label": "hosts"},
        ],
    }
    summary = load_model(document, by=make_user("configuration_manager"))
    assert summary.created == [
        "chassis",
        "blade",
        "blade.slot",
        "chassis.tag",
        "plugged_into",
        "plugged_into: blade → chassis",
    ]
    assert summary.updated == ["host"]
    host, blade = (CIType.objects.get(key=key) for key in ("host", "blade"))
    assert (host.label, host.label_zh, host.parent.key) == ("Server", "物理服务器", "device")
    assert "slot" in blade.compiled_schema
    assert "rack_unit" in blade.compiled_schema
    assert RelationRule.objects.get(relation_type__key="plugged_into").max_one_target
    assert RelationType.objects.get(key="runs_on").impact == "source_needs_target"
    assert "Model definitions loaded" in blade.history.last().history_change_reason
    assert load_model(document, by=None).created == []


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"kinds": []}, "kinds"),
        ({"types": {}}, "must be a list"),
        ({"types": [{"label": "x"}]}, "must be a list"),
        ({"types": [{"key": "a", "label": "A", "parent": "none"}]}, "parent “none” is not known"),
        ({"types": [{"key": "A!", "label": "A"}]}, "lower-case"),
        ({"types": [{"key": "a", "label": "A", "colour": "red"}]}, "“colour” is not known"),
        ({"types": [{"key": "a", "label": "A", "compiled_schema": {}}]}, "not known"),
        (
            {
                "types": [
                    {"key": "a", "label": "A", "attributes": [{"key": "b", "label": "B", "kind": "blob"}]}
                ]
            },
            "a.b: kind",
        ),
        (
            {
                "types": [
                    {"key": "a", "label": "A", "attributes": [{"key": "b", "label": "B", "minimum": "x"}]}
                ]
            },
            "minimum",
        ),
        ({"types": [{"key": "host", "label": "H", "parent": "host"}]}, "parent"),
        (
            {
                "relation_types": [
                    {"key": "r", "label": "r", "inverse_label": "s", "rules": [{"source": "host"}]}
                ]
            },
            "not known",
        ),
        (
            {"relation_types": [{"key": "r", "label": "r", "inverse_label": "s", "containment": True}]},
            "acyclic",
        ),
    ],
)
def test_a_faulty_document_is_refused_with_every_fault_named(document, words):
    before = export_model()
    with pytest.raises(ValidationError) as caught, transaction.atomic():
        load_model(document, by=None)
    assert words in " ".join(caught.value.messages)
    assert export_model() == before


def test_loading_a_model_needs_its_right():
    with pytest.raises(RightMissing):
        load_model({}, by=make_user("engineer"))


def test_the_commands_write_and_read_the_same_file(tmp_path):
    out = StringIO()
    call_command("export_model", stdout=out)
    path = tmp_path / "model.yaml"
    path.write_text(out.getvalue(), encoding="utf-8")
    out = StringIO()
    call_command("load_model", path, stdout=out)
    assert out.getvalue().startswith("0 created, 0 updated,")


@pytest.mark.parametrize("content", [b"", b"- a", b"\xff\xfe", b"a: [", b"types: 3"])
def test_a_bad_file_is_one_sentence(tmp_path, content):
    path = tmp_path / "model.yaml"
    path.write_bytes(content)
    with pytest.raises(CommandError):
        call_command("load_model", path)
    with pytest.raises(CommandError):
        call_command("load_model", tmp_path / "none.yaml")


def test_loading_costs_the_same_statements_for_any_number_of_definitions():
    def cost(number):
        attributes = [{"key": f"a{n}", "label": "A"} for n in range(number)]
        with CaptureQueriesContext(connection) as captured:
            load_model({"types": [{"key": f"t{number}", "label": "T", "attributes": attributes}]}, by=None)
        return len(captured)

    assert cost(1) == cost(60) <= 20
