"""The gate for pipelines: allowed by one change alone, denied by everything else, also by what goes wrong."""

import hashlib
import json
from datetime import timedelta

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.actions import TOKEN_MARK, digest_of
from changes.actions import (
    StepRefused,
    add_document,
    ask_gate,
    release_the_line,
    stop_the_line,
    take_step,
)
from changes.guards.gate import Question
from changes.models import FreezeWindow, GateAnswer
from tests.changes import journey
from tests.factories import make_freeze, make_gate_answer, make_item, make_token, make_user, number

URL = "/api/gate/"


@pytest.fixture
def pipeline(db):
    return make_user("integration")


@pytest.fixture
def change(cast):
    started = journey.draft(cast)
    journey.to_implementing(cast, started)
    return started


@pytest.fixture
def address(change):
    return change.change_items.get(impact="manual").item.address


def secret_of(user, scope="write"):
    """A new token's secret."""
    secret = f"{TOKEN_MARK}{number():040}"
    make_token(user=user, name="deploys", digest=digest_of(secret), scope=scope)
    return secret


def ask(user, **body):
    bearer = {"Authorization": f"Bearer {secret_of(user)}"}
    return Client().post(URL, {"pipeline": "deploy #7"} | body, "application/json", headers=bearer)


def reasons(response):
    return [reason["code"] for reason in response.json()["reasons"]]


def test_an_implementing_change_that_covers_the_item_opens_it(pipeline, change, address):
    response = ask(pipeline, items=[address])
    told = response.json()
    assert (response.status_code, told["decision"], told["change"]) == (200, "allow", change.number)
    assert told["reasons"] == []
    assert response.content.startswith(b'{"decision":"allow",')
    ends = timezone.datetime.fromisoformat(told["expires_at"])
    assert timedelta(minutes=14) < ends - timezone.now() <= timedelta(minutes=15)
    answer = GateAnswer.objects.get(pk=told["id"])
    assert (answer.asked_by, answer.token_name, answer.pipeline) == (pipeline, "deploys", "deploy #7")


def test_it_is_open_no_longer_than_the_window(cast, pipeline):
    ends = timezone.now() + timedelta(minutes=4)
    change = journey.draft(cast, window=(timezone.now() - timedelta(minutes=5), ends), rollback_minutes=5)
    journey.to_implementing(cast, change)
    told = ask(pipeline, items=[change.change_items.first().item.address]).json()
    assert timezone.datetime.fromisoformat(told["expires_at"]) == ends


def test_a_change_named_is_the_only_one_asked(pipeline, change, address):
    assert ask(pipeline, items=[address], change=change.number).json()["decision"] == "allow"
    assert reasons(ask(pipeline, items=[address], change="CHG-999999")) == ["unknown_change"]


def test_the_service_of_the_change_is_covered(cast, pipeline):
    service = make_item("application")
    change = journey.draft(cast, service=service)
    journey.to_implementing(cast, change)
    assert ask(pipeline, service=service.address).json()["decision"] == "allow"
    assert ask(pipeline, items=[service.address]).json()["decision"] == "deny"


def test_every_other_state_denies(cast, pipeline):
    change = journey.draft(cast)
    address = change.change_items.first().item.address
    told = ask(pipeline, items=[address])
    assert (told.status_code, told.json()["decision"], reasons(told)) == (200, "deny", ["no_change"])
    journey.to_scheduled(cast, change)
    told = ask(pipeline, items=[address])
    assert reasons(told) == ["no_change"]
    assert change.number in told.json()["reasons"][0]["fix"]
    assert reasons(ask(pipeline, items=[address], change=change.number)) == ["not_implementing"]
    take_step(change, "start", by=cast.implementer)
    journey.do_the_work(cast, change)
    take_step(change, "finish", by=cast.implementer)
    assert reasons(ask(pipeline, items=[address], change=change.number)) == ["not_implementing"]


def test_items_that_the_change_does_not_change_deny(pipeline, change, address):
    other = make_item()
    told = ask(pipeline, items=[address, other.address])
    assert reasons(told) == ["not_covered"]
    assert other.address in told.json()["reasons"][0]["message"]
    assert reasons(ask(pipeline, items=[other.address])) == ["no_change"]
    assert reasons(ask(pipeline, items=["host:nobody"])) == ["unknown_item"]


def test_hold_denies(cast, pipeline, change, address):
    take_step(change, "hold", by=cast.manager, comment="Wait")
    assert reasons(ask(pipeline, items=[address])) == ["hold"]


def test_a_stopped_line_denies_until_released(cast, pipeline, change, address):
    stop = stop_the_line(by=cast.oncall, reason="Payments fail")
    assert reasons(ask(pipeline, items=[address])) == ["line_not_stopped"]
    release_the_line(stop, by=cast.manager, reason="Over")
    assert ask(pipeline, items=[address]).json()["decision"] == "allow"


def test_a_freeze_denies_and_a_soft_one_does_not(pipeline, change, address):
    make_freeze(is_hard=False)
    assert ask(pipeline, items=[address]).json()["decision"] == "allow"
    make_freeze()
    assert reasons(ask(pipeline, items=[address])) == ["no_hard_freeze"]
    FreezeWindow.objects.update(is_active=False)
    assert ask(pipeline, items=[address]).json()["decision"] == "allow"


def test_the_window_over_denies(pipeline, change, address, owner_sql):
    owner_sql.execute("ALTER TABLE changes_changerequest DISABLE TRIGGER USER")
    owner_sql.execute(
        "UPDATE changes_changerequest"
        " SET \"window\" = tstzrange(now() - interval '2 h', now() - interval '1 h')"
    )
    owner_sql.execute("ALTER TABLE changes_changerequest ENABLE TRIGGER USER")
    assert "inside_window" in reasons(ask(pipeline, items=[address]))


test_the_window_over_denies = pytest.mark.django_db(transaction=True)(test_the_window_over_denies)


def test_another_environment_denies(pipeline, change, address):
    item = change.change_items.get(impact="manual").item
    type(item).objects.filter(pk=item.pk).update(environment="production")
    assert ask(pipeline, items=[address], environment="production").json()["decision"] == "allow"
    assert reasons(ask(pipeline, items=[address], environment="staging")) == ["environment"]


def test_an_emergency_passes_a_stopped_line(cast, pipeline):
    change = journey.emergency(cast)
    for member in cast.emergency:
        if opened := change.rounds.filter(closed_at=None).first():
            journey.cast_vote(opened, by=member, choice="approve")
            change.refresh_from_db()
    assert change.state == "implementing"
    stop_the_line(by=cast.manager, reason="Payments fail")
    told = ask(pipeline, items=[change.change_items.first().item.address]).json()
    assert (told["decision"], told["change"]) == ("allow", change.number)


def test_the_way_back_is_asked_for_by_its_own_name(cast, pipeline, change, address):
    assert reasons(ask(pipeline, items=[address], change=change.number, purpose="rollback")) == [
        "not_rolling_back"
    ]
    take_step(change, "rollback", by=cast.implementer, comment="Alarms")
    assert reasons(ask(pipeline, items=[address])) == ["no_change"]
    make_freeze()
    told = ask(pipeline, items=[address], purpose="rollback").json()
    assert (told["decision"], told["change"]) == ("allow", change.number)


# What goes wrong


def test_an_error_while_judging_denies_and_is_recorded(pipeline, change, address, settings):
    with connection.cursor() as cursor:
        # A table that judging needs is gone, for this transaction: what an upgrade gone wrong looks like.
        cursor.execute("CREATE TEMPORARY TABLE changes_stoppedline (nonsense int) ON COMMIT DROP")
    told = ask(pipeline, items=[address])
    assert (told.status_code, told.json()["decision"], reasons(told)) == (200, "deny", ["error"])
    assert GateAnswer.objects.get(pk=told.json()["id"]).reasons[0]["code"] == "error"
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE pg_temp.changes_stoppedline")


def test_what_cannot_be_recorded_is_never_allowed(pipeline, change, address, client):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE changes_gateanswer (nonsense int) ON COMMIT DROP")
    client.raise_request_exception = False
    response = client.post(
        URL,
        {"pipeline": "x", "items": [address]},
        "application/json",
        headers={"Authorization": f"Bearer {secret_of(pipeline)}"},
    )
    assert response.status_code >= 400
    assert b"allow" not in response.content


@pytest.mark.parametrize(
    "body",
    [
        {"items": []},
        {"items": "host:a"},
        {"items": [7, {}]},
        {"items": ["host:a"], "artifact_sha256": "abc"},
        {"items": ["host:a"], "purpose": "party"},
        {"items": ["host:a"], "decision": "allow"},
        {"items": [f"host:{n}" for n in range(101)]},
    ],
    ids=str,
)
def test_a_question_that_cannot_be_read_is_denied_with_400_and_recorded(pipeline, body):
    response = ask(pipeline, **body)
    assert (response.status_code, response.json()["decision"]) == (400, "deny")
    assert response.json()["error"]["fields"]
    assert GateAnswer.objects.get().reasons[0]["code"] == "invalid"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"allow"', b"\x00", b"null"])
def test_what_is_no_question_is_denied(pipeline, body):
    bearer = {"Authorization": f"Bearer {secret_of(pipeline)}"}
    response = Client().post(URL, body, "application/json", headers=bearer)
    assert (response.status_code, response.json()["decision"]) == (400, "deny")


def test_a_huge_question_is_denied(pipeline):
    response = ask(pipeline, items=["host:a"], change="x" * 20_000)
    assert (response.status_code, response.json()["decision"]) == (413, "deny")
    assert not GateAnswer.objects.exists()


@pytest.mark.parametrize("role", ["engineer", "change_manager", "auditor"])
def test_who_has_not_the_right_is_denied(role, change, address):
    response = ask(make_user(role), items=[address])
    assert (response.status_code, response.json()["decision"]) == (403, "deny")
    assert not GateAnswer.objects.exists()


def test_without_a_token_or_with_one_that_only_reads_it_is_denied(pipeline, address):
    body = json.dumps({"pipeline": "x", "items": [address]})
    assert Client().post(URL, body, "application/json").json()["decision"] == "deny"
    bearer = {"Authorization": f"Bearer {secret_of(pipeline, scope='read')}"}
    response = Client().post(URL, body, "application/json", headers=bearer)
    assert (response.status_code, response.json()["decision"]) == (403, "deny")
    response = Client().post(URL, body, "application/json", headers={"Authorization": "Bearer opl_wrong"})
    assert (response.status_code, response.json()["decision"]) == (401, "deny")


def test_another_site_cannot_ask_with_a_persons_session(pipeline, address):
    client = Client(enforce_csrf_checks=True)
    client.force_login(pipeline)
    response = client.post(URL, {"pipeline": "x", "items": [address]}, "application/json")
    assert (response.status_code, response.json()["decision"]) == (403, "deny")
    assert not GateAnswer.objects.exists()


def test_more_than_sixty_questions_a_minute_are_denied(pipeline, address):
    for _ in range(60):
        make_gate_answer(asked_by=pipeline)
    response = ask(pipeline, items=[address])
    assert (response.status_code, response.json()["decision"]) == (429, "deny")
    assert 0 < int(response.headers["Retry-After"]) <= 61
    assert ask(make_user("integration"), items=[address]).status_code == 200


def test_the_artifact_is_one_of_the_plan(cast, pipeline):
    change = journey.draft(cast)
    release = b"release 7.0"
    add_document(change, SimpleUploadedFile("release.tar", release), by=cast.requester)
    journey.to_implementing(cast, change)
    address = change.change_items.get(impact="manual").item.address
    digest = hashlib.sha256(release).hexdigest()
    assert ask(pipeline, items=[address], artifact_sha256=digest.upper()).json()["decision"] == "allow"
    assert reasons(ask(pipeline, items=[address], artifact_sha256="0" * 64)) == ["artifact"]


# The record


def test_answers_are_listed_and_filtered(pipeline, change, address, client):
    ask(pipeline, items=[address])
    ask(pipeline, items=["host:nobody"])
    client.force_login(make_user("engineer"))
    found = client.get(URL, {"decision": "allow"}).json()["results"]
    assert [row["change"] for row in found] == [change.number]
    assert [row["decision"] for row in client.get(URL, {"item": "host:nobody"}).json()["results"]] == ["deny"]
    assert client.get(URL, {"change": change.number}).json()["count"] == 1


ATTACKS = {
    "allowed afterwards": "UPDATE changes_gateanswer SET decision = 'allow'",
    "forgotten": "DELETE FROM changes_gateanswer",
    "emptied": "TRUNCATE changes_gateanswer",
    "allowed without a change": "INSERT INTO changes_gateanswer (asked_by_id, token_name, pipeline, purpose,"
    " items, service, change_number, environment, artifact_sha256, decision, reasons, expires_at)"
    " SELECT asked_by_id, '', '', '', '[]', '', '', '', '', 'allow', '[]', now() FROM changes_gateanswer",
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_raw_sql_does_not_bend_the_record(app_sql, attack):
    make_gate_answer()
    with pytest.raises(psycopg.Error):
        app_sql.execute(attack)
    assert list(GateAnswer.objects.values_list("decision", flat=True)) == ["deny"]


def test_asking_needs_the_right_below_the_endpoint_too(db, address):
    with pytest.raises(Exception, match="right"):
        ask_gate(Question("x", (address,)), by=make_user("engineer"))
    assert not issubclass(StepRefused, PermissionError)
