"""Owners agree to the plan that they read: an edit makes their word void, and they are asked again."""

from datetime import timedelta

import pytest
from django.db import Error, transaction
from django.utils import timezone

from changes import notices
from changes.actions import (
    StepRefused,
    add_affected,
    add_task,
    confirm_impact,
    consult_owner,
    overrule_owner,
    take_step,
    void_confirmed,
    what_an_edit_voids,
)
from changes.jobs import remind
from changes.models import ChangeEvent, Consultation
from tests.changes.journey import LOW, MEDIUM, draft, precedent, run_tests
from tests.changes.test_api import Person
from tests.changes.test_reminders import told
from tests.factories import make_item, make_member, make_user

EARLIER = "agreed to an earlier plan"


@pytest.fixture
def member(db):
    return make_member(user=make_user("engineer"))


@pytest.fixture
def agreed(cast, member):
    """A change that is being assessed, to which the team of `member` has agreed."""
    change = draft(cast, item=make_item(serial="OLD", owner_team=member.team))
    take_step(change, "submit", by=cast.requester)
    confirm_impact(change, by=cast.assessor)
    answer(change, member)
    return change


def answer(change, member, choice="agreed", **more):
    return consult_owner(change, member.team, by=member.user, answer=choice, **more)


def edit(change, cast):
    with void_confirmed():
        add_task(change, "One more", by=cast.requester)


def refused(change, event, **more):
    with pytest.raises(StepRefused) as caught:
        take_step(change, event, **more)
    return {refusal.code for refusal in caught.value.refusals}


def hint(deed):
    """The code with which PostgreSQL refuses."""
    with pytest.raises(Error) as caught, transaction.atomic():
        deed()
    return caught.value.__cause__.diag.message_hint


def test_an_edit_while_assessing_makes_the_agreement_void(cast, agreed, member):
    edit(agreed, cast)
    done = {"by": cast.assessor, "data": {"risk_answers": MEDIUM}}
    assert refused(agreed, "assessed", **done) == {"agreed_to_earlier_plan"}
    answer(agreed, member)
    take_step(agreed, "assessed", **done)
    assert agreed.state == "testing"


def test_what_the_assessment_finds_makes_no_agreement_void(cast, agreed):
    add_affected(agreed, make_item(), by=cast.assessor, reason="The nightly job writes there.")
    confirm_impact(agreed, by=cast.assessor)
    take_step(agreed, "assessed", by=cast.assessor, data={"risk_answers": MEDIUM})
    row = agreed.consultations.get()
    assert (row.is_outdated, row.is_settled) == (False, True)


def test_an_edit_while_testing_asks_again_before_the_vote(cast, agreed, member):
    take_step(agreed, "assessed", by=cast.assessor, data={"risk_answers": MEDIUM})
    edit(agreed, cast)
    run_tests(cast, agreed)
    assert refused(agreed, "tested", by=cast.tester) == {"agreed_to_earlier_plan"}
    forged = {"change": agreed, "event": "tested", "actor": cast.tester}
    assert hint(lambda: ChangeEvent.objects.create(**forged)) == "ci_owners_consulted"
    answer(agreed, member)
    take_step(agreed, "tested", by=cast.tester)
    assert agreed.state == "approving"


def test_a_new_round_waits_for_the_owners_of_a_plan_that_was_edited_in_the_last(cast, agreed, member):
    precedent(cast, agreed)
    take_step(agreed, "assessed_low", by=cast.assessor, comment="One number.", data={"risk_answers": LOW})
    with pytest.raises(StepRefused):
        answer(agreed, member)
    edit(agreed, cast)
    assert refused(agreed, "new_round", by=cast.requester) == {"agreed_to_earlier_plan"}
    forged = {"change": agreed, "event": "new_round", "actor": cast.requester}
    assert hint(lambda: ChangeEvent.objects.create(**forged)) == "ci_owners_consulted"
    answer(agreed, member)
    take_step(agreed, "new_round", by=cast.requester)
    late = agreed.consultations
    assert hint(lambda: late.update(answer="objected", comment="No.")) == "too_late"


def test_an_overruling_is_for_the_plan_that_the_objection_was_to(cast, agreed, member):
    row = answer(agreed, member, "objected", comment="Not before the month's end.")
    overrule_owner(row, by=cast.assessor, because="The settlement was moved to Friday.")
    take_step(agreed, "assessed", by=cast.assessor, data={"risk_answers": MEDIUM})
    assert any("overruled" in loss for loss in what_an_edit_voids(agreed))
    edit(agreed, cast)
    run_tests(cast, agreed)
    assert refused(agreed, "tested", by=cast.tester) == {"owner_objects"}
    overrule_owner(row, by=cast.assessor, because="The settlement was moved to Friday.")
    take_step(agreed, "tested", by=cast.tester)


def test_silence_on_the_new_plan_is_overruled_only_after_its_own_time(cast, agreed):
    rows = agreed.consultations
    rows.update(due_at=timezone.now() - timedelta(minutes=1))
    edit(agreed, cast)
    row = rows.get()
    assert row.due_at > timezone.now(), "a new time to answer by"
    assert row.is_silent
    goes_on = {"by": cast.assessor, "because": "Nobody is there this week."}
    with pytest.raises(StepRefused):
        overrule_owner(row, **goes_on)
    forged = {"overruled_by": cast.assessor, "overruled_because": "x"}
    assert hint(lambda: rows.update(**forged)) == "nothing_to_overrule"
    rows.update(due_at=timezone.now() - timedelta(minutes=1))
    overrule_owner(row, **goes_on)
    row = rows.get()
    assert (row.answer, row.is_outdated, row.is_settled) == ("agreed", True, True)


def test_raw_sql_makes_no_old_answer_new(cast, agreed, member):
    edit(agreed, cast)
    rows = agreed.consultations
    assert hint(lambda: rows.update(plan_hash="f" * 64)) == "plan_edited"
    assert hint(lambda: rows.update(answer="objected", comment="No, thanks.")) == "plan_edited"
    assert hint(lambda: rows.update(plan_hash="")) == "plan_edited"
    member.delete()
    assert hint(lambda: rows.update(plan_hash=agreed.asked_hash)) == "team_member"
    type(agreed).objects.filter(pk=agreed.pk).update(asked_hash=rows.get().plan_hash)
    agreed.refresh_from_db()
    assert rows.get().is_outdated, "PostgreSQL computes it"


def test_the_team_hears_once_that_it_is_asked_again(cast, agreed, member):
    edit(agreed, cast)
    for _each in range(2):
        edit(agreed, cast)
        remind()
    assert told(member.user, notices.CONSULTED) == [f"Your team is asked again: {agreed}"]


def test_the_pages_say_so_and_ask_again(cast, agreed, member, client):
    client.force_login(member.user)
    page, asked = f"/changes/{agreed.number}/", "/changes/asked/"
    read = agreed.asked_hash
    assert EARLIER not in client.get(page).content.decode()
    assert agreed.number not in client.get(asked).content.decode()
    edit(agreed, cast)
    answering = f"/changes/{agreed.number}/consultations/{member.team_id}/"
    for path, form in ((page, answering), (asked, f"/changes/asked/{agreed.consultations.get().pk}/")):
        shown = client.get(path).content.decode()
        assert EARLIER in shown
        assert form in shown
        assert agreed.asked_hash in shown
    client.post(answering, {"answer": "agreed", "plan_hash": read})
    assert agreed.consultations.get().is_outdated, "an answer to a page that is old"
    client.post(answering, {"answer": "agreed", "plan_hash": agreed.asked_hash})
    assert EARLIER not in client.get(page).content.decode()
    assert Consultation.objects.waiting().count() == 0


def test_the_api_binds_the_answer_to_what_was_read(cast, agreed, member):
    person = Person(member.user)
    read = agreed.asked_hash
    edit(agreed, cast)
    assert [row["is_outdated"] for row in person.get("consultations/")["results"]] == [True]
    path, said = f"changes/{agreed.number}/consultations/", {"team": member.team_id, "answer": "agreed"}
    refusals = person.post(path, said | {"plan_hash": read}, status=409)["error"]["refusals"]
    assert [refusal["code"] for refusal in refusals] == ["plan_edited"]
    assert person.post(path, said | {"plan_hash": agreed.asked_hash})["is_outdated"] is False
