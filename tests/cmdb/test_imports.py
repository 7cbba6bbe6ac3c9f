"""Import: what each row of a file gets for an answer, and what wrong files get."""

import json
from io import BytesIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cmdb.actions import import_items, import_relations
from cmdb.imports.mapping import MappingRefused, load_mapping, parse_mapping, shipped_mappings
from cmdb.imports.reading import FileRefused, rows_of
from cmdb.imports.relations import circles
from cmdb.models import CIType, ConfigurationItem, Relation
from tests.factories import make_item, make_team, make_type

pytestmark = pytest.mark.django_db

MAP = """
model:
  types:
  - key: box
    label: Box
    label_zh: 机箱
    attributes:
    - {key: cores, label: Cores, label_zh: 核数, kind: integer, minimum: 1}
    - {key: weight, label: Weight, kind: number}
    - {key: is_spare, label: Spare, kind: boolean}
    - {key: bought_on, label: Bought, kind: date}
    - {key: tags, label: Tags, kind: list}
    - {key: colour, label: Colour, kind: choice, choices: [{value: red, label: Red, label_zh: 红}]}
  - {key: shelf, label: Shelf}
  relation_types:
  - key: stands_in
    label: stands in
    inverse_label: holds
    impact: source_needs_target
    containment: true
    acyclic: true
    rules:
    - {source: box, target: shelf, max_one_target: true}
    - {source: shelf, target: shelf}
items:
  address: key
  fields:
    description: note
    lifecycle_stage: {column: stage, values: {live: operational}, default: operational}
    owner_team: {column: team}
    location: place
  attributes:
    cores: cores
    weight: weight
    is_spare: spare
    bought_on: {column: bought, dates: ["%d/%m/%Y"]}
    tags: tags
    colour: colour
relations:
  source: a
  relation: {constant: stands_in}
  target: b
  description: note
"""
HEADER = "key,note,stage,team,place,cores,weight,spare,bought,tags,colour\n"


def stream(text, encoding="utf-8"):

    return BytesIO(text.encode(encoding) if isinstance(text, str) else text)


def items(text, mapping=MAP, **options):
    return import_items(stream(text), parse_mapping(mapping), by=None, name="boxes.csv", **options)


def relations(text, mapping=MAP, **options):
    return import_relations(stream(text), parse_mapping(mapping), by=None, name="edges.csv", **options)


def the_error(report):
    (row,) = [row for row in report.rows if row.errors]
    assert not report.is_applied
    assert report.summary.endswith("1 errors")
    return " ".join(row.errors)


# Items


def test_every_kind_of_value_arrives_typed():
    make_team(key="ops", label="Operations", label_zh="运维组")
    report = items(
        HEADER + "box:b1,hello,live,运维组,shelf:s1,8,1.50,是,31/12/2025,x;y,红\nshelf:s1,,,,,,,,,,\n"
    )
    assert report.summary == "2 created, 0 updated, 0 unchanged, 0 errors"
    box = ConfigurationItem.objects.by_address("box:b1")
    assert box.attributes == {
        "cores": 8,
        "weight": 1.5,
        "is_spare": True,
        "bought_on": "2025-12-31",
        "tags": ["x", "y"],
        "colour": "red",
    }
    assert (box.owner_team.key, box.location.address, box.description) == ("ops", "shelf:s1", "hello")


def test_after_a_large_import_the_planner_knows_the_tables():
    with CaptureQueriesContext(connection) as small:
        items(HEADER + "box:b1,,,,,,,,,,\n")
    assert not any("analyse_v1" in query["sql"] for query in small)
    with CaptureQueriesContext(connection) as large:
        items(HEADER + "".join(f"box:l{number},,,,,,,,,,\n" for number in range(500)))
    assert sum("analyse_v1" in query["sql"] for query in large) == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'cmdb_configurationitem'::regclass")
        assert cursor.fetchone()[0] >= 501


def test_the_application_analyses_these_tables_and_no_others(app_sql):
    app_sql.execute("SELECT cmdb.analyse_v1()")
    notes = []
    app_sql.add_notice_handler(lambda note: notes.append(note.message_primary))
    app_sql.execute("ANALYZE cmdb_configurationitem")  # it warns, and skips what is not one's own
    assert "permission denied" in notes[0]


def test_importing_twice_changes_nothing_and_writes_no_history():
    text = HEADER + "box:b1,hello,live,,,8,1.5,yes,31/12/2025,x;y,red\n"
    items(text)
    before = ConfigurationItem.history.count()
    assert items(text).summary == "0 created, 0 updated, 1 unchanged, 0 errors"
    assert ConfigurationItem.history.count() == before


def test_an_update_names_its_differences_and_leaves_empty_cells_alone():
    items(HEADER + "box:b1,hello,,,,8,1.5,,,,\n")
    report = items(HEADER + "box:b1,bye,,,,16,,,,,\n")
    assert report.rows[0].differences == {"description": ("hello", "bye"), "attributes.cores": (8, 16)}
    assert ConfigurationItem.objects.by_address("box:b1").attributes == {"cores": 16, "weight": 1.5}


def test_a_mapping_may_say_that_an_empty_cell_clears():
    items(HEADER + "box:b1,hello,,,,8,1.5,,,,\n")
    clearing = MAP.replace("items:\n", "items:\n  empty: clear\n")
    items(HEADER + "box:b1,,,,,8,,,,,\n", clearing)
    box = ConfigurationItem.objects.by_address("box:b1")
    assert (box.description, box.attributes) == ("", {"cores": 8})


def test_a_mapping_may_name_texts_that_count_as_empty_and_rows_to_skip():
    mapping = MAP.replace("items:\n", "items:\n  blanks: [N/A]\n  skip: [{column: stage, values: [gone]}]\n")
    report = items(HEADER + "box:b1,N/A,,,,N/A,,,,,\nbox:b2,,gone,,,,,,,,\n", mapping)
    assert report.summary == "1 created, 0 updated, 0 unchanged, 0 errors, 1 skipped"
    assert ConfigurationItem.objects.by_address("box:b1").attributes == {}


def test_a_dry_run_shows_everything_and_writes_nothing():
    report = items(HEADER + "box:b1,,,,,8,,,,,\nbox:b2,,,,,0,,,,,\n", dry_run=True)
    assert [row.outcome for row in report.rows] == ["create", "error"]
    assert not CIType.objects.filter(key="box").exists()
    assert not ConfigurationItem.objects.exists()


def test_a_dry_run_without_errors_is_taken_back_too():
    report = items(HEADER + "box:b1,,,,,8,,,,,\n", dry_run=True)
    assert (report.summary, report.is_applied) == ("1 created, 0 updated, 0 unchanged, 0 errors", False)
    assert not CIType.objects.filter(key="box").exists()
    assert not ConfigurationItem.history.exists()


def test_history_names_the_file_as_the_reason():
    items(HEADER + "box:b1,,,,,,,,,,\n")
    assert ConfigurationItem.history.get().history_change_reason == "import boxes.csv"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("crate:b1,,,,,,,,,,", "There is no type “crate”"),
        ("b1,,,,,,,,,,", "There is no type “b1”"),
        ("box:,,,,,,,,,,", "Name:"),
        ("box:b1,,,,,many,,,,,", "Cores must be a whole number"),
        ("box:b1,,,,,0,,,,,", "Cores must be 1 or more"),
        ("box:b1,,,,,,heavy,,,,", "Weight must be a number"),
        ("box:b1,,,,,,,maybe,,,", "Spare must be yes or no"),
        ("box:b1,,,,,,,,12-31-2025,,", "bought_on: “12-31-2025” is not a date of the form %d/%m/%Y"),
        ("box:b1,,,,,,,,,,green", "Colour must be one of: red"),
        ("shelf:s1,,,,,4,,,,,", "The type “shelf” has no attribute “cores”"),
        ("box:b1,,broken,,,,,,,,", "life-cycle stage: “broken” is not one of"),
        ("box:b1,,,nobody,,,,,,,", "There is no team “nobody”"),
        ("box:b1,,,,shelf:none,,,,,,", "there is no item “shelf:none”"),
        ("box:b1,,,,box:b1,,,,,,", "cannot stand in itself"),
        ("box:b1,,,", "The row has 4 cells, the header 11"),
        ("box:" + "x" * 201 + ",,,,,,,,,,", "at most 200"),
    ],
)  # fmt: skip
def test_a_wrong_row_gets_its_reason_and_the_good_ones_are_not_written(row, words):
    report = items(HEADER + row + "\nbox:good,,,,,1,,,,,\n")
    assert words in the_error(report)
    assert not ConfigurationItem.objects.exists()


def test_a_key_twice_in_the_file_is_an_error_on_the_second():
    assert "line 2 already" in the_error(items(HEADER + "box:b1,,,,,,,,,,\nbox:b1,,,,,,,,,,\n"))


def test_an_abstract_type_has_no_items():
    make_type(key="thing", is_abstract=True)
    assert "abstract" in the_error(items(HEADER + "thing:t,,,,,,,,,,\n"))


def test_a_model_that_stands_is_not_changed_by_a_mapping():
    make_type(key="box", label="My box")
    items(HEADER + "box:b1,,,,,8,,,,,\n")
    box = CIType.objects.get(key="box")
    assert (box.label, "cores" in box.compiled_schema) == ("My box", True)


def test_statements_do_not_grow_with_rows(django_assert_max_num_queries):
    items(HEADER + "box:b0,,,,,1,,,,,\n")
    text = HEADER + "".join(f"box:b{n},new,,,,{n + 1},,,,,\n" for n in range(300))
    with django_assert_max_num_queries(16):
        assert items(text).summary == "299 created, 1 updated, 0 unchanged, 0 errors"


# Relations


@pytest.fixture
def boxes():
    items(HEADER + "box:b1,,,,,,,,,,\nshelf:s1,,,,,,,,,,\nshelf:s2,,,,,,,,,,\nshelf:s3,,,,,,,,,,\n")


@pytest.mark.usefixtures("boxes")
def test_relations_are_created_updated_and_left_alone():
    assert relations("a,b,note\nbox:b1,shelf:s1,top\n").counts["create"] == 1
    assert relations("a,b,note\nbox:b1,shelf:s1,top\n").counts["unchanged"] == 1
    assert relations("a,b,note\nbox:b1,shelf:s1,low\n").rows[0].differences == {"description": ("top", "low")}
    assert Relation.objects.get().description == "low"
    assert Relation.history.latest("history_id").history_change_reason == "import edges.csv"


@pytest.mark.usefixtures("boxes")
@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("box:b1,shelf:none,\n", "Target: there is no item “shelf:none”"),
        ("shelf:s1,box:b1,\n", "No rule allows: shelf stands_in box"),
        ("shelf:s1,shelf:s1,\n", "cannot be related to itself"),
        ("box:b1,shelf:s1,\nbox:b1,shelf:s1,\n", "line 2 already"),
        ("box:b1,shelf:s1,\nbox:b1,shelf:s2,\n", "the rule allows one"),
    ],
)
def test_a_wrong_relation_gets_its_reason(rows, words):
    assert words in the_error(relations("a,b,note\n" + rows))
    assert not Relation.objects.exists()


@pytest.mark.usefixtures("boxes")
def test_a_circle_of_containment_is_refused_row_by_row():
    relations("a,b,note\nshelf:s1,shelf:s2,\n")
    report = relations("a,b,note\nshelf:s2,shelf:s3,\nshelf:s3,shelf:s1,\nbox:b1,shelf:s1,\n")
    assert [row.outcome for row in report.rows] == ["error", "error", "create"]
    assert "would contain itself" in report.rows[0].errors[0]
    assert Relation.objects.count() == 1


@pytest.mark.usefixtures("boxes")
def test_doubles_may_be_joined_where_the_mapping_says_so():
    joining = MAP.replace("relations:\n", "relations:\n  duplicates: join\n")
    report = relations("a,b,note\nbox:b1,shelf:s1,left\nbox:b1,shelf:s1,right\n", joining)
    assert report.summary == "1 created, 0 updated, 0 unchanged, 0 errors, 1 skipped"
    assert Relation.objects.get().description == "left; right"


def test_circles_share_a_number_and_the_rest_has_none():
    found = circles({1: {2}, 2: {3}, 3: {1, 4}, 4: {5}, 5: {4}, 6: {1}})
    assert found[1] == found[2] == found[3] != found[4] == found[5]
    assert 6 not in found


# Files


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty"),
        (HEADER.encode(), "a header and no rows"),
        (b"key,note\nbox:b1,x\n", "lacks these columns of the mapping: bought, colour"),
        (HEADER.encode() + "box:b1,机箱,\n".encode("gbk"), "Line 2, byte 72 of the file (0xbb) is not utf-8"),
        (HEADER.encode() + b'box:b1,"open,,,,,,,,,\n', "Line 2: unexpected end of data"),
        (b"a,a,b\n1,2,3\n", "names a column twice: a"),
        (b"PK\x03\x04rest", "Excel workbook"),
        (b"key,no\x00te\n", "NUL"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_in_words(content, words):
    with pytest.raises(FileRefused, match=r".*") as refused:
        items(content)
    assert words in str(refused.value)


class Endless:
    """50 MB of one line, counted as it is read."""

    def __init__(self):
        self.given = 0

    def read(self, size):
        size = min(size, 50_000_000 - self.given)
        self.given += size
        return b"a" * size


def test_fifty_megabytes_of_one_line_are_refused_early():
    endless = Endless()
    with pytest.raises(FileRefused, match="longer than 1048576 characters"):
        list(rows_of(endless))
    assert endless.given < 2_000_000


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
def test_chinese_is_read_in_its_encoding(encoding):
    said = "" if encoding.startswith("utf-8") else encoding
    items((HEADER + "box:机箱一,备注,,,,,,,,,\n").encode(encoding), encoding=said)
    assert ConfigurationItem.objects.by_address("box:机箱一").description == "备注"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_and_quoted_newlines_are_read(end):
    text = (HEADER + 'box:b1,"two\nlines",,,,,,,,,\n\nbox:b2,,,,,,,,,,\n').replace("\n", end)
    report = items(text)
    assert [(row.line, row.address) for row in report.rows] == [(2, "box:b1"), (5, "box:b2")]
    assert ConfigurationItem.objects.by_address("box:b1").description == "two\nlines"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("items: [", "no valid YAML"),
        ("label: x", "neither “items” nor “relations”"),
        ("items: {}", "needs “address”"),
        ("items: {address: a, colour: b}", "does not know: colour"),
        ("items: {address: {values: {a: b}}}", "needs either “column” or “constant”"),
        ("relations: {source: a, target: b}", "“relations” needs “relation”"),
        ("delimiter: ;;\nitems: {address: a}", "“delimiter” must be one character"),
        ("[1]", "must be a document"),
    ],
)
def test_a_wrong_mapping_is_refused_in_words(text, words):
    with pytest.raises(MappingRefused) as refused:
        parse_mapping(text)
    assert words in str(refused.value)


def test_the_shipped_mappings_load_and_an_unknown_one_names_them():
    assert {"debian", "netbox", "osg"} <= set(shipped_mappings())
    for name in shipped_mappings():
        load_mapping(name)
    with pytest.raises(MappingRefused, match="one of: debian, netbox, opsledger, osg"):
        load_mapping("nothing")


def test_what_postgresql_refuses_is_said_and_nothing_is_written():
    """The identity rule knows more than the plan: the same serial under two names."""
    kind = make_type(key="box", identity_mode="enforce")
    kind.identity_rules.create(label="serial", fields=["serial"])
    make_item(type=kind, name="first", serial="SN-0001")
    mapping = MAP.replace("description: note", "serial: note", 1)
    report = items(HEADER + "box:b1,sn-0001,,,,,,,,,\n", mapping, dry_run=True)
    assert "box:first" in report.refusal
    assert report.has_errors


# The command


def test_the_command_ends_with_code_1_on_errors(tmp_path, capsys):
    file, mapping = tmp_path / "boxes.csv", tmp_path / "boxes.yaml"
    file.write_text(HEADER + "box:b1,,,,,0,,,,,\ncrate:c,,,,,,,,,,\n")
    mapping.write_text(MAP)
    with pytest.raises(CommandError) as ended:
        call_command("import_items", str(file), "--map", str(mapping), "--limit-errors", "1")
    said = capsys.readouterr().out
    assert ended.value.returncode == 1
    assert "line 2  error  box:b1" in said
    assert "1 more rows with errors" in said


def test_the_command_speaks_json(tmp_path, capsys):
    file, mapping = tmp_path / "boxes.csv", tmp_path / "boxes.yaml"
    file.write_text(HEADER + "box:b1,,,,,,,,,,\n")
    mapping.write_text(MAP)
    call_command("import_items", str(file), "--map", str(mapping), "--format", "json")
    answer = json.loads(capsys.readouterr().out)
    assert (answer["applied"], answer["summary"]["create"]) == (True, 1)
