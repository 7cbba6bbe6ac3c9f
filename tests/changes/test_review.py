"""The review: answers, incidents and actions as rows, and everybody's own list."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from changes.actions import (
    AlreadyDone,
    StepRefused,
    add_caused_incident,
    add_review_action,
    complete_review_action,
    record_review,
    take_step,
)
from tests.changes.journey import draft, to_verifying, verify
from tests.factories import make_review_action, make_user

TOMORROW = timezone.localdate() + timedelta(days=1)


def to_reviewing(cast):
    change = draft(cast)
    to_verifying(cast, change)
    verify(cast, change)
    take_step(change, "verified_review", by=cast.verifier, data={"issues": "Two minutes of wrong time"})
    return change


def test_the_review_is_written_by_who_took_part_and_closes_the_change(client, cast):
    change = to_reviewing(cast)
    with pytest.raises(StepRefused):
        record_review(change, by=cast.peer, answers={"goal": "yes"}, summary="x")
    client.force_login(cast.manager)
    url = reverse("changes:review-save", args=[change.number, "review"])
    assert client.post(url, {"goal": "The label is right.", "summary": ""}).status_code == 400
    client.post(url, {"goal": "The label is right.", "summary": "Read labels twice."})
    change.refresh_from_db()
    assert (change.review_answers, change.pir) == ({"goal": "The label is right."}, "Read labels twice.")
    take_step(change, "close", by=cast.manager)
    assert change.state == "closed"


def test_incidents_are_rows_and_one_reference_stands_once(client, cast):
    change = to_reviewing(cast)
    client.force_login(cast.verifier)
    url = reverse("changes:review-save", args=[change.number, "incident"])
    given = {
        "incident-reference": "INC-9",
        "incident-severity": "p2",
        "incident-link": "",
        "incident-note": "slow",
    }
    client.post(url, given)
    client.post(url, given)
    assert [str(each) for each in change.incidents.all()] == ["INC-9 · P2, high"]
    with pytest.raises(StepRefused):
        add_caused_incident(change, by=cast.verifier, reference="INC-8", severity="p0")
    client.force_login(make_user("requester"))
    assert client.post(url, given | {"incident-reference": "INC-10"}).status_code == 409


def test_an_action_has_somebody_who_is_here_and_a_date_ahead(cast):
    change = to_reviewing(cast)
    add = {"by": cast.manager, "text": "Add an alert"}
    with pytest.raises(StepRefused):
        add_review_action(change, owner=make_user(is_active=False), due_on=TOMORROW, **add)
    with pytest.raises(StepRefused):
        add_review_action(change, owner=cast.tester, due_on=TOMORROW - timedelta(days=2), **add)
    row = add_review_action(change, owner=cast.tester, due_on=TOMORROW, **add)
    assert add_review_action(change, owner=cast.tester, due_on=TOMORROW, **add) == row
    with pytest.raises(StepRefused):
        complete_review_action(row, by=cast.peer)
    complete_review_action(row, by=cast.tester, note="done in the morning")
    with pytest.raises(AlreadyDone):
        complete_review_action(row, by=cast.tester)


def test_my_actions_are_mine_and_cost_the_same_for_many(db, client, django_assert_max_num_queries):
    mine, manager = make_user("engineer"), make_user("change_manager")
    make_review_action(owner=mine, text="Mine to do")
    for _ in range(6):
        make_review_action(text="Of somebody else")
    url = reverse("changes:my-actions")
    client.force_login(mine)
    shown = client.get(url).content.decode()
    assert "Mine to do" in shown
    assert "Of somebody else" not in shown
    assert "Of somebody else" not in client.get(url + "?all=1").content.decode()
    client.force_login(manager)
    client.get(url + "?all=1")
    with django_assert_max_num_queries(12):
        assert "Of somebody else" in client.get(url + "?all=1").content.decode()
    client.force_login(make_user())
    assert client.get(url).status_code == 403
