"""Inspections over the API: the same rules, one shape of error."""

import uuid

import pytest

from inspections.actions import submit_run
from inspections.models import InspectionPlan
from tests.factories import make_answer, make_finding, make_plan, make_run, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def engineer(client):
    user = make_user("engineer")
    client.force_login(user)
    return user


def post(client, url, **body):
    return client.post(url, body, content_type="application/json")


def test_a_run_from_answers_to_signature(client, engineer):
    run = make_run()
    url = f"/api/inspection-runs/{run.number}/"
    detail = client.get(url).json()
    place = {"target": detail["targets"][0]["id"], "item": detail["items"][0]["id"]}
    answer = {"op": str(uuid.uuid4()), "value": "96"} | place
    refused = post(client, f"{url}submit/").json()["error"]
    assert refused["code"] == "refused"
    assert {each["code"] for each in refused["refusals"]} == {"state", "unanswered"}
    for replayed in (False, True):
        result = post(client, f"{url}answers/", answers=[answer | {"comment": "full"}]).json()[0]
        assert (result["replayed"], result["answer"]["severity"]) == (replayed, "crit")
    assert post(client, f"{url}submit/").json()["state"] == "submitted"
    own = post(client, f"{url}sign/")
    assert own.status_code == 409
    assert {each["code"] for each in own.json()["error"]["refusals"]} == {"right", "took_part"}
    client.force_login(make_user("reviewer"))
    assert post(client, f"{url}sign/", seen_sha256="0" * 64).status_code == 409
    assert post(client, f"{url}sign/").json()["state"] == "signed"
    assert post(client, f"{url}return/", comment="late thought").status_code == 409
    assert len(client.get(f"{url}answers/").json()) == 1


def test_a_client_cannot_send_a_severity(client, engineer):
    run = make_run()
    target, item = run.targets.get(), run.version.items.get()
    body = {"op": str(uuid.uuid4()), "target": target.pk, "item": item.pk, "value": "96", "severity": "ok"}
    result = post(client, f"/api/inspection-runs/{run.number}/answers/", answers=[body]).json()[0]
    assert result["answer"]["severity"] == "crit"


def test_people_without_the_right_are_refused(client):
    run = make_answer("20").target.run
    for role, status in (("", 403), ("auditor", 409), ("requester", 409)):
        client.force_login(make_user(role))
        assert post(client, f"/api/inspection-runs/{run.number}/submit/").status_code == status


def test_findings_are_followed_up(client, engineer):
    finding = make_finding()
    url = f"/api/findings/{finding.number}/"
    assert client.get("/api/findings/?state=open").json()["results"][0]["number"] == finding.number
    assert post(client, f"{url}steps/", event="acknowledge").json()["state"] == "acknowledged"
    assert post(client, f"{url}steps/", event="mark_fixed").status_code == 409
    assert post(client, f"{url}steps/", event="accept_risk", comment="x").status_code == 409
    assert post(client, f"{url}steps/", event="verify").status_code == 400
    number = post(client, f"{url}change/").json()["change_number"]
    assert number.startswith("CHG-")
    assert post(client, f"{url}change/").status_code == 409


def test_plans_are_edited_by_who_defines_inspections(client, engineer):
    plan = make_plan()
    url = f"/api/inspection-plans/{plan.pk}/"
    assert client.patch(url, {"due_minutes": 90}, "application/json").status_code == 403
    client.force_login(make_user("reviewer"))
    assert client.patch(url, {"due_minutes": 90}, "application/json").json()["due_minutes"] == 90
    answer = client.patch(url, {"rrule": "FREQ=SECONDLY", "scope": {"colour": 1}}, "application/json")
    assert answer.status_code == 400
    assert client.patch(url, {"is_enabled": False}, "application/json").json()["is_enabled"] is True
    assert post(client, f"{url}disable/", reason="").status_code == 400
    assert post(client, f"{url}disable/", reason="moved").json()["is_enabled"] is False
    assert post(client, f"{url}enable/").json()["is_enabled"] is True
    assert InspectionPlan.objects.get().disabled_reason == ""


def test_versions_are_drafted_edited_published(client):
    client.force_login(make_user("reviewer"))
    template = make_plan().template
    draft = post(client, f"/api/check-lists/{template.pk}/draft/").json()
    item = f"/api/check-list-items/{draft['items'][0]['id']}/"
    assert client.patch(item, {"crit_high": "99"}, "application/json").status_code == 200
    published = post(client, f"/api/check-list-versions/{draft['id']}/publish/", comment="99").json()
    assert (published["state"], published["changelog"]) == ("published", "99")
    frozen = client.patch(item, {"crit_high": "1000"}, "application/json")
    assert (frozen.status_code, frozen.json()["error"]["code"]) == (409, "refused")


def test_runs_are_filtered(client, engineer):
    answer = make_answer("20")
    submit_run(answer.target.run, by=answer.answered_by)
    make_run()
    found = client.get(f"/api/inspection-runs/?state=submitted&targets__ci={answer.ci_id}").json()
    assert [run["number"] for run in found["results"]] == [answer.target.run.number]
    assert client.get("/api/inspection-runs/?colour=red").status_code == 400
