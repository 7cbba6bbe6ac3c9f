"""Deadlines remind, escalate, and never decide; nothing is told twice."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django import app

from accounts.models import Notice
from changes import notices
from changes.actions import cast_vote, remind, take_step
from changes.actions.reminders import stage_of
from changes.models import ChangeEvent, ChangeRequest, Vote
from tests.changes import journey
from tests.factories import (
    make_consultation,
    make_delegation,
    make_freeze,
    make_item,
    make_member,
    make_review_action,
    make_user,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def told(person, kind):
    return list(person.notices.filter(kind=kind).order_by("pk").values_list("subject", flat=True))


def later(**fields):
    return timezone.now() + timedelta(**fields)


@pytest.fixture
def waiting(cast):
    change = journey.draft(cast)
    journey.to_approving(cast, change)
    return change


def test_marks_between_two_moments():
    begun = timezone.now()
    due = begun + 48 * HOUR
    passed = [stage_of(begun, due, begun + hours * HOUR) for hours in (0, 23, 24, 46, 47, 48, 90)]
    assert passed == ["", "", "half", "half", "hour", "overdue", "overdue"]
    assert stage_of(begun, begun + HOUR, begun + 0.9 * HOUR) == "half"


def test_missing_votes_are_reminded_of_twice_and_then_escalated_daily(cast, waiting):
    due = waiting.rounds.get().steps.get().due_at
    begun = waiting.rounds.get().opened_at
    for moment in (begun, begun + (due - begun) / 2, begun + (due - begun) / 2, due - HOUR, due - HOUR / 2):
        remind(moment)
    assert len(told(cast.owner, notices.VOTE_REMINDER)) == 2
    assert told(cast.manager, notices.VOTE_OVERDUE) == []
    for moment in (due, due + HOUR, due + DAY, due + 60 * DAY):
        remind(moment)
    assert len(told(cast.manager, notices.VOTE_OVERDUE)) == 2
    escalated = cast.manager.notices.filter(kind=notices.VOTE_OVERDUE).first()
    assert escalated.is_urgent
    assert str(cast.owner) in escalated.text
    assert "Silence does not approve" in escalated.text


def test_a_job_that_was_down_tells_what_still_matters(cast, waiting):
    due = waiting.rounds.get().steps.get().due_at
    remind(due - HOUR / 2)
    assert len(told(cast.owner, notices.VOTE_REMINDER)) == 1


def test_who_voted_and_what_is_on_hold_is_left_alone(cast):
    change = journey.draft(cast)
    journey.to_approving(cast, change)
    due = change.rounds.get().steps.get().due_at
    take_step(change, "hold", by=cast.manager, comment="Wait.")
    remind(due)
    assert told(cast.owner, notices.VOTE_OVERDUE) == []
    take_step(change, "resume", by=cast.manager, comment="Go on.")
    cast_vote(change.rounds.get(), by=cast.owner, choice="approve")
    remind(due)
    assert told(cast.owner, notices.VOTE_OVERDUE) == []


def test_deputies_are_reminded_too(cast, waiting):
    deputy = make_user("board_member")
    make_delegation(person=cast.owner, deputy=deputy, ends_at=later(days=30))
    remind()
    assert told(deputy, notices.VOTE)
    remind(waiting.rounds.get().steps.get().due_at - HOUR)
    assert len(told(deputy, notices.VOTE_REMINDER)) == 1


def test_after_every_deadline_nothing_is_decided(cast):
    normal, scheduled = journey.draft(cast), journey.draft(cast, item=make_item(serial="S"))
    journey.to_approving(cast, normal)
    journey.to_scheduled(cast, scheduled)
    emergency = journey.emergency(cast, item=make_item(serial="E"))
    before = list(ChangeRequest.objects.order_by("pk").values_list("pk", "state", "row_version"))
    facts = (Vote.objects.count(), ChangeEvent.objects.count())
    for days in (0, 1, 3, 10, 40, 400):
        remind(later(days=days))
    assert list(ChangeRequest.objects.order_by("pk").values_list("pk", "state", "row_version")) == before
    assert (Vote.objects.count(), ChangeEvent.objects.count()) == facts
    assert {row.state for row in (normal, emergency)} == {"approving"}
    assert told(cast.manager, notices.VOTE_OVERDUE)


def test_the_start_is_announced_a_day_and_an_hour_before(cast):
    starts = later(days=3)
    change = journey.draft(cast, window=(starts, starts + HOUR))
    journey.to_scheduled(cast, change)
    for moment in (later(days=1), starts - 20 * HOUR, starts - 19 * HOUR, starts - HOUR, starts - HOUR / 4):
        remind(moment)
    subjects = [subject.split(":")[0] for subject in told(cast.implementer, notices.STARTS_SOON)]
    assert subjects == ["Starts within a day", "Starts in an hour"]
    assert len(told(cast.verifier, notices.STARTS_SOON)) == 1
    assert told(cast.requester, notices.STARTS_SOON) == []


def test_who_has_just_heard_of_it_is_not_reminded_at_once(cast):
    starts = later(hours=20)
    change = journey.draft(cast, window=(starts, starts + HOUR))
    journey.to_scheduled(cast, change)
    remind(later(minutes=1))
    assert told(cast.implementer, notices.STARTS_SOON) == []
    remind(starts - HOUR)
    assert len(told(cast.implementer, notices.STARTS_SOON)) == 1


def test_a_window_that_runs_out_is_told_to_who_works_and_then_to_managers(cast):
    change = journey.draft(cast)
    journey.to_implementing(cast, change)
    end = change.window.upper
    for moment in (end - HOUR, end - HOUR / 4, end - HOUR / 5):
        remind(moment)
    assert told(cast.implementer, notices.WINDOW_ENDING) == [f"The window closes soon: {change}"]
    assert told(cast.manager, notices.WINDOW_ENDING) == []
    remind(end)
    assert len(told(cast.implementer, notices.WINDOW_ENDING)) == 2
    assert len(told(cast.manager, notices.WINDOW_ENDING)) == 1
    change.refresh_from_db()
    assert change.state == "implementing"


def test_the_verifier_hears_when_the_observation_is_over(cast):
    change = journey.draft(cast)
    change.criteria.update(observation_minutes=60)
    journey.to_verifying(cast, change)
    remind(later(minutes=50))
    assert told(cast.verifier, notices.OBSERVED) == []
    for _each in range(2):
        remind(later(minutes=61))
    assert told(cast.verifier, notices.OBSERVED) == [f"The observation is over, verify now: {change}"]


def test_a_spoken_vote_is_to_be_confirmed(cast):
    change = journey.emergency(cast)
    voter = cast.emergency[0]
    cast_vote(change.rounds.get(), by=cast.oncall, choice="approve", on_behalf_of=voter, channel="verbal")
    for _each in range(2):
        remind()
    assert told(voter, notices.VERBAL_VOTE) == [f"Confirm your spoken vote: {change}"]


def test_a_freeze_made_after_approval_is_told_once(cast):
    starts = later(days=3)
    change = journey.draft(cast, window=(starts, starts + HOUR))
    journey.to_scheduled(cast, change)
    remind()
    assert told(cast.requester, notices.FREEZE) == []
    make_freeze(label="Year's end", window=(starts - HOUR, starts + DAY))
    for _each in range(2):
        remind()
    assert told(cast.requester, notices.FREEZE) == [f"Freeze: {change}"]
    assert told(cast.implementer, notices.FREEZE) == [f"Freeze: {change}"]
    text = cast.requester.notices.filter(kind=notices.FREEZE).get().text
    assert "Year's end" in text
    assert str(change.change_items.first().item) in text


def test_a_team_that_is_asked_hears_of_it(cast):
    member = make_user("engineer")
    team = make_member(user=member).team
    change = journey.draft(cast)
    take_step(change, "submit", by=cast.requester)
    make_consultation(change=change, team=team, answer="asked")
    for _each in range(2):
        remind()
    assert told(member, notices.CONSULTED) == [f"Your team is asked: {change}"]


def test_an_agreed_action_is_reminded_of_before_and_after_its_day(cast):
    today = timezone.localdate()
    action = make_review_action(due_on=today + timedelta(days=2))
    remind()
    assert told(action.owner, notices.ACTION_DUE) == []
    for days in (1, 2, 3, 4):
        remind(later(days=days))
    assert [subject.split(" ")[0] for subject in told(action.owner, notices.ACTION_DUE)] == ["Due", "Overdue"]
    assert len(told(cast.manager, notices.ACTION_DUE)) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_remind_once():
    cast = journey.Cast()
    change = journey.draft(cast)
    journey.to_approving(cast, change)
    due, barrier = change.rounds.get().steps.get().due_at, threading.Barrier(3)

    def work():
        try:
            barrier.wait()
            remind(due)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _each in range(3)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(told(cast.manager, notices.VOTE_OVERDUE)) == 1
    assert Notice.objects.filter(kind=notices.VOTE_OVERDUE, person=cast.owner).count() == 1


def test_the_worker_reminds_every_minute():
    assert any(
        task.task.name == "changes.remind" and task.cron == "* * * * *"
        for task in app.periodic_registry.periodic_tasks.values()
    )
