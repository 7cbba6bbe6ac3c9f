"""The pages: filling in by script and by plain form, signing, following up."""

import json
import uuid

import pytest
from django.urls import reverse

from changes.models import ChangeRequest
from inspections.models import Answer, Finding, InspectionRun
from tests.factories import make_answer, make_finding, make_item, make_plan, make_run, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def engineer(client):
    user = make_user("engineer")
    client.force_login(user)
    return user


@pytest.fixture
def run():
    items = [
        {"key": "disk", "kind": "number", "decimals": 1, "warn_high": 85, "crit_high": 95},
        {"key": "lamp", "kind": "pass_fail", "is_na_allowed": True},
    ]
    return make_run(items=items)


def page_of(run):
    return reverse("inspections:run", args=[run.number])


def send(client, run, value="20", key="disk", **more):
    target = run.targets.get()
    item = run.version.items.get(key=key)
    answer = {"op": str(uuid.uuid4()), "target": target.pk, "item": item.pk, "value": value} | more
    url = reverse("inspections:answers", args=[run.number])
    return client.post(url, json.dumps({"answers": [answer]}), "application/json")


@pytest.mark.parametrize("name", ["list", "findings"])
def test_lists_open_for_who_may_see(client, engineer, name):
    make_finding()
    assert client.get(reverse(f"inspections:{name}")).status_code == 200


def test_strangers_are_sent_to_log_in_and_role_less_people_refused(client, run):
    assert client.get(page_of(run)).status_code == 302
    assert client.post(page_of(run), {"step": "submit"}).status_code == 302
    assert send(client, run).status_code == 401
    client.force_login(make_user())
    assert client.get(page_of(run)).status_code == 403
    assert send(client, run).status_code in (403, 409)
    assert not Answer.objects.exists()


def test_a_card_saves_itself_and_says_how_bad_it_is(client, engineer, run):
    result = send(client, run, "85").json()["results"][0]
    assert (result["severity"], result["tone"], result["needs_comment"]) == ("warn", "warn", True)
    result = send(client, run, "85", comment="log files").json()["results"][0]
    assert result["has_comment"] is True
    run.refresh_from_db()
    assert (run.state, run.started_by) == ("in_progress", engineer)


def test_the_same_operation_twice_is_one_answer(client, engineer, run):
    op = str(uuid.uuid4())
    first = send(client, run, "20", op=op).json()["results"][0]
    again = send(client, run, "20", op=op).json()["results"][0]
    assert (first["replayed"], again["replayed"]) == (False, True)
    other = send(client, run, "21", op=op).json()["results"][0]
    assert other["code"] == "key_reused"
    assert Answer.objects.count() == 1


def test_bad_input_is_refused_in_words(client, engineer, run):
    for value in ("NaN", "eighty", "20.55"):
        assert send(client, run, value).json()["results"][0]["error"]
    assert send(client, run, "perhaps", key="lamp").json()["results"][0]["code"] == "choice"
    url = reverse("inspections:answers", args=[run.number])
    for body in ("", "[]", '{"answers": 3}', '{"answers": [{"op": "x"}]}', '{"answers": [[]]}'):
        assert client.post(url, body, "application/json").status_code == 400
    assert not Answer.objects.exists()


def test_plain_form_fills_in_submits_and_repeats_harmlessly(client, engineer, run):
    target, disk, lamp = run.targets.get(), *run.version.items.order_by("key")
    form = {
        "step": "submit", "form": "a", f"value-{target.pk}-{disk.pk}": "20",
        f"na-{target.pk}-{lamp.pk}": "1",
    }  # fmt: skip
    assert client.post(page_of(run), form).status_code == 302
    assert InspectionRun.objects.get().state == "submitted"
    client.post(page_of(run), form)
    assert Answer.objects.count() == 2
    assert set(Answer.objects.values_list("severity", flat=True)) == {"ok", "na"}


def test_submission_says_everything_that_is_missing(client, engineer, run):
    send(client, run, "90")
    page = client.post(page_of(run), {"step": "submit"}, follow=True).content.decode()
    assert "needs a comment" in page
    assert "is not answered" in page
    run.refresh_from_db()
    assert run.state == "in_progress"


def submitted(client, run):
    send(client, run, "96", comment="full")
    send(client, run, "pass", key="lamp")
    client.post(page_of(run), {"step": "submit"})
    run.refresh_from_db()
    assert run.state == "submitted"


def test_the_inspector_sees_why_they_cannot_sign_and_a_forged_post_is_refused(client, engineer, run):
    engineer.is_superuser = True
    engineer.save()
    submitted(client, run)
    page = client.get(page_of(run)).content.decode()
    assert "You took part in this inspection" in page
    client.post(page_of(run), {"step": "sign"})
    run.refresh_from_db()
    assert run.state == "submitted"


def test_a_reviewer_returns_and_then_signs_what_they_saw(client, engineer, run):
    submitted(client, run)
    reviewer = make_user("reviewer")
    client.force_login(reviewer)
    client.post(page_of(run), {"step": "return", "comment": "look again"})
    client.force_login(engineer)
    assert "look again" in client.get(page_of(run)).content.decode()
    send(client, run, "50", comment="cleaned")
    client.post(page_of(run), {"step": "submit"})
    client.force_login(reviewer)
    client.post(page_of(run), {"step": "sign", "seen": "0" * 64})
    run.refresh_from_db()
    assert run.state == "submitted"  # not the record that they saw
    client.post(page_of(run), {"step": "sign", "seen": run.record_sha256, "comment": "fine"})
    run.refresh_from_db()
    assert run.state == "signed"
    assert client.get(reverse("inspections:report", args=[run.number])).status_code == 200


def test_unreachable_target_needs_no_answers_but_a_reason(client, engineer, run):
    target = run.targets.get()
    form = {"step": "target", "target": target.pk, "result": "unreachable"}
    page = client.post(page_of(run), form | {"reason": " "}, follow=True).content.decode()
    assert "Say why" in page
    client.post(page_of(run), form | {"reason": "locked room"})
    client.post(page_of(run), {"step": "submit"})
    run.refresh_from_db()
    assert (run.state, run.outcome) == ("submitted", "unknown")


def test_a_finding_is_followed_up_on_its_page(client, engineer):
    finding = make_finding()
    url = reverse("inspections:finding", args=[finding.number])
    assert "Take it on" in client.get(url).content.decode()
    client.post(url, {"step": "acknowledge"})
    client.post(url, {"step": "mark_fixed", "comment": " "})
    finding.refresh_from_db()
    assert (finding.state, finding.owner) == ("acknowledged", engineer)
    client.post(url, {"step": "mark_fixed", "comment": "cleaned"})
    client.post(url, {"step": "accept_risk", "comment": "x", "until": "2099-01-01"})
    finding.refresh_from_db()
    assert (finding.state, finding.fixed_by) == ("fixed", engineer)
    client.post(url, {"step": "link", "change": "CHG-999999"})
    assert Finding.objects.get(pk=finding.pk).change is None
    client.post(url, {"step": "raise"})
    client.post(url, {"step": "raise"})
    change = Finding.objects.get(pk=finding.pk).change
    assert change.change_items.get().item == finding.ci
    assert "full" in change.reason
    assert ChangeRequest.objects.count() == 1
    assert change.number in client.get(url).content.decode()


def test_board_costs_the_same_for_one_and_for_many_runs(client, engineer, django_assert_max_num_queries):
    make_answer()
    with django_assert_max_num_queries(16):
        client.get(reverse("inspections:list"))
    for _each in range(5):
        make_answer()
    make_plan()
    with django_assert_max_num_queries(16):
        client.get(reverse("inspections:list"))


def test_sheet_costs_the_same_for_one_and_for_many_targets(client, engineer, django_assert_max_num_queries):
    items = [{"key": f"k{n}", "kind": "number"} for n in range(9)]
    few, many = page_of(make_run()), page_of(make_run(items=items, cis=[make_item() for _each in range(5)]))
    for url in (few, many):
        with django_assert_max_num_queries(16):
            client.get(url)


def test_open_redirects_are_not_possible(client, engineer, run):
    response = client.post(page_of(run), {"step": "start", "at": "//evil.example"})
    assert response["Location"] == page_of(run)


def test_the_page_of_a_ci_shows_its_findings_and_last_values(client, engineer):
    finding = make_finding()
    page = client.get(reverse("cmdb:item", args=[finding.ci_id])).content.decode()
    assert finding.number in page
    assert "96" in page
