"""Raw SQL as the application role against photos and operations; wrong people; floods."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.actions import create_token
from accounts.models import ApiToken
from inspections.actions import record_answers, sign_run, start_run, submit_run
from inspections.actions.answers import AnswerInput
from inspections.api import sync
from inspections.models import Answer, Evidence, SyncOp
from tests.factories import make_evidence, make_file, make_run, make_sync_op, make_user
from tests.inspections.test_attacks import ask, refused
from tests.inspections.test_sync import ITEMS, answer, body, cell, send

pytestmark = pytest.mark.django_db


def signed(photo):
    """The run of the photo, signed."""
    run, by = photo.run, photo.taken_by
    target, item = run.targets.get(), run.version.items.get()
    record_answers(run, [AnswerInput(target.pk, item.pk, "20")], by=by)
    submit_run(run, by=by)
    run.refresh_from_db()
    return sign_run(run, by=make_user("reviewer"))


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE inspections_syncop SET response = '{}' WHERE key = %s",
        "UPDATE inspections_syncop SET status = 409 WHERE key = %s",
        "UPDATE inspections_syncop SET body_sha256 = repeat('0', 64) WHERE key = %s",
        "UPDATE inspections_syncop SET key = gen_random_uuid() WHERE key = %s",
        "UPDATE inspections_syncop SET user_id = user_id WHERE key = %s",
        "DELETE FROM inspections_syncop WHERE key = %s",
        "TRUNCATE inspections_syncop",
        "INSERT INTO inspections_syncop SELECT * FROM inspections_syncop WHERE key = %s",
    ],
)  # fmt: skip
def test_a_key_is_never_changed_deleted_or_used_again(sql):
    op = make_sync_op()
    assert refused(sql, *([op.key] if "%s" in sql else []))
    kept = SyncOp.objects.get()
    assert (kept.key, kept.status, kept.body_sha256) == (op.key, 201, op.body_sha256)


NEW_KEY = """
INSERT INTO inspections_syncop (key, user_id, run_id, device, kind, body_sha256, made_at, clock_skew_seconds,
    status, response, received_at)
SELECT gen_random_uuid(), user_id, run_id, device, %s, %s, made_at, 0, %s, %s::jsonb, '2001-01-01'
  FROM inspections_syncop WHERE key = %s
"""
HASH = "0" * 64


@pytest.mark.parametrize(
    ("kind", "sha256", "status", "response"),
    [
        ("answer", HASH, 201, '{"answer": {"id": 0}}'), ("answer", HASH, 201, "{}"),
        ("photo", HASH, 201, "{}"), ("submit", HASH, 201, "{}"), ("answer", HASH, 500, "{}"),
        ("answer", HASH, 401, "{}"), ("answer", "", 409, "{}"), ("answer", HASH, 409, "[]"),
    ],
)  # fmt: skip
def test_no_key_says_done_where_nothing_was_done(kind, sha256, status, response):
    op = make_sync_op()
    assert refused(NEW_KEY, kind, sha256, status, response, op.key)


def test_nobody_says_that_an_operation_came_earlier():
    op = make_sync_op()
    with connection.cursor() as cursor:
        cursor.execute(NEW_KEY + " RETURNING received_at", ["answer", HASH, 409, "{}", op.key])
        assert cursor.fetchone()[0].year > 2001


PHOTO_SQL = [
    "UPDATE inspections_evidence SET file_id = file_id + 1 WHERE id = %s",
    "UPDATE inspections_evidence SET captured_at = captured_at - interval '1 day' WHERE id = %s",
    "UPDATE inspections_evidence SET received_at = received_at - interval '1 day' WHERE id = %s",
    "UPDATE inspections_evidence SET name = 'other.jpg' WHERE id = %s",
    "UPDATE inspections_evidence SET taken_by_id = NULL WHERE id = %s",
    "UPDATE inspections_evidence SET op = gen_random_uuid() WHERE id = %s",
    "UPDATE inspections_evidence SET withdrawn_at = now() WHERE id = %s",
    "UPDATE inspections_evidence SET width = 0 WHERE id = %s",
    "DELETE FROM inspections_evidence WHERE id = %s",
]


@pytest.mark.parametrize("sql", PHOTO_SQL)
def test_a_photo_is_never_changed_nor_deleted(sql):
    assert refused(sql, make_evidence().pk)


TAKE_BACK = (
    "UPDATE inspections_evidence SET withdrawn_by_id = taken_by_id, withdrawn_at = now() WHERE id = %s"
)
COPY = """
INSERT INTO inspections_evidence (row_version, run_id, target_id, item_id, file_id, name, media_type, width,
    height, captured_at, device, op, taken_by_id)
SELECT 1, run_id, target_id, {item}, file_id, name, {media_type}, width, height, {captured_at}, device,
    gen_random_uuid(), taken_by_id FROM inspections_evidence WHERE id = %s
"""
SAME = {"item": "item_id", "media_type": "media_type", "captured_at": "captured_at"}


def test_a_photo_is_taken_back_once_and_while_the_run_is_running():
    photo = make_evidence()
    assert not refused(TAKE_BACK, photo.pk)
    assert refused(TAKE_BACK, photo.pk)
    assert refused(
        "UPDATE inspections_evidence SET withdrawn_by_id = NULL, withdrawn_at = NULL WHERE id = %s", photo.pk
    )
    at = ask("SELECT withdrawn_at FROM inspections_evidence WHERE id = %s", photo.pk)
    assert abs(at - timezone.now()) < timedelta(minutes=1)


def test_a_signed_run_takes_no_photo_and_gives_none_back():
    photo = make_evidence()
    run = signed(photo)
    assert refused(TAKE_BACK, photo.pk)
    assert refused(COPY.format(**SAME), photo.pk)
    assert run.record_sha256 == ask("SELECT inspections_run_sha256_v1(%s)", run.pk)


@pytest.mark.parametrize(
    "over",
    [
        {"media_type": "'text/html'"}, {"media_type": "'image/svg+xml'"},
        {"captured_at": "now() + interval '1 hour'"},
        {"item": "(SELECT max(id) FROM inspections_templateitem)"},
    ],
)  # fmt: skip
def test_a_photo_is_of_its_run_and_a_picture(over):
    photo = make_evidence()
    make_run()  # its item is the newest
    assert not refused(COPY.format(**SAME), photo.pk)
    assert refused(COPY.format(**SAME | over), photo.pk)


ANSWER = """
INSERT INTO inspections_answer (row_version, target_id, item_id, ci_id, item_key, is_current, value_choice,
    value_text, is_na, severity, bounds_used, source, comment, answered_by_id, observed_at, op, op_sha256,
    device, device_at, clock_skew_seconds)
SELECT 1, t.id, i.id, t.ci_id, i.key, true, '', %s, false, 'ok', '{}', 'human', '', %s,
    now() - %s::interval, gen_random_uuid(), '', 'phone', now() - %s::interval, %s
  FROM inspections_runtarget t JOIN inspections_inspectionrun r ON r.id = t.run_id
  JOIN inspections_templateitem i ON i.version_id = r.version_id WHERE t.id = %s
"""


def raw_answer(kind, text, observed="0", device="0", skew=0):
    now = timezone.now()
    noon = {"time_zone": f"Etc/GMT{now.hour - 12:+d}", "starts_on": now.date() - timedelta(days=1)}
    run = make_run(items=[{"key": "x", "kind": kind}], **noon)  # where it is noon it opened hours ago
    target, by = run.targets.get(), make_user("engineer")
    start_run(target.run, by=by)
    return refused(ANSWER, text, by.pk, observed, device, skew, target.pk)


def test_the_time_of_an_answer_is_the_corrected_one_or_the_receipt():
    assert not raw_answer("text", "x")
    assert not raw_answer("text", "x", observed="4 hours", device="5 hours", skew=3600)
    assert not raw_answer("text", "x", observed="0", device="1 year")  # doubted: as of its receipt
    assert raw_answer("text", "x", observed="4 hours", device="0")
    assert raw_answer("text", "x", observed="4 hours", device="4 hours", skew=None)


def test_a_photo_item_is_answered_by_a_photo_of_its_own_alone():
    photo = make_evidence()
    assert raw_answer("photo", "I took one")
    assert raw_answer("photo", photo.file.sha256)
    target = make_run(items=[{"key": "x", "kind": "photo"}]).targets.get()
    own = make_evidence(target=target, file=make_file())
    assert not refused(ANSWER, own.file.sha256, own.taken_by_id, "0", "0", 0, target.pk)


def test_who_took_a_photo_does_not_review():
    run, by = make_run(), make_user("engineer")
    start_run(run, by=by)
    photo = make_evidence(target=run.targets.get(), taken_by=make_user(is_superuser=True))
    record_answers(run, [AnswerInput(photo.target_id, photo.item_id, "20")], by=by)
    submit_run(run, by=by)
    run.refresh_from_db()
    sql = (
        "INSERT INTO inspections_signature (row_version, run_id, role, by_id, method, comment, record_sha256)"
    )
    sql += " VALUES (1, %s, 'reviewer', %s, 'session', '', '')"
    assert refused(sql, run.pk, photo.taken_by_id)


@pytest.fixture
def run():
    return make_run(items=ITEMS)


@pytest.mark.parametrize("role", ["", "auditor", "reviewer", "requester", "security_administrator"])
def test_only_inspectors_send(client, run, role):
    client.force_login(make_user(role))
    sent = answer(client, run)
    assert (sent.status_code, set(sent.json())) == (403, {"error"})
    assert not SyncOp.objects.exists()


def test_without_a_log_in_nothing_is_told(client, run):
    sent = answer(client, run)
    assert (sent.status_code, sent.json()["error"]["code"]) == (401, "not_authenticated")
    assert run.number not in sent.content.decode()
    assert not SyncOp.objects.exists()


def test_a_page_of_somebody_else_cannot_send_in_the_name_of_who_is_logged_in(run):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(make_user("engineer"))
    assert answer(browser, run).status_code == 403
    assert not SyncOp.objects.exists()
    token = browser.get("/api/inspections/bundle/").json()["csrf_token"]
    said, key = body("answer", run, cell(run) | {"value": "20"}), str(uuid.uuid4())
    assert send(browser, said, key, **{"X-CSRFToken": token}).status_code == 201


def test_after_the_session_ended_it_is_kept_for_and_sent_by_the_next_one(client, run):
    user, key = make_user("engineer"), str(uuid.uuid4())
    said = body("answer", run, cell(run) | {"value": "20"})
    assert send(client, said, key).status_code == 401
    client.force_login(user)
    first = send(client, said, key)
    client.logout()
    assert send(client, said, key).status_code == 401
    client.force_login(user)
    assert send(client, said, key).content == first.content


@pytest.mark.parametrize(("scope", "status"), [(ApiToken.Scope.READ, 403), (ApiToken.Scope.WRITE, 201)])
def test_a_token_sends_within_its_scope(client, run, scope, status):
    user, ends = make_user("engineer"), timezone.now() + timedelta(days=1)
    _token, secret = create_token(user, by=user, name="tablet", scope=scope, expires_at=ends)
    said = body("answer", run, cell(run) | {"value": "20"})
    sent = send(client, said, None, Authorization=f"Bearer {secret}")
    assert sent.status_code == status
    assert Answer.objects.filter(answered_by=user).exists() == (status == 201)


def test_a_night_underground_arrives_and_a_flood_is_slowed_down(client, run, monkeypatch):
    assert sync.MOST_A_MINUTE >= 3 * 200
    client.force_login(make_user("engineer"))
    monkeypatch.setattr(sync, "MOST_A_MINUTE", 2)
    assert answer(client, run, "20").status_code == 201
    assert answer(client, run, "pass", key="lamp").status_code == 201
    slowed = send(client, body("submit", run, {}))
    assert (slowed.status_code, slowed["Retry-After"]) == (429, "61")
    client.force_login(make_user("engineer"))
    assert send(client, body("submit", run, {})).status_code == 201


def test_a_photo_of_a_withdrawn_one_stays_in_history():
    photo = make_evidence()
    Evidence.objects.filter(pk=photo.pk).update(withdrawn_by=photo.taken_by, withdrawn_at=timezone.now())
    assert [row.withdrawn_by_id for row in photo.history.order_by("history_id")] == [None, photo.taken_by_id]
