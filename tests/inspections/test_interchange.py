"""Check lists as files: the way out and back changes nothing, and nothing is written with a fault in it."""

import io
import zipfile

import pytest
import xlsxwriter
import yaml
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import load_workbook

from accounts.roles import RightMissing
from inspections.actions import draft_version, ensure_starter_templates, import_checklist
from inspections.interchange import FileRefused, as_workbook, as_yaml, read
from inspections.models import ChecklistTemplate, TemplateItem, TemplateVersion
from tests.factories import make_checklist_item, make_file, make_plan, make_user, make_version

pytestmark = pytest.mark.django_db
WRITERS = {"yaml": as_yaml, "xlsx": as_workbook}
HOSTILE = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "http://evil.example",
    "'quoted",
    "a | b \\| c",
    "\ttab",
]


def exported(template, write):
    return write(template, list(template.versions.order_by("-number").first().items.all()))


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_every_starter_list_goes_out_and_comes_back_unchanged(write):
    chief = make_user("reviewer")
    for template in ensure_starter_templates():
        done = import_checklist(read(exported(template, write)), by=chief)
        assert done.faults == []
        assert done.is_unchanged, (template.key, done.comparison)
        assert template.versions.count() == 1


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_a_list_goes_to_another_house(write):
    chief = make_user("reviewer")
    ensure_starter_templates()
    room = ChecklistTemplate.objects.get(key="machine-room")
    content = exported(room, write).replace(b"machine-room", b"cold-room")
    if write is as_workbook:
        ChecklistTemplate.objects.filter(pk=room.pk).update(key="cold-room")
        room.refresh_from_db()
        content = exported(room, write)
        ChecklistTemplate.objects.filter(pk=room.pk).update(key="machine-room")
    done = import_checklist(read(content), by=chief)
    assert (done.is_new, done.version.state) == (True, "draft")
    assert [item.key for item in done.version.items.all()] == [
        item.key for item in room.versions.get().items.all()
    ]
    again = import_checklist(read(content), by=chief)
    assert again.is_unchanged


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_hostile_texts_stay_texts(write):
    version = make_version()
    for n, text in enumerate(HOSTILE):
        make_checklist_item(version=version, key=f"k{n}", label=text, help_text=text, position=n)
    choices = [{"value": "a", "label": HOSTILE[6], "severity": "ok"}, {"value": "b", "severity": "crit"}]
    make_checklist_item(version=version, key="choice", kind="choice", choices=choices, position=99)
    content = exported(version.template, write)
    if write is as_workbook:
        cells = [
            cell for sheet in load_workbook(io.BytesIO(content)) for row in sheet.iter_rows() for cell in row
        ]
        assert {cell.data_type for cell in cells} <= {"s", "n"}
        assert not any(cell.hyperlink for cell in cells)
        assert {*HOSTILE} <= {cell.value for cell in cells}
    rows = {row.cells["key"]: row.cells for row in read(content).rows}
    assert [rows[f"k{n}"]["label"] for n in range(len(HOSTILE))] == HOSTILE
    done = import_checklist(read(content), by=make_user("reviewer"), dry_run=True)
    assert [change.item.key for change in done.comparison.changed] in (
        [],
        ["k7"],
    )  # spaces around are taken off


def test_every_fault_of_every_row_is_said_and_nothing_is_written():
    text = """
key: rack
label: Rack
colour: red
ci_type: moon
items:
  - {key: a, label: A, kind: number, warn_high: lots}
  - {key: a, label: B, kind: number, warn_high: 90, crit_high: 80}
  - {key: c, label: C, kind: choice, choices: [{value: x, severity: ok}]}
  - {key: d, label: yes, kind: text}
  - {key: e, label: E, kind: dance}
  - {key: f, label: F, applies_if: {moon: full}, is_required: maybe}
  - just text
"""
    done = import_checklist(read(text.encode()), by=make_user("reviewer"))
    found = {(fault.place, fault.column) for fault in done.faults}
    assert found >= {
        ("check list", "colour"), ("check list", "ci_type"), ("item 1", "warn_high"), ("item 2", "crit_high"),
        ("item 2", "key"), ("item 3", "choices"), ("item 4", "label"), ("item 5", "kind"),
        ("item 6", "applies_if"), ("item 6", "is_required"), ("item 7", ""),
    }  # fmt: skip
    assert not ChecklistTemplate.objects.exists()
    assert not TemplateItem.objects.exists()


def test_a_file_changes_the_draft_and_never_the_published_version():
    chief = make_user("reviewer")
    template = make_plan(items=[{"key": "a", "label": "A"}, {"key": "b", "label": "B"}]).template
    published = template.versions.get()
    document = yaml.safe_load(exported(template, as_yaml))
    document["items"] = [{"key": "c", "label": "C"}, document["items"][0] | {"label": "Better"}]
    content = yaml.safe_dump(document).encode()
    dry = import_checklist(read(content), by=chief, dry_run=True)
    assert ([i.key for i in dry.comparison.added], [i.key for i in dry.comparison.removed]) == (["c"], ["b"])
    assert template.versions.count() == 1
    done = import_checklist(read(content), by=chief)
    assert [(item.key, item.label) for item in done.version.items.all()] == [("c", "C"), ("a", "Better")]
    assert (done.version.state, done.version.number) == ("draft", 2)
    assert [item.key for item in published.items.all()] == ["a", "b"]
    assert import_checklist(read(content), by=chief).is_unchanged


def workbook(cell):
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        book.add_worksheet("check list").write_row(0, 0, ["key", "x"])
        sheet = book.add_worksheet("items")
        sheet.write_row(0, 0, ["key", "label"])
        cell(sheet)
    return buffer.getvalue()


def bomb():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (30 << 20))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe\x00\x01", "neither YAML"), (b"[1, 2", "no YAML"), (b"just words", "needs key, label"),
        (b"key: a\nlabel: &x y\nitems: [*x]", "References"), (b"PK\x03\x04broken", "cannot be read"),
        (b"!!python/object:os.system {}", "no YAML"), (b"x" * (2 << 20), "larger than 1 MB"),
        (b"[" * 5000, "no YAML"), (bomb, "unpacks to more"),
        (lambda: workbook(lambda sheet: sheet.write_formula(1, 1, "=1+1")), "formula"),
        (lambda: b"key: a\nlabel: b\nitems:\n" + b"- {key: x}\n" * 501, "more than 500"),
    ],
)  # fmt: skip
def test_files_that_are_no_check_list_are_refused_in_words(content, words):
    with pytest.raises(FileRefused) as refused:
        read(content() if callable(content) else content)
    assert words in str(refused.value)


def upload(client, content, name="list.yaml"):
    file = SimpleUploadedFile(name, content)
    return client.post(reverse("inspections:checklist-import"), {"file": file})


def test_the_page_shows_first_and_writes_exactly_what_it_showed(client):
    client.force_login(make_user("reviewer"))
    text = b"key: rack\nlabel: Rack\nlabel_zh: \xe6\x9c\xba\xe6\x9f\x9c\nitems:\n  - {key: a, label: Dust}\n"
    page = upload(client, text)
    assert page.status_code == 200
    assert "Dust" in page.content.decode()
    assert not ChecklistTemplate.objects.exists()
    answer = client.post(reverse("inspections:checklist-import"), {"shown": page.context["shown"]})
    assert answer.status_code == 302
    assert TemplateVersion.objects.get().items.get().label == "Dust"
    wrong = upload(client, text.replace(b"key: a,", b"key: a b,"))
    assert wrong.status_code == 400
    assert "1 fault; nothing was written" in wrong.content.decode()
    assert upload(client, b"words").status_code == 400


def test_only_a_file_that_this_person_uploaded_as_a_check_list_is_imported(client):
    text = b"key: secret\nlabel: What others attached\nitems:\n  - {key: a, label: Dust}\n"
    kept = make_file(text)
    client.force_login(make_user("reviewer"))
    url = reverse("inspections:checklist-import")
    assert client.post(url, {"sha256": kept.sha256}).status_code == 400
    for forged in (kept.sha256, str(kept.pk), signing.dumps(kept.pk), signing.dumps([kept.pk, 0])):
        assert client.post(url, {"shown": forged}).status_code == 404
    assert client.post(url, {"shown": "\x00"}).status_code == 400
    shown = upload(client, text).context["shown"]
    client.force_login(make_user("reviewer"))
    assert client.post(url, {"shown": shown}).status_code == 404
    assert not ChecklistTemplate.objects.exists()


@pytest.mark.parametrize("file_format", WRITERS)
def test_the_export_is_a_file_for_everybody_who_reads(client, file_format):
    client.force_login(make_user("auditor"))
    version = make_plan().template.versions.get()
    url = reverse("inspections:checklist-export", args=[version.template.key, version.number, file_format])
    answer = client.get(url)
    assert answer.status_code == 200
    assert f"-v1.{file_format}" in answer["Content-Disposition"]
    assert read(answer.content).rows[0].cells["key"] == version.items.get().key


def test_others_import_nothing():
    document = read(b"key: rack\nlabel: Rack\nitems:\n  - {key: a, label: Dust}\n")
    for role in ("engineer", "auditor", "configuration_manager"):
        with pytest.raises(RightMissing):
            import_checklist(document, by=make_user(role))


def test_a_draft_begun_by_hand_is_taken_over():
    chief = make_user("reviewer")
    template = make_plan(items=[{"key": "a", "label": "A"}]).template
    draft = draft_version(template, by=chief)
    make_checklist_item(version=draft, key="z")
    content = exported(template, as_yaml).replace(b"label: A", b"label: AA")
    done = import_checklist(read(content), by=chief)
    assert done.version == draft
    assert sorted((item.key, item.label) for item in draft.items.all())[0] == ("a", "AA")
