"""Past changes from a file: what each row gets for an answer, what is written, and that it stays."""

import csv
import json
import os
from datetime import timedelta
from io import BytesIO, StringIO
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from changes.actions import import_changes
from changes.imports.mapping import change_mappings, load_change_mapping, parse_change_mapping
from changes.imports.report import Warned
from changes.lead import breaches, with_lead_time
from changes.metrics import Choice, changes_behind, metric_named, report_on
from changes.models import ChangeEvent, ChangeImport, ChangeItem, ChangeRequest
from cmdb.imports.mapping import MappingRefused, shipped_mappings
from cmdb.imports.reading import FileRefused
from cmdb.models import ConfigurationItem
from tests.factories import make_change, make_item, make_user

pytestmark = pytest.mark.django_db

MAP = """
changes:
  source: Old ledger
  key: nr
  kind: {column: kind, values: {planned: normal}}
  title: what
  description: what
  start: {column: from, dates: ["%d/%m/%Y %H:%M"]}
  end: {column: to, dates: ["%d/%m/%Y %H:%M"]}
  created: {column: made, dates: ["%d/%m/%Y %H:%M"]}
  zone: Asia/Shanghai
  severity: severity
  outcome: {column: result, default: successful}
  requested_by: who
  items:
  - {column: hosts, split: ";", type: host}
  facts:
  - {column: site, label: Site, label_zh: 站点}
"""
HEADER = "nr,kind,what,from,to,made,severity,result,who,hosts,site"


def row(nr="A1", **over):
    cells = {
        "nr": nr, "kind": "planned", "what": "Patch", "from": "01/02/2020 08:00", "to": "01/02/2020 10:00",
        "made": "30/01/2020 08:00", "severity": "Outage", "result": "", "who": "", "hosts": "db01",
        "site": "North",
    } | over  # fmt: skip
    return ",".join(cells.values())


def given(*rows, mapping=MAP, encoding="utf-8", by=None, **options):
    text = "\n".join((HEADER, *rows))
    content = text if isinstance(text, bytes) else text.encode(encoding)
    return import_changes(BytesIO(content), parse_change_mapping(mapping), by=by, name="old.csv", **options)


@pytest.fixture(autouse=True)
def db01():
    return make_item(name="db01")


def test_a_row_becomes_an_ended_change_with_its_history(db01):
    report = given(row(), encoding="utf-8")
    assert (report.summary, report.is_applied) == ("1 created, 0 unchanged, 0 conflicts, 0 errors", True)
    change = ChangeRequest.objects.get()
    assert (change.state, change.outcome, change.kind, change.is_imported) == (
        "closed",
        "successful",
        "normal",
        True,
    )
    assert (change.import_source, change.import_key, change.import_severity) == ("Old ledger", "A1", "Outage")
    assert change.window.lower.isoformat() == "2020-02-01T00:00:00+00:00"  # 08:00 in Shanghai
    assert change.import_created_at.isoformat() == "2020-01-30T00:00:00+00:00"
    assert [(link.item, link.impact) for link in change.change_items.all()] == [(db01, "manual")]
    event = change.events.get()
    assert (event.event, event.source, event.target, event.actor) == (
        "record_import",
        "draft",
        "closed",
        None,
    )
    assert event.data["record"]["facts"] == [["Site", "站点", "North"]]
    assert change.history.count() >= 2  # as a draft, then as closed
    batch = ChangeImport.objects.get()
    assert (change.import_batch, batch.state, batch.written, batch.counts["create"]) == (batch, "done", 1, 1)


def test_a_dry_run_says_the_same_and_writes_nothing():
    report = given(row(), row("A2", to="01/02/2020 07:00"), dry_run=True)
    assert (report.counts["create"], report.counts["error"], report.is_applied) == (1, 1, False)
    assert not ChangeRequest.objects.exists()
    assert not ChangeImport.objects.exists()


@pytest.mark.parametrize(
    ("over", "told"),
    [
        ({"hosts": "db99"}, "There is no item “host:db99”"),
        ({"from": "2020-13-01"}, "is not a date"),
        ({"from": ""}, "“start” is missing"),
        ({"to": "31/01/2020 10:00"}, "The end lies before the start"),
        ({"kind": "huge"}, "is not one of: normal, standard, emergency"),
        ({"result": "splendid"}, "is not one of: successful"),
        ({"what": "  "}, "The title is missing"),
        ({"nr": ""}, "The key is missing"),
        ({"nr": "x" * 81}, "longer than 80"),
        ({"what": "a\x1fb\x00"}, "cannot be stored"),
        ({"from": "01/02/0001 08:00"}, "too far away"),
    ],
)
def test_what_is_wrong_is_told_for_its_row_and_nothing_is_written(over, told):
    wrong = {"what": "Patch"} | over
    if "\x00" in wrong["what"]:  # the reader refuses such a file as a whole
        with pytest.raises(FileRefused):
            given(row("B1", **over), row("B2"))
        return
    report = given(row(**({"nr": "B1"} | over)), row("B2"), row("B3", hosts="nobody"))
    assert [bool(each.errors) for each in report.rows] == [True, False, True]
    assert told in " ".join(report.rows[0].errors)
    assert not report.is_applied
    assert not ChangeRequest.objects.exists()


def test_the_same_key_twice_is_told_with_the_line_of_the_first():
    report = given(row("A1"), row("A1", what="Other"))
    assert report.rows[1].errors == ["The same key stands on line 2 already."]


def test_good_rows_stand_without_the_others_when_asked():
    report = given(row("A1"), row("A2", hosts="nobody"), skip_errors=True)
    assert (report.is_applied, report.counts["create"], report.counts["error"]) == (True, 1, 1)
    assert list(ChangeRequest.objects.values_list("import_key", flat=True)) == ["A1"]
    assert ChangeImport.objects.get().skips_errors


@pytest.mark.parametrize(
    ("over", "warned"),
    [
        ({"to": "01/02/2020 08:00"}, Warned.EMPTY_WINDOW),
        ({"to": "01/02/2021 08:00"}, Warned.LONG_WINDOW),
        ({"made": "01/02/2020 08:01"}, Warned.CREATED_AFTER_START),
        ({"what": "=1+1"}, Warned.FORMULA),
    ],
)
def test_what_is_odd_is_imported_with_a_warning(over, warned):
    report = given(row(**over))
    assert report.is_applied
    assert list(report.rows[0].warnings) == [warned]
    assert ChangeEvent.objects.get().data["warnings"] == {str(warned): []}


def test_a_window_without_length_keeps_its_moment_and_overlaps_nothing():
    given(row(to="01/02/2020 08:00"))
    change = ChangeRequest.objects.get()
    assert change.window.isempty
    assert change.actual_start_at == change.actual_end_at
    assert change.actual_start_at.isoformat() == "2020-02-01T00:00:00+00:00"
    assert not ChangeRequest.objects.overlapping(("2019-01-01", "2021-01-01")).exists()


def test_again_is_unchanged_and_a_changed_row_is_a_conflict_never_an_edit():
    given(row("A1"), row("A2"))
    assert given(row("A1"), row("A2")).summary == "0 created, 2 unchanged, 0 conflicts, 0 errors"
    report = given(row("A1", what="Something else"), row("A2"), row("A3"))
    assert report.summary == "1 created, 1 unchanged, 1 conflicts, 0 errors"
    assert report.rows[0].differences["title"] == ("Patch", "Something else")
    assert ChangeRequest.objects.get(import_key="A1").title == "Patch"


def test_the_same_key_of_another_system_is_another_change():
    given(row())
    assert given(row(), mapping=MAP.replace("Old ledger", "Older ledger")).counts["create"] == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
def test_files_in_other_encodings_and_line_ends(encoding):
    for ends in ("\n", "\r\n", "\r"):
        text = ends.join((HEADER, row(f"{encoding}{len(ends)}{ord(ends[0])}", what="数据库扩容")))
        report = import_changes(
            BytesIO(text.encode(encoding)),
            parse_change_mapping(MAP),
            by=None,
            name="x",
            encoding="" if encoding.startswith("utf-8") else encoding,
        )
        assert report.is_applied, report.as_json()
    assert set(ChangeRequest.objects.values_list("title", flat=True)) == {"数据库扩容"}


def test_unknown_items_are_warned_of_or_created_as_the_mapping_says():
    warns = MAP.replace("type: host}", "type: host, unknown: warn}")
    report = given(row(hosts="db01;gone"), mapping=warns)
    assert report.rows[0].warnings == {Warned.UNKNOWN_ITEM: ["host:gone"]}
    assert ChangeItem.objects.count() == 1
    creates = MAP.replace("type: host}", "type: host, unknown: create}")
    report = given(row("A2", hosts="db01;gone"), mapping=creates)
    assert report.new_items == ["host:gone"]
    gone = ConfigurationItem.objects.get(name="gone")
    assert (gone.lifecycle_stage, gone.change_items.count()) == ("retired", 1)


def test_people_known_here_are_the_requesters_others_have_a_stand_in():
    wei = make_user("requester")
    given(row("A1", who=wei.username.upper()), row("A2", who="Somebody"))
    found = {
        change.import_key: change.requester for change in ChangeRequest.objects.select_related("requester")
    }
    assert found["A1"] == wei
    assert (found["A2"].username, found["A2"].is_active) == ("imported", False)
    assert not found["A2"].has_usable_password()


def test_it_takes_the_right_to_import_changes():
    with pytest.raises(PermissionDenied):
        given(row(), by=make_user("engineer"))
    by = make_user("change_manager")
    assert given(row(), by=by).is_applied
    assert ChangeEvent.objects.get().actor == by
    assert ChangeRequest.objects.get().history.latest().history_user_id == by.pk


def test_the_number_of_statements_does_not_grow_with_the_rows():
    def statements(rows):
        with CaptureQueriesContext(connection) as captured:
            given(*rows)
        return len(captured)

    few = statements([row(f"A{number}") for number in range(3)])
    assert statements([row(f"B{number}") for number in range(60)]) <= few


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("items: {address: x}", "for items or relations"),
        ("changes: {source: x}", "needs: key, title, start, end"),
        (MAP.replace("Asia/Shanghai", "Mars/Base"), "no time zone"),
        (MAP.replace("unknown", "x").replace("split", "splits"), "does not know: splits"),
        (MAP.replace("type: host}", "type: host, unknown: guess}"), "“unknown” is one of"),
        (MAP.replace("source: Old ledger", "source: ''"), "names the other system"),
        ("changes: [", "no valid YAML"),
    ],
)
def test_a_mapping_that_is_none_is_refused_in_words(text, told):
    with pytest.raises(MappingRefused, match=told):
        parse_change_mapping(text)


def test_shipped_mappings_for_changes_load_and_are_not_offered_for_items():
    assert "osg_changes" in change_mappings()
    for name in change_mappings():
        load_change_mapping(name)
        assert name not in shipped_mappings()


# What was imported stays, for raw SQL as the application role too


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "deed",
    [
        "UPDATE changes_changerequest SET import_created_at = now()",
        "UPDATE changes_changerequest SET import_severity = 'none'",
        "UPDATE changes_changerequest SET import_key = 'B9'",
        "UPDATE changes_changerequest SET title = 'other'",
        "UPDATE changes_changerequest SET state = 'draft'",
        "UPDATE changes_changerequest SET actual_start_at = now()",
        "UPDATE changes_changerequest SET is_imported = false",
        "DELETE FROM changes_changerequest",
        "UPDATE changes_changeevent SET data = '{}'",
        "DELETE FROM changes_changeitem",
    ],
)
def test_nobody_edits_an_imported_change(app_sql, deed):
    given(row())
    with pytest.raises(psycopg.Error):
        app_sql.execute(deed)


# The command, and the real registry

DATA = Path(os.environ.get("OPSLEDGER_DATA") or settings.BASE_DIR.parent / "shared" / "data")
real_data = [
    pytest.mark.real_data,
    pytest.mark.skipif(
        not DATA.is_dir(), reason=f"NO REAL DATA: the folder {DATA} is absent (OPSLEDGER_DATA)"
    ),
]


def command(*words):
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def test_the_command_ends_with_an_error_and_says_that_nothing_was_written(tmp_path):
    (tmp_path / "map.yaml").write_text(MAP)
    (tmp_path / "x.csv").write_text(f"{HEADER}\n{row(hosts='nobody')}\n")
    with pytest.raises(CommandError, match="Nothing was written"):
        command("import_changes", str(tmp_path / "x.csv"), "--map", str(tmp_path / "map.yaml"))
    with pytest.raises(CommandError, match="no mapping “nothing”"):
        command("import_changes", str(tmp_path / "x.csv"), "--map", "nothing")
    said = command(
        "import_changes",
        str(tmp_path / "x.csv"),
        "--map",
        str(tmp_path / "map.yaml"),
        "--skip-errors",
        "--format=json",
    )
    assert json.loads(said)["summary"]["error"] == 1


def registry():
    call_command(
        "import_items", str(DATA / "osg/osg_cis.csv"), "--map", "osg", "--summary", stdout=StringIO()
    )


@pytest.mark.parametrize("_real", [pytest.param(None, marks=real_data)])
def test_the_downtimes_of_the_grid_are_recorded(_real):
    truth = json.loads((DATA / "truth" / "osg_changes.json").read_text())
    registry()
    words = ["import_changes", str(DATA / "osg/osg_changes.csv"), "--map", "osg_changes", "--summary"]
    assert "738 created, 0 unchanged, 0 conflicts, 0 errors" in command(*words, "--dry-run")
    assert not ChangeRequest.objects.exists()
    assert "738 created" in command(*words)
    assert "0 created, 738 unchanged, 0 conflicts, 0 errors" in command(*words)
    changes = ChangeRequest.objects.filter(state="closed", is_imported=True)
    assert changes.count() == truth["changes"]
    assert changes.filter(window__isempty=True).count() == truth["zero_or_negative_window"]
    assert changes.filter(kind="normal").count() == truth["class"]["SCHEDULED"]
    assert changes.filter(kind="emergency").count() == truth["class"]["UNSCHEDULED"]
    assert changes.filter(import_created_at=None).count() == truth["no_created"]
    for severity, count in truth["severity"].items():
        assert changes.filter(import_severity=severity).count() == count
    links = ChangeItem.objects.filter(impact="manual")
    assert links.filter(item__type__key="resource").count() == truth["ci_links"]
    warned = [event.data["warnings"] for event in ChangeEvent.objects.all()]
    assert sum("empty_window" in each for each in warned) == truth["zero_or_negative_window"]
    assert sum("created_after_start" in each for each in warned) == truth["retroactive(created after start)"]
    assert sum("long_window" in each for each in warned) == 3


@pytest.mark.parametrize("_real", [pytest.param(None, marks=real_data)])
def test_what_issue_3_shows_of_the_grid(_real, client):
    registry()
    file = str(DATA / "osg/osg_changes.csv")
    assert "738 created" in command("import_changes", file, "--map", "osg_changes", "--dry-run", "--summary")
    assert "738 created" in command("import_changes", file, "--map", "osg_changes", "--summary")
    # Lead time of the scheduled ones, in words of the list, of the page, and of the measures.
    scheduled = ChangeRequest.objects.filter(kind="normal")
    assert breaches(scheduled).count() == 103
    client.force_login(make_user("engineer"))
    counts = client.get(reverse("changes:lead-times")).context["counts"]
    assert (counts["late"], counts["in_time"]) == (103, 137)
    assert with_lead_time(ChangeRequest.objects.all()).filter(lead=None).count() == 328
    short_notice = report_on(Choice()).total["short_notice"]
    assert (short_notice.hits, short_notice.cases) == (103, 103 + 137)
    late = changes_behind(metric_named("short_notice"), Choice(), limit=1000)
    assert set(late) == set(breaches(scheduled).values_list("pk", flat=True))
    # Collisions: 13 pairs, and none more for a window that only touches one of them.
    words = ["collisions", "--from", "2016-01-01", "--to", "2023-01-01", "--same-ci", "--format", "csv"]
    found = list(csv.reader(StringIO(command(*words))))
    truth = (DATA / "truth/osg_changes_conflicts.csv").read_text(encoding="utf-8")
    expected = list(csv.reader(truth.splitlines()))
    assert len(expected) == 1 + 13
    assert [row[:4] for row in found] == [row[:4] for row in expected]
    item = ChangeRequest.objects.get(import_key=found[1][0]).change_items.filter(impact="manual")[0].item
    on_it = ChangeRequest.objects.filter(change_items__item=item)
    end, second = max(change.window.upper for change in on_it), timedelta(seconds=1)
    other = make_change(items=[item], window=(end, end + second))
    assert list(csv.reader(StringIO(command(*words)))) == found
    ChangeRequest.objects.filter(pk=other.pk).update(window=(end - second, end + second))
    assert other.number in command(*words)
