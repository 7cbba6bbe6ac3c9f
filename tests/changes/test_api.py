"""The whole process through the API, and what it refuses."""

import pytest
from django.test import Client

from changes.models import ChangeRequest
from tests.changes.journey import MEDIUM, draft, emergency, to_approving, to_scheduled
from tests.factories import make_freeze, make_item, make_user

ANSWERS = {"risk_answers": MEDIUM}


class Person:
    """A person with their own session; every answer is checked for its status."""

    def __init__(self, user):
        self.user, self.client = user, Client()
        self.client.force_login(user)

    def get(self, path, status=200):
        answer = self.client.get(f"/api/{path}")
        assert answer.status_code == status, answer.content
        return answer.json()

    def post(self, path, data=None, status=201):
        answer = self.client.post(f"/api/{path}", data or {}, content_type="application/json")
        assert answer.status_code == status, answer.content
        return answer.json()

    def step(self, number, event, comment="", status=201, **data):
        return self.post(
            f"changes/{number}/steps/", {"event": event, "comment": comment, "data": data}, status
        )

    def codes(self, path, data=None):
        answer = self.post(path, data, status=409)
        return {refusal["code"] for refusal in answer["error"]["refusals"]}


@pytest.fixture
def people(cast):
    named = {
        name: Person(getattr(cast, name))
        for name in (
            "requester",
            "assessor",
            "tester",
            "implementer",
            "second",
            "verifier",
            "manager",
            "owner",
        )
    }
    named["board"] = [Person(member) for member in cast.board]
    return named


def plan(people, item):
    """A draft with a whole plan, written through the API; returns its number."""
    by = people["requester"]
    made = by.post(
        "changes/",
        {
            "title": "Correct the serial number", "reason": "The label says otherwise.",
            "items": [item.address],
            "window": {"start": "2020-01-01T00:00:00Z", "end": "2100-01-01T00:00:00Z"},
            "test_plan": "Read the label.", "rollback_trigger": "Any alarm.", "rollback_minutes": 10,
            "rollback_owner": by.user.pk,
        },
    )  # fmt: skip
    number = made["number"]
    assert (made["state"], made["requester"]) == ("draft", by.user.pk)
    for role in ("assessor", "tester", "implementer", "verifier"):
        by.post(f"changes/{number}/assignments/", {"user": people[role].user.pk, "role": role})
    by.post(f"changes/{number}/assignments/", {"user": people["second"].user.pk, "role": "implementer"})
    operation = by.post(f"changes/{number}/operations/", {"item": item.pk, "after": {"serial": "NEW"}})
    assert operation["before"] == {"serial": "OLD"}
    by.post(f"changes/{number}/tasks/", {"label": "Read the label"})
    by.post(f"changes/{number}/tasks/", {"label": "Write it down", "is_dual": True})
    by.post(f"changes/{number}/criteria/", {"metric": "Alarms", "comparison": "le", "threshold": "0"})
    by.post(f"changes/{number}/rollback-steps/", {"label": "Put the old number back"})
    by.post(f"changes/{number}/test-cases/", {"label": "Read it", "expected": "The number on the label."})
    return number


def to_the_work(people, number):
    people["requester"].step(number, "submit")
    mark = people["assessor"].get(f"changes/{number}/impact/")["mark"]
    people["assessor"].post(f"changes/{number}/impact/confirm/", {"seen": mark})
    people["assessor"].step(number, "assessed", **ANSWERS)
    run = {"environment": "staging", "cases": [{"name": "Read it", "result": "passed"}]}
    people["tester"].post(f"changes/{number}/test-runs/", run)
    people["tester"].step(number, "tested")
    people["owner"].post(f"changes/{number}/votes/", {"choice": "approve"})
    people["implementer"].step(number, "start")
    detail = people["implementer"].get(f"changes/{number}/")
    for task in detail["tasks"]:
        people["implementer"].post(f"changes/{number}/tasks/{task['id']}/complete/", status=200)
        if task["is_dual"]:
            people["second"].post(f"changes/{number}/tasks/{task['id']}/complete/", status=200)
    for stage in detail["stages"]:
        people["implementer"].post(f"changes/{number}/stages/{stage['id']}/apply/", status=200)
    people["implementer"].step(number, "finish")
    return detail


def test_a_normal_change_to_closed(people):
    item = make_item(serial="OLD")
    number = plan(people, item)
    detail = to_the_work(people, number)
    criterion = detail["criteria"][0]["id"]
    result = people["verifier"].post(f"changes/{number}/criteria/{criterion}/results/", {"value": "0"})
    assert result["has_passed"] is True
    event = people["verifier"].step(number, "verified")
    assert (event["source"], event["target"], event["outcome"]) == ("verifying", "closed", "successful")
    item.refresh_from_db()
    assert item.serial == "NEW"
    events = people["requester"].get(f"changes/{number}/events/")
    assert [each["event"] for each in reversed(events)] == [
        "submit", "assessed", "tested", "approve", "start", "finish", "verified",
    ]  # fmt: skip
    assert events[3]["actor"] is None, "the vote closed the round"
    history = people["requester"].get(f"changes/{number}/history/")
    assert len(history["results"]) > len(events), "edits of the draft and every step"
    change = ChangeRequest.objects.get(number=number)
    assert item.history.first().history_change_ref == change.pk


def test_another_through_rollback_with_the_field_restored(people):
    item = make_item(serial="OLD")
    number = plan(people, item)
    detail = to_the_work(people, number)
    people["implementer"].step(number, "rollback", "alarms")
    people["implementer"].post(f"changes/{number}/roll-back/", status=200)
    step = detail["rollback_steps"][0]["id"]
    people["implementer"].post(f"changes/{number}/rollback-steps/{step}/complete/", status=200)
    people["implementer"].step(number, "rolled_back")
    people["verifier"].step(number, "restore_ok", restore_check="The label was read again.")
    people["manager"].step(number, "close", pir="The label had been right.", no_incident=True)
    item.refresh_from_db()
    assert item.serial == "OLD"
    closed = people["requester"].get(f"changes/{number}/")
    assert (closed["state"], closed["outcome"]) == ("closed", "rolled_back")
    assert closed["operations"][0]["reverted_at"] is not None


def test_offers_name_every_reason_and_what_the_dialog_asks(cast, people):
    change = draft(cast)
    offers = {each["event"]: each for each in people["tester"].get(f"changes/{change.number}/steps/")}
    assert offers["submit"]["is_open"] is False
    assert offers["submit"]["refusals"][0]["code"] == "who"
    assert offers["submit"]["refusals"][0]["message"]
    assert offers["withdraw"]["needs_comment"] is True
    mine = {each["event"]: each for each in people["requester"].get(f"changes/{change.number}/steps/")}
    assert mine["submit"]["is_open"] is True
    people["requester"].step(change.number, "submit")
    offers = {each["event"]: each for each in people["assessor"].get(f"changes/{change.number}/steps/")}
    assert {each["name"] for each in offers["assessed"]["inputs"]} == {"risk_answers"}


def test_a_forged_step_is_refused_with_all_reasons(cast, people):
    change = draft(cast)
    to_scheduled(cast, change)
    make_freeze()
    path = f"changes/{change.number}/steps/"
    assert people["requester"].codes(path, {"event": "start"}) == {"who", "no_hard_freeze"}
    assert people["manager"].codes(path, {"event": "approve"}) == {"no_such_step"}
    change.refresh_from_db()
    assert change.state == "scheduled"


@pytest.mark.parametrize(
    "body", [{}, {"event": 7}, {"event": "submit", "data": "x"}, {"event": "s" * 99}, []]
)
def test_a_step_that_cannot_be_read_is_a_400_or_a_refusal(cast, people, body):
    change = draft(cast)
    answer = people["requester"].client.post(
        f"/api/changes/{change.number}/steps/", body, content_type="application/json"
    )
    assert answer.status_code in (400, 409)
    assert answer.json()["error"]["code"]


def test_strange_input_of_a_step_is_named(cast, people):
    change = draft(cast)
    to_scheduled(cast, change)
    codes = people["manager"].codes(
        f"changes/{change.number}/steps/",
        {"event": "reschedule", "data": {"window_start": "soon", "window_end": 7}},
    )
    assert {"comment_required", "input:window_start", "input:window_end"} <= codes


def test_votes_are_refused_where_they_must_be(cast, people):
    change = draft(cast)
    path = f"changes/{change.number}/votes/"
    assert people["owner"].codes(path, {"choice": "approve"}) == {"round_closed"}
    to_approving(cast, change)
    assert "requester_apart" in people["requester"].codes(path, {"choice": "approve"})
    assert people["implementer"].codes(path, {"choice": "approve"}) == {"no_seat"}
    assert people["owner"].codes(path, {"choice": "approve", "plan_hash": "0" * 64}) == {"plan_edited"}
    assert people["owner"].codes(path, {"choice": "reject"}) == {"comment_required"}
    people["owner"].post(path, {"choice": "shout"}, status=400)
    people["owner"].post(path, {"choice": "approve", "plan_hash": change.plan_hash})
    assert people["owner"].codes(path, {"choice": "approve"}) == {"round_closed"}


def test_rounds_show_seats_and_votes(cast, people):
    change = emergency(cast)
    Person(cast.emergency[0]).post(f"changes/{change.number}/votes/", {"choice": "approve"})
    (round_,) = people["requester"].get(f"changes/{change.number}/rounds/")
    assert (len(round_["steps"][0]["seats"]), round_["votes"][0]["channel"]) == (3, "api")


def test_the_list_is_filtered(cast, people):
    change = draft(cast)
    waiting = emergency(cast, item=make_item(serial="B"), after={"serial": "C"})
    item = change.change_items.get().item

    def numbers(query, who="requester"):
        return {each["number"] for each in people[who].get(f"changes/?{query}")["results"]}

    assert numbers("state=draft") == {change.number}
    assert numbers("state__in=draft,approving") == {change.number, waiting.number}
    assert numbers(f"item={item.pk}") == {change.number}
    assert numbers("mine=true", "implementer") == {change.number, waiting.number}
    assert numbers("is_live=true") == {change.number, waiting.number}
    assert numbers("waiting_for_me=true") == set()
    member = Person(cast.emergency[0])
    assert [each["number"] for each in member.get("changes/?waiting_for_me=true")["results"]] == [
        waiting.number
    ]
    assert "nonsense" in people["requester"].get("changes/?nonsense=1", 400)["error"]["fields"]


def test_a_draft_is_patched_by_version_and_a_locked_plan_is_not(cast, people):
    change = draft(cast)
    client = people["requester"].client
    path = f"/api/changes/{change.number}/"
    version = client.get(path)["ETag"]
    patched = client.patch(
        path, {"title": "Better"}, content_type="application/json", headers={"If-Match": version}
    )
    assert (patched.status_code, patched.json()["title"]) == (200, "Better")
    assert patched.json()["plan_hash"] != change.plan_hash
    stale = client.patch(
        path, {"title": "Late"}, content_type="application/json", headers={"If-Match": version}
    )
    assert stale.status_code == 412
    change.refresh_from_db()
    to_scheduled(cast, change)
    locked = client.patch(path, {"title": "Sneaky"}, content_type="application/json")
    assert (locked.status_code, locked.json()["error"]["refusals"][0]["code"]) == (409, "plan_locked")
    kind = client.patch(path, {"kind": "standard"}, content_type="application/json")
    assert (kind.status_code, list(kind.json()["error"]["fields"])) == (400, ["kind"])
    assert client.patch(path, {"state": "closed"}, content_type="application/json").status_code in (200, 409)
    change.refresh_from_db()
    assert change.state == "scheduled"


def test_rows_of_a_draft_are_removed_and_nothing_else(cast, people):
    change = draft(cast)
    client = people["requester"].client
    task = change.tasks.first()
    assert client.delete(f"/api/changes/{change.number}/tasks/{task.pk}/").status_code == 204
    assert client.delete(f"/api/changes/{change.number}/").status_code == 405
    other = draft(cast, item=make_item(serial="B"), after={"serial": "C"})
    assert client.delete(f"/api/changes/{change.number}/tasks/{other.tasks.first().pk}/").status_code == 404
    assert task.history.model.objects.filter(id=task.pk, history_type="-").exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x", "items": ["host:nowhere"]}, "items.0"),
        (
            {"title": "x", "window": {"start": "2030-01-02T00:00:00Z", "end": "2030-01-01T00:00:00Z"}},
            "window",
        ),
        ({"title": "x", "kind": "secret"}, "kind"),
        ({"title": "x", "window": "soon"}, "window"),
    ],
)
def test_a_draft_that_cannot_be_is_refused_by_field(people, body, field):
    assert field in people["requester"].post("changes/", body, status=400)["error"]["fields"]


def test_an_operation_that_cannot_be_names_its_field(cast, people):
    change = draft(cast)
    item = change.change_items.get().item
    path = f"changes/{change.number}/operations/"
    by = people["requester"]
    assert (
        "search_text"
        in by.post(path, {"item": item.pk, "after": {"search_text": "x"}}, 400)["error"]["fields"]
    )
    assert "item" in by.post(path, {"after": {"serial": "x"}}, 400)["error"]["fields"]


def test_drift_is_answered_field_by_field_and_decided_by_two(cast, people):
    item = make_item(serial="OLD")
    change = draft(cast, item=item)
    to_scheduled(cast, change)
    people["implementer"].step(change.number, "start")
    item.serial = "SOMEBODY"
    item.save()
    apply = f"changes/{change.number}/stages/{change.stages.get().pk}/apply/"
    refused = people["implementer"].post(apply, status=409)["error"]["refusals"][0]
    assert refused["code"] == "drift"
    assert "SOMEBODY" in refused["message"]
    decided = people["implementer"].post(
        f"changes/{change.number}/operations/{change.operations.get().pk}/drift/",
        {"field": "serial", "seen": "SOMEBODY", "decision": "force"},
    )
    confirm = f"changes/{change.number}/drift/{decided['id']}/confirm/"
    assert people["implementer"].codes(confirm) == {"two_people"}
    people["second"].post(confirm, status=200)
    people["implementer"].post(apply, status=200)
    item.refresh_from_db()
    assert item.serial == "NEW"


def test_strangers_see_nothing_and_readers_raise_nothing(db):
    assert Client().get("/api/changes/").status_code in (401, 403)
    auditor = Person(make_user("auditor"))
    assert auditor.get("changes/")["results"] == []
    auditor.post("changes/", {"title": "x"}, status=403)


@pytest.mark.parametrize(
    "path",
    [
        "boards",
        "board-seats",
        "approval-policies",
        "policy-steps",
        "freezes",
        "standard-templates",
        "vote-delegations",
    ],
)
def test_the_lists_of_the_process_open(people, path):
    assert "results" in people["requester"].get(f"{path}/")


def test_boards_are_edited_by_change_managers_and_votes_delegated_by_their_owner(cast, people):
    people["requester"].post("boards/", {"key": "x", "label": "X"}, status=403)
    people["manager"].post("boards/", {"key": "x", "label": "X"})
    days = {"starts_at": "2030-01-01T00:00:00Z", "ends_at": "2030-01-02T00:00:00Z"}
    mine = {"person": cast.owner.pk, "deputy": cast.peer.pk} | days
    made = people["owner"].post("vote-delegations/", mine)
    for who in ("owner", "manager"):  # ended and made anew, so that both people hear of it
        answer = people[who].client.patch(f"/api/vote-delegations/{made['id']}/", {"reason": "x"})
        assert answer.status_code == 405
    people["owner"].post(
        "vote-delegations/", mine | {"person": cast.peer.pk, "deputy": cast.owner.pk}, status=400
    )


def test_the_list_costs_the_same_for_one_and_for_six(people, django_assert_max_num_queries):
    for n in range(6):
        people["requester"].post("changes/", {"title": f"Change {n}"})
    with django_assert_max_num_queries(8):
        people["requester"].get("changes/")
