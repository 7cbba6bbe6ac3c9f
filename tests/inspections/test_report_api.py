"""Reports over the API."""

import hashlib
import json

import pytest
from django.urls import reverse

from audit.models import SecurityEvent
from inspections.actions import reports
from inspections.guards import reports as limits
from inspections.models import ReportIssue, ReportOrder
from tests.factories import make_report_issue, make_run, make_user
from tests.inspections.papers import signed_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def engineer(client):
    user = make_user("engineer")
    client.force_login(user)
    return user


@pytest.mark.parametrize("extension", ["pdf", "xlsx", "json"])
def test_a_file_of_a_run_is_issued(client, engineer, extension):
    run = signed_run()
    answer = client.get(f"/api/inspection-runs/{run.number}/report.{extension}?language=zh-hans")
    assert answer.status_code == 200, answer.content
    issue = ReportIssue.objects.get(number=answer["X-Report-Number"])
    assert hashlib.sha256(answer.content).hexdigest() == issue.file_sha256
    assert issue.language == "zh-hans"
    again = client.get(f"/api/inspection-reports/{issue.number}/file/")
    assert again.content == answer.content
    if extension == "json":
        body = json.loads(answer.content)
        assert body["issued"]["number"] == issue.number
        assert body["record"]["conclusion"]["critical"] == 1
        assert len(body["record"]["targets"][0]["rows"]) == 4


def test_a_file_of_a_period(client, engineer):
    signed_run()
    answer = client.get("/api/inspection-reports/period.json?month=2026-11")
    assert answer.status_code == 200
    assert json.loads(answer.content)["record"]["title"] == "Monthly inspection report"
    wrong = client.get("/api/inspection-reports/period.pdf?month=2026-13")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "invalid")


def test_a_long_one_is_accepted_and_asked_for(client, engineer, monkeypatch):
    monkeypatch.setattr("inspections.actions.reports.LONG", 3)
    answer = client.get(f"/api/inspection-runs/{signed_run().number}/report.pdf")
    order = ReportOrder.objects.get()
    assert (answer.status_code, answer["Location"]) == (202, f"/api/inspection-report-orders/{order.number}/")
    assert client.get(answer["Location"]).json()["state"] == "queued"


def test_the_ledger_is_ones_own_and_the_auditors(client, engineer):
    mine, others = make_report_issue(by=engineer), make_report_issue()
    listed = client.get("/api/inspection-reports/").json()["results"]
    assert [each["number"] for each in listed] == [mine.number]
    assert client.get(f"/api/inspection-reports/{others.number}/file/").status_code == 404
    found = client.get(f"/api/inspection-reports/check/?sha256={others.file_sha256}").json()
    assert found["is_known"]
    assert found["issues"][0]["number"] == others.number
    assert not client.get(f"/api/inspection-reports/check/?sha256={'0' * 64}").json()["is_known"]
    client.force_login(make_user("reviewer"))
    assert client.get(f"/api/inspection-reports/{others.number}/file/").status_code == 403
    client.force_login(make_user("auditor"))
    assert client.get(f"/api/inspection-reports/{others.number}/file/").status_code == 200


def test_taken_out_again_it_is_an_export_too_and_never_another_file(client, engineer, monkeypatch):
    issue = make_report_issue(by=engineer)
    url = f"/api/inspection-reports/{issue.number}/file/"
    noted = SecurityEvent.objects.filter(kind="export", target=f"report {issue.number}", detail__again=True)
    assert client.get(url).status_code == 200
    assert noted.get().actor == engineer.username
    as_before = reports.as_data
    monkeypatch.setattr(reports, "as_data", lambda *given: as_before(*given) + b" ")  # as a later version may
    later = client.get(url)
    assert (later.status_code, later.json()["error"]["refusals"][0]["code"]) == (409, "updated")
    assert noted.count() == 1


def test_strangers_and_too_many_are_refused(client, engineer, monkeypatch):
    url = reverse("run-report", args=[make_run().number, "json"])
    monkeypatch.setattr(limits, "MOST", 0)
    answer = client.get(url)
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "too_many_requests")
    assert int(answer["Retry-After"]) > 60
    client.force_login(make_user())
    assert client.get(url).status_code == 403
    client.logout()
    assert client.get(url).status_code in (401, 403)
