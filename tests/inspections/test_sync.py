"""Operations of phones: each carried out once, whatever is sent how often."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from inspections.actions import sign_run
from inspections.models import Answer, SyncOp
from tests.factories import make_run, make_sync_op, make_user

pytestmark = pytest.mark.django_db

ITEMS = [
    {"key": "disk", "kind": "number", "warn_high": 85, "crit_high": 95, "position": 1},
    {"key": "lamp", "kind": "pass_fail", "is_na_allowed": True, "position": 2},
]


@pytest.fixture
def engineer(client):
    user = make_user("engineer")
    client.force_login(user)
    return user


@pytest.fixture
def run():
    return make_run(items=ITEMS)


def cell(run, key="disk"):
    return {"target": run.targets.get().pk, "item": run.version.items.get(key=key).pk}


def body(kind, run, payload, **over):
    now = timezone.now()
    said = {"kind": kind, "run": getattr(run, "number", run), "device": "phone-1", "payload": payload}
    return said | {"device_at": now.isoformat(), "made_at": now.isoformat()} | over


def send(client, said, key=None, **headers):
    key = str(uuid.uuid4()) if key is None else key
    return client.post(
        "/api/inspections/sync/", said, "application/json", headers={"Idempotency-Key": key} | headers
    )


def answer(client, run, value="20", key="disk", op=None, expects=None, **over):
    payload = cell(run, key) | {"value": value, "is_na": False, "comment": "", "expects": expects}
    return send(client, body("answer", run, payload | over.pop("payload", {}), **over), key=op)


def test_an_answer_arrives_and_is_told_as_the_bundle_tells_it(client, engineer, run):
    sent = answer(client, run, "96", payload={"comment": "full", "dwell_seconds": 7})
    assert sent.status_code == 201, sent.content
    told = sent.json()
    assert told["run"] == {"state": "in_progress", "state_word": "Running"}
    assert told["progress"] == [1, 2]
    stored = Answer.objects.get()
    assert (stored.severity, stored.dwell_seconds, stored.device) == ("crit", 7, "phone-1")
    bundle = client.get("/api/inspections/bundle/").json()
    name = f"{stored.target_id}-{stored.item_id}"
    assert bundle["runs"][0]["answers"][name] == told["answer"]


def test_the_same_key_and_body_again_is_answered_the_same(client, engineer, run):
    key, said = str(uuid.uuid4()), body("answer", run, cell(run) | {"value": "20", "expects": None})
    first = send(client, said, key)
    later = said | {"device_at": (timezone.now() + timedelta(hours=3)).isoformat()}
    again = send(client, later, key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert ("Idempotency-Replayed" in first, again["Idempotency-Replayed"]) == (False, "true")
    assert (Answer.objects.count(), SyncOp.objects.count()) == (1, 1)


def test_the_same_key_for_another_body_is_refused(client, engineer, run):
    key = str(uuid.uuid4())
    assert answer(client, run, "20", op=key).status_code == 201
    other = answer(client, run, "21", op=key)
    assert (other.status_code, other.json()["error"]["code"]) == (422, "key_reused")
    assert Answer.objects.get().value_number == 20


def test_a_key_of_somebody_else_says_nothing_about_them(client, run):
    op = make_sync_op()
    client.force_login(make_user("engineer"))
    said = body("answer", op.run, {"target": 1, "item": 1, "value": "1"})
    taken = send(client, said, str(op.key))
    assert (taken.status_code, taken.json()["error"]["code"]) == (422, "key_reused")
    assert str(op.user) not in taken.content.decode()
    assert op.run.number not in taken.content.decode()


def test_a_target_is_marked_and_the_run_submitted(client, engineer, run):
    marked = send(client, body("target", run, {"target": run.targets.get().pk, "result": "unreachable"}))
    assert (marked.status_code, marked.json()["error"]["code"]) == (422, "reason")
    payload = {"target": run.targets.get().pk, "result": "unreachable", "reason": "door locked"}
    assert send(client, body("target", run, payload)).status_code == 201
    done = send(client, body("submit", run, {"seen": 0}))
    assert (done.status_code, done.json()["run"]["state"]) == (201, "submitted")


def test_a_second_answer_that_does_not_know_the_first_is_a_conflict(client, engineer, run):
    first = answer(client, run, "20").json()["answer"]
    client.force_login(make_user("engineer"))
    second = answer(client, run, "30")
    assert (second.status_code, second.json()["error"]["code"]) == (409, "conflict")
    assert second.json()["answer"] == first
    assert Answer.objects.get().value_number == 20
    mine = answer(client, run, "30", expects=first["id"])
    assert mine.status_code == 201
    assert Answer.objects.current().get().supersedes_id == first["id"]


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"value": "NaN"}, "number"), ({"value": "1e400"}, "number"), ({"value": "12.5"}, "decimals"),
        ({"value": ""}, "required"), ({"value": "", "is_na": True}, "na"), ({"is_na": "yes"}, "invalid"),
        ({"value": ["20"]}, "invalid"), ({"value": {"a": 1}}, "invalid"), ({"value": True}, "invalid"),
        ({"value": "9" * 20_000}, "invalid"), ({"target": "1"}, "invalid"), ({"target": -1}, "invalid"),
        ({"target": 2**70}, "invalid"), ({"target": 1.5}, "invalid"), ({"target": None}, "invalid"),
        ({"item": 0}, "unknown"), ({"target": 0}, "unknown"), ({"comment": []}, "invalid"),
        ({"expects": "none"}, "invalid"), ({"dwell_seconds": -1}, "invalid"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_and_stored_under_its_key(client, engineer, run, payload, code):
    key = str(uuid.uuid4())
    said = body("answer", run, cell(run) | {"value": "20"} | payload)
    unfit, again = send(client, said, key), send(client, said, key)
    assert (unfit.status_code, unfit.json()["error"]["code"]) == (422, code), unfit.content
    assert (again.status_code, again.content) == (422, unfit.content)
    assert not Answer.objects.exists()
    run.refresh_from_db()
    assert run.state == "open"


def test_an_item_of_another_version_or_run_is_none_of_this_one(client, engineer, run):
    other = make_run(items=ITEMS)
    for payload in (
        cell(run) | {"target": other.targets.get().pk},
        cell(run) | {"item": other.version.items.get(key="disk").pk},
    ):
        sent = send(client, body("answer", run, payload | {"value": "20"}))
        assert (sent.status_code, sent.json()["error"]["code"]) == (422, "unknown")
    marked = {"target": other.targets.get().pk, "result": "unreachable", "reason": "x"}
    assert send(client, body("target", run, marked)).status_code == 422
    assert not Answer.objects.exists()


@pytest.mark.parametrize(
    ("over", "key", "status"),
    [
        ({"kind": "sign"}, "ok", 400), ({"kind": None}, "ok", 400), ({"payload": []}, "ok", 400),
        ({"payload": None}, "ok", 400), ({"made_at": "yesterday"}, "ok", 400), ({"made_at": None}, "ok", 400),
        ({"device_at": "9999-12-31T23:59:59Z"}, "ok", 400), ({"device": "x" * 65}, "ok", 400),
        ({"device": "a\x00b"}, "ok", 400), ({"run": "XJ-19990101-0001"}, "ok", 404), ({"run": 5}, "ok", 404),
        ({}, "", 400), ({}, "not-a-uuid", 400), ({"kind": "photo"}, "ok", 400),
    ],
)  # fmt: skip
def test_what_no_phone_would_send_is_refused_and_not_stored(client, engineer, run, over, key, status):
    key = str(uuid.uuid4()) if key == "ok" else key
    sent = send(client, body("answer", run, cell(run) | {"value": "20"}) | over, key)
    assert sent.status_code == status, sent.content
    assert sent.json()["error"]["message"]
    assert not SyncOp.objects.exists()
    assert not Answer.objects.exists()


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[1]", b'"x"', b"NaN", b'{"kind": NaN}', b"\xff\xfe", b"[" * 60_000, b"null"]
)
def test_garbage_is_refused(client, engineer, raw):
    sent = client.post(
        "/api/inspections/sync/", raw, "application/json", headers={"Idempotency-Key": str(uuid.uuid4())}
    )
    assert sent.status_code == 400
    assert sent.json()["error"]["code"] == "invalid"


def test_a_huge_body_is_refused_unread(client, engineer, run):
    sent = send(client, body("answer", run, {"value": "x" * 70_000}))
    assert (sent.status_code, sent.json()["error"]["code"]) == (413, "too_large")


def all_good(run, keys=("lamp", "fan"), section="Front", **more):
    items = [run.version.items.get(key=key).pk for key in keys]
    payload = {"target": run.targets.get().pk, "section": section, "items": items, "dwell_seconds": 7}
    return body("all_good", run, payload | more)


@pytest.fixture
def front():
    return make_run(
        items=[
            {"key": "lamp", "kind": "pass_fail", "section": "Front", "section_zh": "前面"},
            {"key": "fan", "kind": "pass_fail", "section": "Front", "section_zh": "前面"},
            {"key": "door", "kind": "pass_fail", "section": "Back"},
            {"key": "disk", "kind": "number", "section": "Front", "warn_high": 85},
        ]
    )


def test_a_section_is_called_normal_in_one_action(client, engineer, front):
    key = str(uuid.uuid4())
    sent = send(client, all_good(front, section="前面"), key)
    assert sent.status_code == 201, sent.content
    given = list(Answer.objects.order_by("id"))
    assert [(each.value_choice, str(each.together)) for each in given] == [("pass", key)] * 2
    assert sum(each.dwell_seconds for each in given) == 7
    assert set(sent.json()["answers"]) == {f"{each.target_id}-{each.item_id}" for each in given}
    assert (
        send(client, all_good(front, section="前面") | {"made_at": "2026-01-01T00:00:00Z"}, key).status_code
        == 422
    )


@pytest.mark.parametrize(
    ("over", "code"),
    [
        ({"keys": ("lamp", "disk")}, "not_pass_fail"), ({"keys": ("lamp", "door")}, "section"),
        ({"items": []}, "invalid"), ({"items": "all"}, "invalid"), ({"items": [True]}, "invalid"),
        ({"items": [0]}, "unknown"), ({"target": 0}, "unknown"), ({"section": "Back"}, "section"),
    ],
)  # fmt: skip
def test_numbers_photos_and_other_sections_are_not_called_normal_at_once(client, engineer, front, over, code):
    sent = send(client, all_good(front, **over))
    assert (sent.status_code, sent.json()["error"]["code"]) == (422, code)
    assert not Answer.objects.exists()


def test_what_somebody_found_bad_is_not_called_normal_with_the_rest(client, engineer, front):
    bad = answer(client, front, "fail", key="lamp").json()["answer"]
    sent = send(client, all_good(front))
    assert (sent.status_code, sent.json()["answer"]) == (409, bad)
    assert Answer.objects.count() == 1
    answer(client, front, "pass", key="lamp", expects=bad["id"])
    assert send(client, all_good(front)).status_code == 201  # what is normal already stays as it is
    assert Answer.objects.current().exclude(together=None).count() == 1


def test_a_submission_that_saw_more_than_arrived_is_refused(client, engineer, run):
    answer(client, run, "20")
    answer(client, run, "pass", key="lamp")
    refused = send(client, body("submit", run, {"seen": 3}))
    assert (refused.status_code, refused.json()["error"]["refusals"][0]["code"]) == (409, "seen")
    assert send(client, body("submit", run, {"seen": 2})).json()["run"]["state"] == "submitted"


def test_an_ended_run_refuses_in_words_and_a_replay_still_answers(client, engineer, run):
    key, said = str(uuid.uuid4()), body("answer", run, cell(run) | {"value": "20"})
    first = send(client, said, key)
    answer(client, run, "pass", key="lamp")
    send(client, body("submit", run, {}))
    late = answer(client, run, "30", expects=first.json()["answer"]["id"])
    assert (late.status_code, late.json()["error"]["code"]) == (409, "refused")
    assert late.json()["error"]["refusals"][0]["message"]
    run.refresh_from_db()
    sign_run(run, by=make_user("reviewer"))
    again = send(client, said, key)
    assert (again.status_code, again.content) == (201, first.content)
