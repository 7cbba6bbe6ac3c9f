"""The list of findings: filters, pages by key, files without formulas; its deeds by page and API."""

import csv
import io

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from changes.actions import take_step
from config.after_changes import fix_findings
from inspections import backlog
from inspections.actions import acknowledge_finding, link_change
from inspections.models import Finding
from tests.changes.journey import Cast, draft, to_verifying, verify
from tests.factories import make_finding, make_item, make_target, make_user

pytestmark = pytest.mark.django_db
LIST = "/inspections/findings/"


@pytest.fixture
def engineer(client):
    user = make_user("engineer")
    client.force_login(user)
    return user


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, 2), ({"state": "acknowledged"}, 1), ({"state": "all"}, 2), ({"severity": "warn"}, 0),
        ({"severity": "crit"}, 2), ({"mine": "1"}, 1), ({"unowned": "1"}, 1), ({"overdue": "1"}, 0),
        ({"recurring": "1"}, 0), ({"age": "today"}, 2), ({"age": "older"}, 0), ({"owner": "x"}, 2),
        ({"team": "99999999999999999999"}, 0), ({"type": "host"}, 2), ({"type": "none"}, 0), ({"q": "%"}, 0),
    ],
)  # fmt: skip
def test_each_filter_finds_its_own(asked, found):
    user = make_user("engineer")
    acknowledge_finding(make_finding(), by=user)
    make_finding()
    assert backlog.narrowed(Finding.objects.all(), asked, user).count() == found


@pytest.mark.parametrize("sort", backlog.SORTS)
def test_pages_by_key_show_each_once(sort, monkeypatch):
    monkeypatch.setattr(backlog, "PAGE_SIZE", 2)
    wanted = {make_finding().pk for _each in range(5)}
    seen, after = [], ""
    while True:
        rows, after = backlog.page_of(Finding.objects.all(), sort, after)
        seen += [row.pk for row in rows]
        if not after:
            break
    assert sorted(seen) == sorted(wanted)
    rows, _after = backlog.page_of(Finding.objects.all(), sort, "rubbish~x~y")
    assert len(rows) == 2


def test_the_list_costs_the_same_for_one_and_for_six(client, engineer, django_assert_max_num_queries):
    for count in (1, 5):
        for _each in range(count):
            make_finding()
        with django_assert_max_num_queries(14):
            assert client.get(LIST).status_code == 200


@pytest.mark.parametrize("name", ["=1+1", "+A1", "-2", "@x"])
def test_files_hold_no_formula(client, engineer, name):
    finding = make_finding()
    type(finding.ci).objects.filter(pk=finding.ci_id).update(name=name)
    text = b"".join(client.get(f"{LIST}export.csv").streaming_content).decode("utf-8-sig")
    row = list(csv.reader(io.StringIO(text)))[1]
    assert (row[0], row[2]) == (finding.number, f"'{name}")
    book = load_workbook(io.BytesIO(b"".join(client.get(f"{LIST}export.xlsx").streaming_content)))
    cell = book.active["C2"]
    assert (cell.value, cell.data_type) == (name, "s")


def test_what_was_typed_comes_back_with_the_reasons(client, engineer):
    finding = make_finding()
    url = reverse("inspections:finding", args=[finding.number])
    answer = client.post(url, {"step": "accept_risk", "until": "2099-01-01", "comment": "we live with it"})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "we live with it" in page
    assert "data-open" in page
    wrong = client.post(url, {"step": "mark_duplicate", "of": "FD-999999", "comment": "same as ever"})
    assert wrong.status_code == 400
    assert "same as ever" in wrong.content.decode()


@pytest.mark.parametrize("role", ["auditor", "board_member", "asset_manager"])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("steps", {"event": "acknowledge"}), ("steps", {"event": "mark_fixed", "comment": "x"}),
        ("deadline", {"due_at": "2099-01-01T00:00:00Z", "comment": "x"}), ("recheck", {}),
    ],
)  # fmt: skip
def test_wrong_roles_are_refused(client, role, path, body):
    finding = make_finding()
    client.force_login(make_user(role))
    answer = client.post(f"/api/findings/{finding.number}/{path}/", body, content_type="application/json")
    assert answer.status_code == 409
    assert "right" in {each["code"] for each in answer.json()["error"]["refusals"]}


def test_the_api_does_every_deed(client, engineer):
    finding, other = make_finding(), make_user("engineer")
    url = f"/api/findings/{finding.number}/"

    def post(path, **body):
        return client.post(f"{url}{path}/", body, content_type="application/json")

    assert post("steps", event="acknowledge").json()["owner"] == engineer.pk
    assert post("owner", owner=other.pk, comment="on leave").json()["owner"] == other.pk
    assert post("comments", comment="look at the fan").status_code == 200
    assert post("steps", event="mark_fixed", comment="new fan").json()["state"] == "fixed"
    assert post("recheck").json()["run"].startswith("XJ-")
    kinds = [each["kind"] for each in client.get(f"{url}events/").json()]
    assert kinds == ["step", "step", "owner", "comment", "step", "recheck"]


def test_policies_are_edited_by_who_defines_inspections(client, engineer):
    row = client.get("/api/finding-policies/").json()["results"][0]
    url = f"/api/finding-policies/{row['id']}/"
    assert client.patch(url, {"fix_minutes": 999}, "application/json").status_code == 403
    client.force_login(make_user("reviewer"))
    assert client.patch(url, {"fix_minutes": 9999}, "application/json").json()["fix_minutes"] == 9999
    assert client.patch(url, {"fix_minutes": 1}, "application/json").status_code == 400
    assert client.post("/api/finding-policies/", {}, "application/json").status_code == 405


def test_a_verified_change_has_fixed_its_findings_by_its_implementer():
    cast, item = Cast(), make_item(serial="OLD")
    change = draft(cast, item=item)
    finding = link_change(make_finding(target=make_target(cis=[item])), change, by=make_user("engineer"))
    to_verifying(cast, change)
    verify(cast, change)
    take_step(change, "verified", by=cast.verifier)
    for _heard in range(2):  # after the commit, which a test has not; heard twice, nothing new
        fix_findings(change.events.get(event="verified"))
    finding.refresh_from_db()
    assert (finding.state, finding.fixed_by) == ("fixed", cast.implementer)
    assert finding.events.filter(target_state="fixed", kind="step").count() == 1
