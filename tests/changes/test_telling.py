"""Who is told what of each step of a change, and that telling stops nothing."""

import pytest

from accounts.models import Notice
from accounts.step_up import Proof
from changes import notices
from changes.actions import add_remark, cast_vote, take_step, telling
from tests.changes import journey
from tests.factories import make_delegation, make_user


def told(person, kind=None):
    rows = person.notices.order_by("pk")
    return [row.subject.split(":")[0] for row in rows if kind is None or row.kind == kind]


def newest(person):
    return person.notices.first()


def test_each_hears_when_it_is_their_turn_and_where_it_stands(cast):
    change = journey.draft(cast)
    take_step(change, "submit", by=cast.requester)
    assert told(cast.assessor) == ["To assess"]
    assert told(cast.requester) == []  # did it
    assert told(cast.tester, notices.MOVED) == ["Now “Assessing”"]
    first = newest(cast.assessor)
    assert first.path == f"/changes/{change.number}/"
    assert first.subject == f"To assess: {change.number} Correct the serial number"
    assert "the change is now: Assessing" in first.text
    assert "Window: " in first.text
    assert first.about == str(change)


def test_the_tester_hears_when_the_assessment_is_done(cast):
    change = journey.draft(cast)
    journey.to_testing(cast, change)
    assert told(cast.tester)[-1] == "To test"


def test_voters_are_asked_and_their_deputies_too(cast):
    deputy = make_user("board_member")
    make_delegation(person=cast.owner, deputy=deputy)
    change = journey.draft(cast)
    journey.to_approving(cast, change)
    assert told(cast.owner, notices.VOTE) == ["Your vote is asked for"]
    assert told(deputy, notices.VOTE) == [f"A vote for {cast.owner} is asked for"]
    assert newest(cast.owner).is_urgent
    assert told(cast.board[0]) == []  # no seat in this round
    assert newest(cast.owner).text.startswith("Until ")


def test_the_decision_is_told_and_the_implementer_knows_when(cast):
    change = journey.draft(cast)
    journey.to_scheduled(cast, change)
    assert told(cast.requester)[-1] == "Approved"
    assert told(cast.implementer)[-1] == "To implement"
    assert newest(cast.requester).text.startswith("Step “Close the vote as approved” by OpsLedger itself;")


def test_a_rejection_carries_its_reason(cast):
    change = journey.draft(cast)
    journey.to_testing(cast, change)
    take_step(change, "test_failed", by=cast.tester, comment="The label\nwas unreadable.")
    assert told(cast.requester)[-1] == "Sent back"
    assert "“The label\nwas unreadable.”" in newest(cast.requester).text


def test_an_edited_plan_voids_votes_and_says_so_once(cast):
    change = journey.draft(cast)
    journey.to_testing(cast, change, answers=journey.HIGH)
    journey.run_tests(cast, change, ("test", "rehearsal"))
    take_step(change, "tested", by=cast.tester)
    round_ = change.rounds.get(closed_at=None)
    cast_vote(round_, by=cast.owner, choice="approve", proof=Proof.now())
    take_step(change, "rework", by=cast.manager, comment="Think again.")
    assert told(cast.owner, notices.PLAN_EDITED) == ["Your vote is void"]
    telling.tell_voided(change)
    assert len(told(cast.owner, notices.PLAN_EDITED)) == 1


def test_a_rollback_is_urgent_for_everybody_with_a_part(cast):
    change = journey.draft(cast)
    journey.to_verifying(cast, change)
    take_step(change, "rollback", by=cast.implementer, comment="Alarms.")
    assert told(cast.requester)[-1] == "Rolled back"
    assert told(cast.second)[-1] == "To roll back now"
    assert newest(cast.requester).is_urgent


def test_broken_glass_reaches_board_security_and_managers(cast, monkeypatch):
    security = make_user("security_administrator")
    change = journey.emergency(cast)
    assert told(cast.emergency[0], notices.VOTE) == ["Your vote is asked for"]
    event = change.events.first()
    event.event, event.source, event.target, event.comment = (
        "break_glass",
        "approving",
        "implementing",
        "Now.",
    )
    telling.tell_step(event)
    for person in (security, cast.manager, *cast.emergency):
        assert told(person, notices.BREAK_GLASS) == ["The glass was broken"]
        assert newest(person).is_urgent


def test_a_fault_in_telling_stops_no_step(cast, monkeypatch, caplog):
    monkeypatch.setattr(telling, "parts_of", lambda change: 1 / 0)
    change = journey.draft(cast)
    take_step(change, "submit", by=cast.requester)
    assert change.state == "assessing"
    assert "Nobody was told" in caplog.text
    assert Notice.objects.count() == 0


def test_a_refused_step_tells_nobody(cast):
    change = journey.draft(cast)
    with pytest.raises(Exception):  # noqa: B017, PT011
        take_step(change, "submit", by=cast.verifier)
    assert Notice.objects.count() == 0


def test_every_step_of_a_long_life_can_be_told_in_both_languages(cast):
    for person in (cast.requester, cast.verifier):
        person.language = "zh-hans"
        person.save()
    change = journey.draft(cast)
    journey.to_verifying(cast, change)
    journey.verify(cast, change)
    take_step(change, "verified", by=cast.verifier)
    assert all("%(" not in notice.subject + notice.text for notice in Notice.objects.all())
    assert told(cast.implementer)[-1] == "Closed"


def test_questions_answers_and_mentions_reach_whom_they_mean(cast):
    change = journey.draft(cast)
    asker, named = cast.board[0], make_user("engineer", username="li.wei")
    question = add_remark(change, f"Why now, @li.wei? @{asker.username}", by=asker, is_question=True)
    assert told(cast.requester) == [f"{asker} asks"]
    assert told(named) == [f"{asker} mentions you"]
    assert told(asker) == []
    assert "Why now" in newest(named).text
    add_remark(change, "The support ends.", by=cast.requester, answers=question)
    assert told(asker, notices.DISCUSSED) == [f"{cast.requester} answers"]


def test_a_flood_of_mentions_is_not_passed_on(cast):
    change = journey.draft(cast)
    named = make_user("engineer", username="li.wei")
    for number in range(25):
        add_remark(change, f"{number} @li.wei", by=cast.assessor)
    assert named.notices.filter(kind=notices.MENTIONED).count() == telling.MENTIONS_AN_HOUR
    assert change.remarks.count() == 25


def test_what_was_asked_for_is_settled_when_it_is_done(cast):
    change = journey.draft(cast)
    journey.to_approving(cast, change, answers=journey.MEDIUM)
    assert [row.is_open for row in cast.tester.notices.filter(kind=notices.YOUR_TURN)] == [False]
    [asked] = cast.owner.notices.filter(kind=notices.VOTE)
    assert asked.is_open
    cast_vote(change.rounds.get(closed_at=None), by=cast.owner, choice="approve", proof=Proof.now())
    asked.refresh_from_db()
    assert asked.settled_at is not None
    assert asked.read_at is None


def test_a_vote_given_asks_its_voter_no_more(cast):
    change = journey.emergency(cast)
    one, two, *_rest = cast.emergency
    cast_vote(change.rounds.get(), by=one, choice="abstain", proof=Proof.now())
    assert not one.notices.get(kind=notices.VOTE).is_open
    assert two.notices.get(kind=notices.VOTE).is_open
