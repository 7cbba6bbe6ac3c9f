"""Twins of one operation at the same moment, each on a connection of its own."""

import json
import threading
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from inspections.models import Answer, Evidence, InspectionRun, SyncOp
from tests.factories import make_run, make_user
from tests.inspections.pictures import jpeg
from tests.inspections.test_sync import ITEMS, body, cell

pytestmark = pytest.mark.django_db(transaction=True)
TWINS = 10


def at_once(send, count=TWINS):
    """What `send` (of its number) answers, `count` times in one moment."""
    barrier, answers = threading.Barrier(count), [None] * count

    def work(number):
        try:
            barrier.wait(20)
            answers[number] = send(number)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[number]) for number in range(count)]
    [thread.start() for thread in threads]
    [thread.join(60) for thread in threads]
    return answers


@pytest.fixture
def browsers():
    user, found = make_user("engineer"), []
    for _number in range(TWINS):
        found.append(Client())
        found[-1].force_login(user)
    return found


def post(browser, said, key, content_type="application/json"):
    return browser.post("/api/inspections/sync/", said, content_type, headers={"Idempotency-Key": key})


def test_ten_twins_of_one_answer_have_one_effect_and_ten_equal_answers(browsers):
    run = make_run(items=ITEMS)
    key, said = str(uuid.uuid4()), body("answer", run, cell(run) | {"value": "20"})
    answers = at_once(lambda number: post(browsers[number], said, key))
    assert {each.status_code for each in answers} == {201}
    assert len({each.content for each in answers}) == 1
    assert sum("Idempotency-Replayed" not in each for each in answers) == 1
    assert (Answer.objects.count(), SyncOp.objects.count()) == (1, 1)


def test_ten_twins_of_one_photo_keep_one(browsers):
    run = make_run(items=ITEMS)
    key = str(uuid.uuid4())
    said = json.dumps(body("photo", run, cell(run) | {"name": "a.jpg"}))

    def send(number):
        upload = SimpleUploadedFile("a.jpg", jpeg(), "image/jpeg")
        headers = {"Idempotency-Key": key}
        return browsers[number].post("/api/inspections/sync/", {"op": said, "photo": upload}, headers=headers)

    answers = at_once(send)
    assert {each.status_code for each in answers} == {201}
    assert len({each.content for each in answers}) == 1
    assert (Evidence.objects.count(), SyncOp.objects.count()) == (1, 1)


def test_ten_submissions_under_ten_keys_submit_once(browsers):
    run = make_run(items=ITEMS)
    post(browsers[0], body("answer", run, cell(run) | {"value": "20"}), str(uuid.uuid4()))
    post(browsers[0], body("answer", run, cell(run, "lamp") | {"value": "pass"}), str(uuid.uuid4()))
    answers = at_once(lambda n: post(browsers[n], body("submit", run, {}), str(uuid.uuid4())))
    assert sorted(each.status_code for each in answers) == [201] + [409] * (TWINS - 1)
    assert InspectionRun.objects.get().signatures.count() == 1


def test_of_ten_people_who_answer_one_item_nine_are_told(browsers):
    run = make_run(items=ITEMS)
    answers = at_once(
        lambda n: post(browsers[n], body("answer", run, cell(run) | {"value": f"{n}"}), str(uuid.uuid4()))
    )
    assert sorted(each.status_code for each in answers) == [201] + [409] * (TWINS - 1)
    current = Answer.objects.get()
    assert {each.json()["answer"]["id"] for each in answers} == {current.pk}
