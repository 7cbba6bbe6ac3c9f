"""Photos: sent once, cleaned, counted, taken back, kept in the record; and what is none."""

import json
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse

from audit.models import StoredFile
from inspections.guards import gaps_of
from inspections.models import Answer, Evidence, SyncOp
from inspections.pictures import LARGEST_PHOTO
from tests.factories import make_run, make_user
from tests.inspections.pictures import HTML, SVG, bomb, jpeg, jpeg_with_position
from tests.inspections.test_sync import answer, body, cell, send

pytestmark = pytest.mark.django_db

ITEMS = [
    {"key": "disk", "kind": "number", "warn_high": 85, "crit_high": 95, "comment_at": "", "photo_at": "crit"},
    {"key": "rack", "kind": "photo", "is_na_allowed": True, "is_required": False},
]


@pytest.fixture
def engineer(client):
    user = make_user("engineer")
    client.force_login(user)
    return user


@pytest.fixture
def run():
    return make_run(items=ITEMS)


def said(run, key="disk", **over):
    return body("photo", run, cell(run, key) | {"name": "IMG_1.jpg"} | over)


def take(client, run, content=None, key="disk", op=None, operation=None):
    content = jpeg() if content is None else content
    upload = SimpleUploadedFile("photo.jpg", content, "image/jpeg")
    operation = json.dumps(operation or said(run, key))
    headers = {"Idempotency-Key": op or str(uuid.uuid4())}
    return client.post("/api/inspections/sync/", {"op": operation, "photo": upload}, headers=headers)


def submit(client, run):
    return send(client, body("submit", run, {}))


def test_a_photo_arrives_once_and_to_the_byte(client, engineer, run):
    op, operation = str(uuid.uuid4()), said(run)
    first = take(client, run, op=op, operation=operation)
    again = take(client, run, op=op, operation=operation)
    assert (first.status_code, again.status_code) == (201, 201), first.content
    assert first.content == again.content
    kept = Evidence.objects.select_related("file").get()
    assert bytes(kept.file.content) == jpeg()
    assert (kept.name, kept.width, kept.height, kept.media_type) == ("IMG_1.jpg", 40, 30, "image/jpeg")
    assert (kept.taken_by, str(kept.op)) == (engineer, op)
    bundle = client.get("/api/inspections/bundle/").json()["runs"][0]
    assert bundle["photos"] == {f"{kept.target_id}-{kept.item_id}": [first.json()["photo"]]}
    other = take(client, run, jpeg(size=(50, 50)), op=op, operation=operation)
    assert (other.status_code, other.json()["error"]["code"]) == (422, "key_reused")


def test_where_it_was_taken_is_not_kept(client, engineer, run):
    assert take(client, run, jpeg_with_position()).status_code == 201
    assert b"Exif" not in bytes(Evidence.objects.get().file.content)


def test_it_is_sent_out_as_a_download_to_whoever_may_see(client, engineer, run):
    url = take(client, run).json()["photo"]["url"]
    shown = client.get(url)
    assert shown.content == jpeg()
    assert shown["Content-Disposition"].startswith("attachment")
    assert shown["X-Content-Type-Options"] == "nosniff"
    client.force_login(make_user())
    assert client.get(url).status_code == 403
    client.logout()
    assert client.get(url).status_code == 302
    assert client.get(reverse("inspections:photo", args=[uuid.uuid4()])).status_code == 302


@pytest.mark.parametrize(
    ("content", "status"),
    [(HTML, 415), (SVG, 415), (b"GIF89a", 415), (bomb(), 413), (jpeg() + bytes(LARGEST_PHOTO), 413),
     (bytes(10 * 1024 * 1024), 413)],
    ids=["html", "svg", "gif", "bomb", "over 8 MB", "10 MB"],
)  # fmt: skip
def test_what_is_no_photo_is_refused_and_not_stored(client, engineer, run, content, status):
    sent = take(client, run, content)
    assert sent.status_code == status
    assert sent.json()["error"]["message"]
    assert not any(model.objects.exists() for model in (Evidence, SyncOp, StoredFile))


def test_an_upload_without_a_photo_or_a_readable_operation_is_refused(client, engineer, run):
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    for fields in ({}, {"op": "{"}, {"op": "NaN"}, {"op": json.dumps(said(run))}, {"photo": "text"}):
        sent = client.post("/api/inspections/sync/", fields, headers=headers)
        assert sent.status_code == 400, fields
    answer_with_photo = take(client, run, operation=body("answer", run, cell(run) | {"value": "1"}))
    assert answer_with_photo.status_code == 400


def test_a_bad_answer_waits_for_its_photo(client, engineer, run):
    answer(client, run, "96")
    refused = submit(client, run)
    assert [each["code"] for each in refused.json()["error"]["refusals"]] == ["photo"]
    assert [gap for _target, _item, gap in gaps_of(run)] == ["photo"]
    op = take(client, run).json()["photo"]["op"]
    assert gaps_of(run) == []
    place = cell(run)
    assert send(client, body("withdraw", run, place | {"photo": op})).status_code == 201
    assert [gap for _target, _item, gap in gaps_of(run)] == ["photo"]
    assert submit(client, run).status_code == 409
    again = send(client, body("withdraw", run, place | {"photo": op}))
    assert (again.status_code, again.json()["error"]["code"]) == (422, "withdrawn")
    take(client, run)
    assert submit(client, run).status_code == 201


def test_a_photo_item_is_answered_by_its_photo(client, engineer, run):
    sent = answer(client, run, "", key="rack")
    assert (sent.status_code, sent.json()["error"]["code"]) == (422, "photo")
    first = take(client, run, key="rack").json()
    assert first["answer"]["value"] == first["photo"]["sha256"]
    second = take(client, run, jpeg(size=(9, 9)), key="rack").json()
    assert Answer.objects.current().get().value_text == second["photo"]["sha256"]
    commented = answer(client, run, "", key="rack", payload={"comment": "left door"})
    assert commented.status_code == 201
    assert Answer.objects.current().get().comment == "left door"
    send(client, body("withdraw", run, {"photo": second["photo"]["op"]}))
    assert Answer.objects.current().get().value_text == first["photo"]["sha256"]
    send(client, body("withdraw", run, {"photo": first["photo"]["op"]}))
    answer(client, run, "20")
    assert [each["code"] for each in submit(client, run).json()["error"]["refusals"]] == ["photo"]
    absent = answer(client, run, "", key="rack", payload={"is_na": True})
    assert absent.status_code == 201
    assert submit(client, run).status_code == 201


def test_the_signed_record_holds_its_photos(client, engineer, run):
    answer(client, run, "20")
    take(client, run)
    with_photo = submit(client, run).json()
    assert with_photo["run"]["state"] == "submitted"
    run.refresh_from_db()
    assert Evidence.objects.get().file.sha256 in record_of(run)


def record_of(run):
    with connection.cursor() as cursor:
        cursor.execute("SELECT inspections_run_record_v1(%s)", [run.pk])
        return cursor.fetchone()[0]


def test_a_run_without_photos_has_the_record_it_had_before(client, engineer, run):
    answer(client, run, "20")
    assert "photo" not in record_of(run)


def test_at_most_twenty_photos_of_one_item(client, engineer, run):
    for size in range(20):
        assert take(client, run, jpeg(size=(size + 1, 1))).status_code == 201
    assert take(client, run).status_code == 422
