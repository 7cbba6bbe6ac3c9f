"""The files of reports: fonts embedded, the same bytes again, nothing computed in a spreadsheet."""

import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from openpyxl import load_workbook
from PIL import Image

from audit import paper
from inspections.actions import Wanted, issue_report, remade, submit_run
from inspections.actions.reports import content_of, drawn, photos_of
from inspections.models import InspectionRun, ReportIssue
from inspections.reports.document import Imprint, page_number
from inspections.reports.run import run_report
from inspections.reports.spreadsheet import as_xlsx
from tests.factories import make_evidence, make_file, make_user
from tests.inspections.papers import HOSTILE, answered_run, signed_run
from tests.paper import fonts_of, metadata_of, words_of

pytestmark = pytest.mark.django_db
needs_pango = pytest.mark.skipif(paper.printer() is None, reason="NO PANGO: install libpango-1.0-0")
ROOT = Path(__file__).resolve().parents[2]
AGAIN = """
import json, sys
import django
django.setup()
from datetime import datetime
from inspections.actions.reports import drawn
from inspections.reports.document import Imprint, page_number
given = json.load(sys.stdin)
imprint = Imprint(given["number"], given["watermark"], datetime.fromisoformat(given["at"]))
data = given["data"].encode()
sys.stdout.buffer.write(drawn(data, imprint, given["format"], {})[0])
"""


def reloaded(run):
    return InspectionRun.objects.select_related("plan", "version__template").get(pk=run.pk)


def drawn_in_another_process(issue):
    given = {
        "number": issue.number, "watermark": issue.watermark, "at": issue.issued_at.isoformat(),
        "data": content_of(issue.data).decode(), "format": issue.format,
    }  # fmt: skip
    made = subprocess.run(
        [sys.executable, "-c", AGAIN], input=json.dumps(given).encode(), capture_output=True, cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONHASHSEED": "7"},
    )  # fmt: skip
    assert made.returncode == 0, made.stderr.decode()
    return made.stdout


@needs_pango
@pytest.mark.parametrize(("language", "title"), [("en", "Inspection report"), ("zh-hans", "巡检报告")])
def test_a_report_in_each_language_has_our_font_inside_and_is_in_the_ledger(language, title):
    run, reader = reloaded(signed_run()), make_user("engineer", display_name="王五")
    issue, content = issue_report(Wanted("pdf", language, run), by=reader)
    fonts = fonts_of(content)
    assert fonts["OpsLedger-Sans"]
    assert all(fonts.values()), "every font is embedded"
    assert not any("Noto" in name for name in fonts), "nothing is taken from the system"
    words = words_of(content)
    assert title in words
    assert "盘满了 <b>扩容中</b>" in words, "what people wrote is text"
    assert f"{issue.number} · 王五 ({reader.username})" in words, "the watermark names person and time"
    assert f"{timezone.localtime(issue.issued_at):%Y-%m-%d %H:%M}" in words
    assert "李四" in words
    assert run.record_sha256 in words.replace("\n", "").replace(" ", "")
    row = ReportIssue.objects.get(file_sha256=hashlib.sha256(content).hexdigest())
    assert (row.issued_by, row.record_sha256, row.format) == (reader, run.record_sha256, "pdf")
    assert row.number.startswith(f"RP-{timezone.localtime():%Y%m}-")


@needs_pango
def test_a_rare_character_comes_from_the_system():
    run = reloaded(signed_run(comment="龘靐齉"))
    _issue, content = issue_report(Wanted("pdf", "zh-hans", run), by=make_user("engineer"))
    fonts = fonts_of(content)
    if len(fonts) == 2:
        pytest.skip("NO SYSTEM FONT with rare characters: install fonts-noto-cjk")
    assert all(fonts.values())


@pytest.mark.parametrize("file_format", ["pdf", "xlsx", "json"])
def test_the_ledger_gives_the_same_bytes_again_also_in_another_process(file_format):
    if file_format == "pdf" and paper.printer() is None:
        pytest.skip("NO PANGO: install libpango-1.0-0")
    run = reloaded(signed_run())
    issue, content = issue_report(Wanted(file_format, "zh-hans", run), by=make_user("engineer"))
    again = ReportIssue.objects.get(pk=issue.pk)
    assert hashlib.sha256(remade(again)).hexdigest() == again.file_sha256
    assert hashlib.sha256(drawn_in_another_process(again)).hexdigest() == again.file_sha256
    assert len(content) == issue.size


@needs_pango
def test_another_person_or_moment_makes_another_file():
    run = reloaded(signed_run())
    made = [issue_report(Wanted("pdf", "en", run), by=make_user("engineer"))[1] for _each in range(2)]
    assert made[0] != made[1]


@needs_pango
def test_the_record_is_attached_and_is_what_the_ledger_keeps(tmp_path):
    issue, content = issue_report(Wanted("pdf", "en", reloaded(signed_run())), by=make_user("engineer"))
    file = tmp_path / "report.pdf"
    file.write_bytes(content)
    subprocess.run(["pdfdetach", "-saveall", "-o", tmp_path, file], check=True)
    attached = (tmp_path / "record.json").read_bytes()
    assert hashlib.sha256(attached).hexdigest() == issue.data.sha256
    assert json.loads(attached)["subject"] == issue.subject
    assert "pdfaid:part" in metadata_of(content)
    words = " ".join(words_of(content).split())  # the watermark's letters may stand between any two of them
    assert "SHA-256 of the attached record" in words
    assert issue.data.sha256 in words


WITHOUT_PANGO = """
import cffi
def missing(*names, **flags):
    raise OSError("cannot load library 'libpango-1.0-0'")
import sys, types
cffi.FFI.dlopen = missing
import django
django.setup()
from datetime import datetime, UTC
from audit import paper
from inspections.actions.reports import drawn
from inspections.reports.document import Imprint, page_number
assert paper.printer() is None
data = sys.stdin.buffer.read()
imprint = Imprint("RP-202611-0001", "somebody", datetime(2026, 11, 22, tzinfo=UTC))
content, kind = drawn(data, imprint, "pdf", {})
sys.stdout.buffer.write(kind.encode() + b"\\n" + content)
sheet, kind = drawn(data, imprint, "xlsx", {})
assert kind == "xlsx" and sheet[:2] == b"PK"
"""


def test_without_pango_the_report_is_the_same_page_and_says_why():
    data = run_report(reloaded(signed_run())).as_json
    made = subprocess.run(
        [sys.executable, "-c", WITHOUT_PANGO], input=data, capture_output=True, cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"},
    )  # fmt: skip
    assert made.returncode == 0, made.stderr.decode()
    kind, _newline, page = made.stdout.partition(b"\n")
    assert kind == b"page"
    assert "libpango-1.0-0" in page.decode()
    assert "RP-202611-0001" in page.decode()
    assert "盘满了 &lt;b&gt;扩容中&lt;/b&gt;" in page.decode()


@pytest.mark.parametrize(
    "hostile",
    [HOSTILE, "+1+1", "-2+3", "@SUM(A1:A9)", "\t=1+1", "\r=1+1", "=HYPERLINK(\"http://x\")", "{=1+1}", "1e5",
     "http://example.org/x", "ftp://x", "mailto:a@b.c", "0123456789012345678", "a" * 40_000,
     "\ufffe\u202e\u0007x"],
)  # fmt: skip
def test_nothing_that_people_typed_becomes_a_formula_a_link_or_a_number(hostile):
    data = run_report(reloaded(answered_run()[0])).as_json
    record = json.loads(data)
    for target in record["targets"]:
        target["device"] |= {"name": hostile, "serial": hostile}
        for row in target["rows"]:
            row |= {"remark": hostile, "item": hostile, "abnormality": hostile, "device": hostile}
    for each in record["facts"]:
        each["text"] = hostile
    record |= {"title": hostile, "subject": hostile}
    imprint = Imprint("RP-202611-0001", hostile[:200], timezone.now())
    content = as_xlsx(json.dumps(record).encode(), imprint)
    book = load_workbook(BytesIO(content))
    cells = [cell for sheet in book for line in sheet.iter_rows() for cell in line if cell.value is not None]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    assert not [cell.coordinate for cell in cells if cell.hyperlink]
    start = re.sub("[^ -~]", "", hostile)[:3]
    found = [cell for cell in cells if isinstance(cell.value, str) and start in cell.value]
    assert found, "the text is there, as text"
    parts = zipfile.ZipFile(BytesIO(content)).namelist()
    assert not [part for part in parts if "external" in part.lower() or "macro" in part.lower()]


def test_a_workbook_can_be_worked_with():
    _issue, content = issue_report(Wanted("xlsx", "en", reloaded(signed_run())), by=make_user("engineer"))
    book = load_workbook(BytesIO(content))
    rows = book["Rows"]
    assert rows.freeze_panes == "C3"
    assert rows.auto_filter.ref.startswith("A2:")
    assert rows["A1"].value.startswith("RP-"), "the watermark stands above every sheet"
    assert rows.conditional_formatting
    head = [cell.value for cell in rows[2]]
    value = next(cell for cell in rows[4] if head[cell.column - 1] == "Value")
    assert (value.value, value.data_type) == (96, "n")
    assert {"Report", "Rows", "Findings", "Devices"} <= set(book.sheetnames)


def test_pictures_are_looked_up_once():
    assert photos_of(()) == {}
    assert (
        drawn(
            run_report(reloaded(answered_run()[0])).as_json,
            Imprint("RP-202611-0001", "x", timezone.now()),
            "json",
            {},
        )[1]
        == "json"
    )


def test_the_page_number_is_content_of_a_margin_box_in_each_language():
    assert page_number() == '"Page " counter(page) " of " counter(pages)'
    with override("zh-hans"):
        assert "\\u" not in page_number(), "CSS knows no such escapes"


@needs_pango
def test_photos_are_in_the_annex_with_their_hash(client):
    run, engineer = answered_run()
    picture = BytesIO()
    Image.new("RGB", (320, 240), "#2563eb").save(picture, "JPEG")
    target = run.targets.first()
    photo = make_evidence(target=target, taken_by=engineer, file=make_file(picture.getvalue()))
    submit_run(run, by=engineer)
    report = run_report(reloaded(run))
    assert report.photos == (photo.file.sha256,)
    assert next(row for row in report.record["targets"][0]["rows"] if row["photos"])["photos"] == [1]
    issue, content = issue_report(Wanted("pdf", "en", reloaded(run)), by=engineer)
    assert photo.file.sha256 in words_of(content).replace("\n", "").replace(" ", "")
    assert hashlib.sha256(remade(issue)).hexdigest() == issue.file_sha256
    client.force_login(engineer)
    page = client.get(reverse("inspections:report", args=[run.number])).content.decode()
    assert reverse("inspections:photo", args=[photo.op]) in page
