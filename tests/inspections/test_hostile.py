"""Hostile files, numbers and days: refused in words, never a fault; raw SQL against what guards forgot."""

import io
import time
import zipfile
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from inspections import interchange
from inspections.actions import ensure_starter_templates, start_run, submit_run
from inspections.models import Alert, Answer, ChecklistTemplate, Finding, InspectionRun, MachineReading
from inspections.perfdata import parse_perfdata
from tests.factories import (
    make_answer,
    make_calendar,
    make_item,
    make_plan,
    make_run,
    make_shift,
    make_user,
)
from tests.inspections.readings import Program, watch
from tests.inspections.test_attacks import refused
from tests.inspections.test_interchange import upload
from tests.inspections.test_sync import ITEMS, answer, body, send

pytestmark = pytest.mark.django_db
HEAD = "key: rack\nlabel: Rack\nlabel_zh: R\nitems:\n"
SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    '<row r="1">{}</row></sheetData></worksheet>'
)
BOMB = "a: &a [x,x,x]\\nb: &b [*a,*a,*a]\\ntype__in: [*b,*b,*b]"


@pytest.mark.parametrize(
    "text",
    [
        HEAD.replace("label: Rack", 'label: "a\\0b"') + "  - {key: a, label: D}\n",
        HEAD.replace("key: rack", 'key: "a\\0b"') + "  - {key: a, label: D}\n",
        HEAD + '  - {key: a, label: "D\\ud800"}\n',
        HEAD + '  - {key: a, label: D, kind: choice, choices: [{value: "x\\0", label: y, severity: ok}]}\n',
        HEAD + f'  - {{key: a, label: D, applies_if: "{BOMB}"}}\n',
        HEAD + f'  - {{key: a, label: D, applies_if: "{"[" * 5000}"}}\n',
        HEAD + '  - {key: a, label: D, applies_if: "type: 2026-13-45"}\n',
        HEAD + "  - {key: a, label: D, applies_if: {type: 2026-01-01}}\n",
        HEAD + "  - {key: a, label: D, applies_if: {name: .nan}}\n",
        HEAD + "  - {key: a, label: D, applies_if: {1: 2}}\n",
        HEAD + '  - {key: a, label: D, applies_if: {name: "\\0"}}\n',
        HEAD + '  - {key: a, label: D, applies_if: "name: \\"\\\\0\\""}\n',
    ],
)
def test_what_yaml_can_hold_and_postgresql_cannot_is_said(client, text):
    client.force_login(make_user("reviewer"))
    assert upload(client, text.encode()).status_code == 400
    assert not ChecklistTemplate.objects.exists()


@pytest.mark.parametrize(
    "cell",
    [
        "<c", '<c r="A1" t="n"><v>abc</v></c>', '<c r="A1" t="d"><v>zzz</v></c>',
        '<c r="A1" t="s"><v>99999</v></c>', '<c r="ZZZZZZZ1" t="n"><v>1</v></c>',
    ],
)  # fmt: skip
def test_a_sheet_that_breaks_while_it_is_read_is_refused(client, cell):
    client.force_login(make_user("reviewer"))
    template = ensure_starter_templates()[0]
    good = interchange.as_workbook(template, list(template.versions.get().items.all()))
    bad = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(good)) as source, zipfile.ZipFile(bad, "w") as target:
        for name in source.namelist():
            is_items = name.endswith("sheet2.xml")
            target.writestr(name, SHEET.format(cell) if is_items else source.read(name))
    page = upload(client, bad.getvalue(), "list.xlsx")
    assert page.status_code == 400
    assert "cannot be read" in page.content.decode()


def test_days_at_the_ends_of_the_calendar_and_files_sent_back_wrong(client):
    client.force_login(make_user("reviewer"))
    shift, calendar = make_shift(), make_calendar()
    ends = [("day", "9999-12-31"), ("day", "0001-01-01"), ("month", "9999-12")]
    pages = ["list", "rota", "report-period", "figures", "heat"]
    for page in pages:
        for name, value in [*ends, ("until", "9999-12-31"), ("since", "0001-01-01")]:
            shown = client.get(reverse(f"inspections:{page}"), {name: value})
            assert shown.status_code in (200, 302), (page, name, value)
    for url in (reverse("inspections:rota"), reverse("inspections:calendar", args=[calendar.key])):
        given = {"kept": "é", "shift": shift.key, "load": "1", "step": "load"}
        assert client.post(url, given).status_code == 400


@pytest.mark.parametrize("value", ["999999999999999999.9999999", "-999999999999999999.9999999"])
def test_a_number_that_is_too_large_when_rounded_harms_no_other_row(value):
    ci, program, now = make_item(), Program(), timezone.now().isoformat()
    rows = [
        {"ci": ci.pk, "metric": "m", "value": each, "observed_at": now, "external_id": each}
        for each in ("1", value)
    ]
    told = program.post(rows)
    assert told.status_code == 200
    assert [each["code"] for each in told.json()["results"]] == ["", "value"]
    assert MachineReading.objects.count() == 1


@pytest.mark.parametrize("text", ["a" * 40_000, "'" + "a" * 40_000, "a=" + "1" * 40_000 + "x1"])
def test_no_plugin_output_keeps_the_server_busy(text):
    began = time.perf_counter()
    assert parse_perfdata(text)[1]
    assert time.perf_counter() - began < 1


def test_one_alert_from_the_end_of_time_harms_no_other():
    now = timezone.now().isoformat()
    good = {"status": "firing", "labels": {"alertname": "X"}, "startsAt": now, "fingerprint": "a"}
    bad = good | {"startsAt": "9999-12-31T23:59:59-23:00", "fingerprint": "b"}
    ended = good | {"status": "resolved", "endsAt": "9999-12-31T23:59:59-23:00", "fingerprint": "c"}
    program = Program("alertmanager")
    told = program.post({"version": "4", "alerts": [good, bad, ended]}, "/api/readings/alertmanager/")
    assert [each["status"] for each in told.json()["results"]] == ["new", "error", "new"]
    assert Alert.objects.count() == 2


def test_lateness_is_not_waived_by_a_submission_that_never_was():
    run, user = make_run(), make_user("engineer")
    assert not refused(
        "UPDATE inspections_inspectionrun SET state = 'in_progress', started_by_id = %s, "
        "submitted_by_id = %s, submitted_at = '2020-01-01', completed_at = '2020-01-01' WHERE id = %s",
        user.pk, user.pk, run.pk,
    )  # fmt: skip
    assert not refused(
        "INSERT INTO inspections_inspectionrun SELECT (jsonb_populate_record(r, jsonb_build_object("
        "'id', 999999, 'number', 'X', 'group_key', 'x', 'state', 'open', 'submitted_at', '2020-01-01'))).* "
        "FROM inspections_inspectionrun r WHERE id = %s",
        run.pk,
    )
    told = InspectionRun.objects.values_list("submitted_at", "submitted_by", "completed_at")
    assert set(told) == {(None, None, None)}


def test_a_round_is_done_when_its_last_answer_was_observed(client):
    client.force_login(make_user("engineer"))
    run = make_run(items=ITEMS)
    assert answer(client, run).status_code == answer(client, run, "pass", "lamp").status_code == 201
    early = run.created_at.isoformat()
    assert send(client, body("submit", run, {"seen": 2}, made_at=early)).status_code == 201
    run.refresh_from_db()
    assert run.completed_at == max(Answer.objects.values_list("observed_at", flat=True))


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE inspections_runtarget SET result = 'not_present', reason = ' ', marked_by_id = %s ",
        "UPDATE inspections_runtarget SET result = 'fine', reason = 'x', marked_by_id = %s ",
    ],
)
def test_a_target_is_passed_over_for_a_reason_and_in_known_ways(sql):
    run, user = make_run(), make_user("engineer")
    start_run(run, by=user)
    assert refused(sql + "WHERE run_id = %s", user.pk, run.pk)


def test_a_blank_is_no_reason_to_disable_a_plan():
    sql = "UPDATE inspections_inspectionplan SET is_enabled = false, disabled_reason = ' ', "
    assert refused(sql + "disabled_by_id = %s WHERE id = %s", make_user().pk, make_plan().pk)


def test_nothing_is_observed_before_the_run_was_there():
    run, user = make_run(), make_user("engineer")
    old = make_answer(target=run.targets.get(), by=user, observed_at=timezone.now() - timedelta(days=3000))
    assert timezone.now() - old.observed_at < timedelta(minutes=1)  # counts as of its receipt
    other = make_run()
    start_run(other, by=user)
    columns = [
        field.column for field in Answer._meta.concrete_fields
        if field.name not in ("id", "target", "item", "op", "observed_at")
    ]  # fmt: skip
    names = ", ".join(f'"{column}"' for column in columns)
    assert refused(
        f"INSERT INTO inspections_answer (target_id, item_id, op, observed_at, {names}) "
        f"SELECT %s, %s, gen_random_uuid(), '2001-01-01', {names} FROM inspections_answer WHERE id = %s",
        other.targets.get().pk, other.version.items.get().pk, old.pk,
    )  # fmt: skip


def test_a_finding_is_lifted_by_proof_about_itself_alone():
    answer = make_answer("86", comment="x")
    finding = make_finding_of(answer)
    sql = "UPDATE inspections_finding SET count = count + 1, {} WHERE id = %s"
    assert refused(sql.format("severity = 'crit'"), finding.pk)
    assert refused(sql.format("last_answer_id = %s"), make_answer().pk, finding.pk)


def make_finding_of(answer):
    submit_run(answer.target.run, by=answer.answered_by)
    return Finding.objects.get(first_answer=answer)


def test_nobody_verifies_their_own_fix_with_a_token_of_their_own():
    ci, program = make_item(), Program()
    watch(ci, good_readings=1)
    program.says(ci, 99)
    finding = Finding.objects.get()
    fixer = program.source.account
    Finding.objects.filter(pk=finding.pk).update(
        state="fixed", state_by=fixer, state_comment="by my own word", fixed_at=finding.opened_at
    )
    program.says(ci, 20, minutes=0)
    finding.refresh_from_db()
    assert finding.state == "fixed"
    other = Program()
    other.says(ci, 20, minutes=0)
    finding.refresh_from_db()
    assert finding.state == "verified"
