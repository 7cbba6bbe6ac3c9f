"""The ledger of issued reports: numbers, rights, limits, amendments, and what PostgreSQL refuses."""

import hashlib
from datetime import timedelta

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from audit.models import SecurityEvent
from inspections.actions import Wanted, has_changed_since, issue_report
from inspections.guards import Refused
from inspections.guards import reports as limits
from inspections.models import ReportIssue
from tests.factories import make_report_issue, make_run, make_user
from tests.inspections.papers import amended, answered_run, signed_run

pytestmark = pytest.mark.django_db


def taken(run, by, file_format="json"):
    return issue_report(Wanted(file_format, "en", run), by=by)[0]


def test_numbers_count_within_the_month_without_a_gap():
    run, by = make_run(), make_user("engineer")
    numbers = [taken(run, by).number for _each in range(3)]
    month = f"{timezone.localtime():%Y%m}"
    first = int(numbers[0].rpartition("-")[2])
    assert numbers == [f"RP-{month}-{first + step:04d}" for step in range(3)]


def test_taking_out_is_a_security_event():
    by = make_user("auditor")
    issue = taken(make_run(), by)
    event = SecurityEvent.objects.get(kind="export", target=f"report {issue.number}")
    assert event.actor_id == by.pk
    assert event.detail["sha256"] == issue.file_sha256


def test_people_without_the_right_and_too_many_in_a_while_are_refused(monkeypatch):
    with pytest.raises(Refused):
        taken(make_run(), make_user())
    monkeypatch.setattr(limits, "MOST", 2)
    by, run = make_user("engineer"), make_run()
    taken(run, by)
    taken(run, by)
    with pytest.raises(Refused) as refused:
        taken(run, by)
    assert [each.code for each in refused.value.refusals] == ["too_many"]
    assert taken(run, make_user("engineer"))


def test_an_amendment_shows_in_the_ledger_and_the_file_stays():
    run = signed_run()
    issue = taken(run, make_user("engineer"))
    assert not has_changed_since(issue)
    amended(run)
    assert has_changed_since(ReportIssue.objects.get(pk=issue.pk))
    later = taken(run, make_user("engineer"))
    assert not has_changed_since(later)
    assert later.record_sha256 == issue.record_sha256, "the signatures' hash is that of the signed record"


@pytest.mark.parametrize(
    ("column", "value"),
    [("file_sha256", "0" * 64), ("watermark", "somebody else"), ("issued_at", timezone.now()), ("size", 1)],
)
def test_an_issued_report_never_changes(app_sql, column, value):
    issue = make_report_issue()
    with pytest.raises(psycopg.Error, match="refused"):
        app_sql.execute(f"UPDATE inspections_reportissue SET {column} = %s WHERE id = %s", [value, issue.pk])
    with pytest.raises(psycopg.Error, match="refused"):
        app_sql.execute("DELETE FROM inspections_reportissue WHERE id = %s", [issue.pk])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"issued_at": timezone.now() - timedelta(days=1)}, "issued now"),
        ({"record_sha256": "1" * 64}, "another hash than its run"),
        ({"file_sha256": "none"}, "has_a_hash"),
        ({"number": "RP-1"}, "number_shape"),
        ({"run": None}, "names_it"),
        ({"watermark": ""}, "names_a_person"),
    ],
)
def test_a_forged_row_is_refused(change, words):
    issue = make_report_issue(run=signed_run())
    row = {
        name: getattr(issue, name)
        for name in ("kind", "run", "parameters", "language", "format", "subject", "record_sha256", "data",
                     "file_sha256", "size", "made_with", "watermark", "issued_by")
    }  # fmt: skip
    forged = row | {"number": "RP-202611-9999", "issued_at": timezone.now()} | change
    with pytest.raises(IntegrityError, match=words), transaction.atomic():
        ReportIssue.objects.create(**forged)


# Pages


@pytest.fixture
def engineer(client):
    user = make_user("engineer", display_name="张三")
    client.force_login(user)
    return user


def test_a_report_opens_in_the_site_in_both_languages(client, engineer):
    run, _engineer = answered_run()
    url = reverse("inspections:report", args=[run.number])
    page = client.get(url).content.decode()
    assert "盘满了 &lt;b&gt;扩容中&lt;/b&gt;" in page
    assert "openEuler 22.03 LTS" in page
    assert "in warranty" in page
    assert "out of warranty" in page
    assert "Health score" in page
    assert client.get(url, headers={"accept-language": "zh-hans"}).status_code == 200
    client.force_login(make_user())
    assert client.get(url).status_code == 403
    client.logout()
    assert client.get(url).status_code == 302


@pytest.mark.parametrize("extension", ["pdf", "xlsx", "json"])
def test_files_come_as_downloads_with_safe_names(client, engineer, extension):
    run = signed_run()
    url = reverse("inspections:report-file", args=[run.number, extension])
    answer = client.get(f"{url}?language=zh-hans")
    assert answer.status_code == 200
    issue = ReportIssue.objects.get(file_sha256=hashlib.sha256(answer.content).hexdigest())
    assert (issue.language, issue.issued_by) == ("zh-hans", engineer)
    assert answer["X-Content-Type-Options"] == "nosniff"
    if issue.format != "page":
        assert answer["Content-Disposition"] == (
            f'attachment; filename="{issue.number}-{run.number}.{extension}"'
        )
    assert client.head(url).status_code == 405, "looking takes nothing out"
    assert client.get(reverse("inspections:report-file", args=[run.number, "exe"])).status_code == 404


def test_the_same_file_again_is_for_whom_it_names(client, engineer):
    issue = make_report_issue(by=engineer)
    again = client.get(reverse("inspections:report-issue-file", args=[issue.number]))
    assert hashlib.sha256(again.content).hexdigest() == issue.file_sha256
    other = make_report_issue(by=make_user("engineer"))
    assert client.get(reverse("inspections:report-issue", args=[other.number])).status_code == 404
    client.force_login(make_user("reviewer"))
    assert client.get(reverse("inspections:report-issue", args=[other.number])).status_code == 200
    assert client.get(reverse("inspections:report-issue-file", args=[other.number])).status_code == 302
    client.force_login(make_user("auditor"))
    assert client.get(reverse("inspections:report-issue-file", args=[other.number])).status_code == 200


def test_made_again_and_compared_on_its_page(client, engineer):
    run = signed_run()
    issue = issue_report(Wanted("xlsx", "zh-hans", run), by=engineer)[0]
    page = reverse("inspections:report-issue", args=[issue.number])
    assert "the same bytes" in client.post(page).content.decode()
    assert "was amended" not in client.get(page).content.decode()
    amended(run)
    assert "was amended" in client.get(page).content.decode()


def test_a_file_or_a_hash_is_known_or_unknown(client, engineer):
    run = signed_run()
    issue, content = issue_report(Wanted("xlsx", "en", run), by=engineer)
    page = reverse("inspections:report-check")
    sent = client.post(page, {"file": SimpleUploadedFile("any name.xlsx", content)}).content.decode()
    assert f"Issued to {engineer} on" in sent
    assert "unchanged." in sent
    changed = client.post(page, {"file": SimpleUploadedFile("a.xlsx", content + b" ")}).content.decode()
    assert "Unknown: not a file that this OpsLedger issued" in changed
    spaced = " ".join(issue.file_sha256[i : i + 8] for i in range(0, 64, 8)).upper()
    assert "Issued to" in client.post(page, {"sha256": f"sha256:{spaced}"}).content.decode()
    assert run.number in client.post(page, {"sha256": run.record_sha256}).content.decode()
    assert "The record inside report" in client.post(page, {"sha256": issue.data.sha256}).content.decode()
    assert "Choose a file" in client.post(page, {"sha256": "x"}).content.decode()


def test_the_list_shows_own_reports_filtered_and_costs_the_same(client, engineer):
    url = reverse("inspections:reports")
    assert "No report was taken out" in client.get(url).content.decode()
    mine = make_report_issue(by=engineer)
    others = make_report_issue()
    page = client.get(url).content.decode()
    assert mine.number in page
    assert others.number not in page
    assert mine.number not in client.get(f"{url}?format=pdf").content.decode()
    client.force_login(make_user("auditor"))
    assert others.number in client.get(f"{url}?q={others.number}").content.decode()


def test_beyond_the_limit_the_page_says_when_to_come_back(client, engineer, monkeypatch):
    monkeypatch.setattr(limits, "MOST", 0)
    run = make_run()
    back = client.get(reverse("inspections:report-file", args=[run.number, "json"]), follow=True)
    assert "Wait a few minutes" in back.content.decode()
