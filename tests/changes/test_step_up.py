"""A vote on high risk, the start of it and breaking the glass ask who it is: on the page, the API, in SQL."""

import time
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.actions import create_token
from accounts.step_up import Proof
from changes.actions import StepRefused, cast_vote, take_step
from changes.models import ChangeEvent, Vote
from tests.changes import journey
from tests.factories import make_item

HIGH = journey.HIGH


@pytest.fixture
def change(cast):
    """A high-risk change with its round open."""
    change = journey.draft(cast)
    journey.to_testing(cast, change, HIGH)
    journey.run_tests(cast, change, ("test", "rehearsal"))
    take_step(change, "tested", by=cast.tester)
    return change


@pytest.fixture
def seat(change, cast):
    return change.rounds.get().steps.get(seats__user=cast.board[0]).seats.get(user=cast.board[0])


def logged_in(user, minutes_ago=None):
    """A browser in which `user` proved who they are so long ago, or in some way we know nothing of."""
    client = Client()
    user.set_password("right")
    user.save()
    client.force_login(user)
    if minutes_ago is not None:
        session = client.session
        record = {"method": "password", "at": time.time() - minutes_ago * 60}
        session["account_authentication_methods"] = [record]
        session["account_authentication_methods_user"] = str(user.pk)
        session.save()
    return client


def vote_by(client, change, seat, **more):
    given = {"seat": seat.pk, "choice": "approve", "comment": "Looked at it", "plan_hash": change.plan_hash}
    return client.post(reverse("changes:vote", args=[change.number]), given | more)


@pytest.mark.parametrize("minutes_ago", [None, 11])
def test_a_vote_without_a_fresh_proof_is_refused_and_leads_to_the_confirmation_and_back(
    change, seat, cast, minutes_ago
):
    client = logged_in(cast.board[0], minutes_ago)
    answer = vote_by(client, change, seat)
    assert answer.status_code == 409
    assert not Vote.objects.exists()
    link = answer.context["refused"]["confirm_link"]
    assert f'href="{link.replace("&", "&amp;")}"' in answer.text
    assert client.get(link).status_code == 200
    wrong = client.post(link, {"password": "wrong"})
    assert wrong.status_code == 200
    assert wrong.context["form"].errors
    back = client.post(link, {"password": "right"})
    assert back.status_code == 302
    page = client.get(back.url)
    assert page.status_code == 200
    assert "Looked at it</textarea>" in page.text, "what was typed is kept"
    assert "data-open" in page.text
    assert not Vote.objects.exists(), "coming back acts on nothing"
    assert "Looked at it</textarea>" not in client.get(back.url).text, "kept once"
    assert vote_by(client, change, seat).status_code == 302
    vote = Vote.objects.get()
    assert (vote.proof, vote.token_id) == ("step_up", None)
    assert vote.proved_at > timezone.now() - timedelta(minutes=1)


def test_a_log_in_of_the_last_minutes_is_a_proof_and_low_risk_asks_for_none(cast):
    client = logged_in(cast.owner, 60)
    low = journey.draft(cast)
    journey.to_approving(cast, low)
    seat = low.rounds.get().steps.get().seats.get(user=cast.owner)
    assert vote_by(client, low, seat).status_code == 302
    assert Vote.objects.get().proof == "session"


def test_nine_minutes_are_fresh(change, seat, cast):
    assert vote_by(logged_in(cast.board[0], 9), change, seat).status_code == 302


def test_another_persons_proof_in_the_session_is_worth_nothing(change, seat, cast):
    client = logged_in(cast.board[0], 1)
    session = client.session
    session["account_authentication_methods_user"] = str(cast.owner.pk)
    session.save()
    assert vote_by(client, change, seat).status_code == 409


def test_a_token_is_refused_with_words(change, cast):
    _row, secret = create_token(
        cast.board[0],
        by=cast.board[0],
        name="pipeline",
        scope="write",
        expires_at=timezone.now() + timedelta(days=30),
    )
    answer = Client().post(
        f"/api/changes/{change.number}/votes/",
        {"choice": "approve"},
        content_type="application/json",
        headers={"authorization": f"Bearer {secret}"},
    )
    assert answer.status_code == 409
    (refusal,) = answer.json()["error"]["refusals"]
    assert refusal["code"] == "step_up"
    assert "API token" in refusal["message"]


def test_the_start_of_high_risk_asks_too_and_the_event_keeps_the_proof(change, cast):
    for voter in [cast.owner, *cast.board]:
        cast_vote(change.rounds.get(), by=voter, choice="approve", proof=Proof.now())
    change.refresh_from_db()
    data = {"backup_ref": "vault/1"}
    with pytest.raises(StepRefused) as refused:
        take_step(change, "start", by=cast.implementer, data=data, proof=Proof("session"))
    assert {refusal.code for refusal in refused.value.refusals} == {"step_up"}
    event = take_step(change, "start", by=cast.implementer, data=data, proof=Proof.now())
    assert event.proof == "step_up"
    assert event.proved_at is not None


@pytest.mark.parametrize(
    ("proof", "minutes"), [("", None), ("session", 1), ("token", 1), ("step_up", 11), ("step_up", -5)]
)
def test_postgresql_takes_no_vote_and_no_glass_without_a_fresh_proof(change, seat, cast, proof, minutes):
    at = None if minutes is None else timezone.now() - timedelta(minutes=minutes)
    given = {"voter": seat.user, "choice": "approve", "plan_hash": change.plan_hash}
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        Vote.objects.create(round=change.rounds.get(), seat=seat, **given, proof=proof, proved_at=at)
    assert error.value.__cause__.diag.message_hint == "step_up"
    burning = journey.emergency(cast, item=make_item(serial="FIRE"))
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        ChangeEvent.objects.create(
            change=burning,
            event="break_glass",
            actor=cast.oncall,
            comment="it burns",
            proof=proof,
            proved_at=at,
        )
    assert error.value.__cause__.diag.message_hint == "step_up"


def test_a_form_that_waits_belongs_to_its_own_change(change, seat, cast):
    client = logged_in(cast.board[0])
    vote_by(client, change, seat)
    other = journey.draft(cast, item=make_item(serial="ELSE"))
    journey.to_approving(cast, other)
    page = client.get(reverse("changes:change", args=[other.number]) + "?resume=vote")
    assert page.status_code == 200
    assert "Looked at it" not in page.text
