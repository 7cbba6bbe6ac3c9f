"""Attributes fit the type's compiled schema: in Python, and again in PostgreSQL under the same names."""

import json

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import translation

from cmdb.attributes import attribute_faults, broken_rule, from_text
from cmdb.models import CIAttribute, CIType, ConfigurationItem
from cmdb.rules import refusal_of
from tests.factories import make_attribute, make_item, make_type

pytestmark = pytest.mark.django_db

SPECS = {
    "text": {"kind": "text", "pattern": "[A-Z]{2}[0-9]{4}"},
    "integer": {"kind": "integer", "minimum": 1, "maximum": 10},
    "number": {"kind": "number", "minimum": 0.5},
    "boolean": {"kind": "boolean"},
    "date": {"kind": "date"},
    "datetime": {"kind": "datetime"},
    "choice": {"kind": "choice", "choices": [{"value": "a"}, {"value": "b"}]},
    "ip": {"kind": "ip"},
    "mac": {"kind": "mac"},
    "url": {"kind": "url"},
    "list": {"kind": "list"},
}
VALUES = [
    ("text", "AB1234", None), ("text", "xAB1234", "pattern"), ("text", "AB12345", "pattern"),
    ("text", 7, "kind"),
    ("integer", 1, None), ("integer", 0, "minimum"), ("integer", 11, "maximum"), ("integer", 1.5, "kind"),
    ("integer", "1", "kind"), ("integer", True, "kind"),
    ("number", 0.5, None), ("number", 7, None), ("number", 0.4, "minimum"), ("number", "7", "kind"),
    ("boolean", False, None), ("boolean", 0, "kind"), ("boolean", "yes", "kind"),
    ("date", "2026-02-28", None), ("date", "2026-02-30", "kind"), ("date", "28.02.2026", "kind"),
    ("datetime", "2026-02-28T08:15+08:00", None), ("datetime", "2026-02-28", "kind"),
    ("choice", "a", None), ("choice", "c", "choice"), ("choice", ["a"], "kind"),
    ("ip", "10.0.0.1", None), ("ip", "fe80::1", None), ("ip", "10.0.0.0/8", "kind"),
    ("ip", "10.0.0.256", "kind"),
    ("mac", "00:1b:44:11:3a:b7", None), ("mac", "00-1B-44-11-3A-B7", None), ("mac", "001b44113ab7", "kind"),
    ("url", "https://例子.cn/a", None), ("url", "example.org", "kind"), ("url", "https://a b", "kind"),
    ("list", ["a", "b"], None), ("list", [], None), ("list", ["a", 1], "kind"), ("list", "a", "kind"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value", "rule"), VALUES)
def test_python_and_postgresql_name_the_same_broken_rule(kind, value, rule):
    assert broken_rule(SPECS[kind], value) == rule
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT cmdb.attribute_fault_v1(%s::jsonb, %s::jsonb)",
            [json.dumps(SPECS[kind]), json.dumps(value)],
        )
        assert cursor.fetchone()[0] == rule


def raw_insert(type_key, name, attributes):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO cmdb_configurationitem (type_id, name, lifecycle_stage, environment, criticality,"
            " serial, description, attributes, search_text, row_version)"
            " SELECT id, %s, 'operational', '', 2, '', '', %s::jsonb, '', 1 FROM cmdb_citype WHERE key = %s",
            [name, json.dumps(attributes), type_key],
        )


@pytest.mark.parametrize(
    ("attributes", "key", "rule"),
    [
        ({"cpu_cores": "many"}, "cpu_cores", "kind"),
        ({"cpu_cores": 0}, "cpu_cores", "minimum"),
        ({"cpu_cores": 5000}, "cpu_cores", "maximum"),
        ({"colour": "red"}, "colour", "unknown"),
    ],
)
def test_raw_sql_cannot_store_an_attribute_that_does_not_fit(attributes, key, rule):
    with pytest.raises(IntegrityError) as caught:
        raw_insert("host", "h1", attributes)
    assert json.loads(caught.value.__cause__.diag.message_detail) == {"key": key, "rule": rule}
    assert list(refusal_of(caught.value).error_dict) == [f"attributes.{key}"]
    assert not ConfigurationItem.objects.filter(name="h1").exists()


def test_raw_sql_cannot_make_an_item_of_an_abstract_type():
    with pytest.raises(IntegrityError, match="abstract"):
        raw_insert("device", "d1", {})


def test_raw_sql_cannot_store_attributes_that_are_no_object():
    with pytest.raises(IntegrityError, match="must be an object"):
        raw_insert("host", "h1", [1])


def test_a_required_attribute_is_asked_for_at_once_and_cannot_be_taken_away():
    kind = make_type()
    make_attribute(type=kind, key="tag", required=True)
    with pytest.raises(IntegrityError, match="required"), transaction.atomic():
        make_item(type=kind)
    item = make_item(type=kind, attributes={"tag": "x"})
    item.attributes = {}
    with pytest.raises(IntegrityError, match="required"), transaction.atomic():
        item.save()


def test_tightening_a_type_blocks_no_row_that_stood_before():
    kind = make_type()
    tag = make_attribute(type=kind, key="tag")
    make_attribute(type=kind, key="other")
    item = make_item(type=kind, attributes={"tag": "loose"})
    tag.pattern = "[0-9]+"
    tag.save()
    make_attribute(type=kind, key="missing", required=True)

    item.description = "edited elsewhere"
    item.attributes["other"] = "free"
    item.save()
    item.attributes["tag"] = "still loose"
    with pytest.raises(IntegrityError, match="pattern"), transaction.atomic():
        item.save()
    with pytest.raises(IntegrityError, match="pattern"), transaction.atomic():
        make_item(type=kind, attributes={"tag": "loose", "missing": "here"})
    kind.refresh_from_db()
    before = {"tag": "loose"}
    assert attribute_faults(kind.compiled_schema, before, before) == {}
    assert set(attribute_faults(kind.compiled_schema, before)) == {"tag", "missing"}


def test_the_schema_is_compiled_over_the_tree_and_counts_its_versions():
    parent, other = make_type(), make_type()
    child = make_type(parent=parent)
    make_attribute(type=parent, key="a", label="A", position=1)
    make_attribute(type=parent, key="b")
    make_attribute(type=child, key="a", kind="integer", label="nearer")
    child.refresh_from_db()
    assert child.compiled_schema["a"]["kind"] == "integer"
    assert set(child.compiled_schema) == {"a", "b"}
    assert child.schema_version == 4

    child.parent = other
    child.save()
    child.refresh_from_db()
    assert (set(child.compiled_schema), child.schema_version) == ({"a"}, 5)


def test_nobody_writes_the_compiled_schema_by_hand():
    kind = make_type()
    make_attribute(type=kind, key="a")
    CIType.objects.filter(pk=kind.pk).update(compiled_schema={"b": {}}, schema_version=99)
    kind.refresh_from_db()
    assert (set(kind.compiled_schema), kind.schema_version) == ({"a"}, 2)


def test_an_attribute_deleted_by_raw_sql_leaves_the_schema():
    attribute = make_attribute(key="a")
    CIAttribute.objects.filter(pk=attribute.pk).delete()
    attribute.type.refresh_from_db()
    assert attribute.type.compiled_schema == {}


def test_types_are_a_tree():
    top = make_type()
    middle = make_type(parent=top)
    low = make_type(parent=middle)
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        CIType.objects.filter(pk=top.pk).update(parent=low)
    assert "parent" in refusal_of(caught.value).error_dict


def test_search_finds_parts_in_any_language_and_nothing_sensitive():
    kind = make_type()
    secret = make_attribute(type=kind, key="secret")
    item = make_item(
        type=kind,
        name="核心交换机-A1",
        serial="SN-77",
        primary_ip="10.20.30.40",
        attributes={"secret": "hunter2"},
    )
    found = ConfigurationItem.objects.searched
    assert [found(term).get() for term in ("交换", "n-7", "20.30", "换机 a1", "hunter")] == [item] * 5
    assert not found("机换").exists()
    secret.is_sensitive = True
    secret.save()
    assert not found("hunter").exists()
    assert found("a").filter(pk=item.pk).exists()


def test_a_message_names_the_attribute_in_the_readers_language():
    schema = CIType.objects.get(key="host").compiled_schema
    assert attribute_faults(schema, {"cpu_cores": 0})["cpu_cores"] == "CPU cores must be 1 or more."
    with translation.override("zh-hans"):
        assert attribute_faults(schema, {"cpu_cores": 0})["cpu_cores"].startswith("CPU 核数")


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("integer", " 1,024 ", 1024), ("integer", "8.0", 8), ("integer", "8.5", "8.5"),
        ("number", "8.5", 8.5),
        ("integer", "NaN", "NaN"), ("boolean", "是", True), ("boolean", "No", False),
        ("boolean", "perhaps", "perhaps"), ("list", "a; b；c", ["a", "b", "c"]),
        ("text", "  ", None), ("text", " x ", "x"), ("choice", "A", "a"),
    ],
)  # fmt: skip
def test_a_cell_becomes_the_value_it_stands_for(kind, text, value):
    assert from_text(SPECS[kind], text) == value
