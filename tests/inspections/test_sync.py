"""Operations of phones: each carried out once, whatever is sent how often."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

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
    key = key or str(uuid.uuid4())
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
