"""Seats, delegations, escalation, consent and discussion: by the actions, and past them in raw SQL."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from audit.context import because
from changes.actions import (
    StepRefused,
    add_remark,
    cast_vote,
    delegate_votes,
    edit_change,
    end_delegation,
    escalate_overdue_votes,
    note_reading,
    remind_at_half_time,
    take_step,
    void_confirmed,
    vote_by_consent,
)
from changes.models import (
    ApprovalRound,
    Board,
    BoardSeat,
    ChangeRequest,
    PolicyStep,
    Remark,
    RoundReading,
    RoundSeat,
    StepEscalation,
    Vote,
    VoteDelegation,
)
from tests.changes import journey
from tests.factories import make_delegation, make_item, make_seat, make_user


def codes(refused):
    return {refusal.code for refusal in refused.value.refusals}


def hint(error):
    return error.value.__cause__.diag.message_hint


@pytest.fixture
def change(cast):
    """A medium change that waits for its technical owner."""
    change = journey.draft(cast)
    journey.to_approving(cast, change)
    return change


def low(cast, serial, **more):
    """A low change that waits for a peer."""
    change = journey.draft(cast, item=make_item(serial=serial), **more)
    journey.to_approving(cast, change, journey.LOW)
    return change


# seats


def test_nobody_seats_themselves_by_any_way(cast):
    board = Board.objects.get(key="cab")
    with pytest.raises(IntegrityError) as error, transaction.atomic(), because(user=cast.manager):
        BoardSeat.objects.create(board=board, user=cast.manager)
    assert hint(error) == "own_seat_given"
    with because(user=cast.requester):
        seat = BoardSeat.objects.create(board=board, user=cast.manager, is_active=False)
    for more in ({"is_active": True}, {"has_veto": True}):
        with pytest.raises(IntegrityError) as error, transaction.atomic(), because(user=cast.manager):
            BoardSeat.objects.filter(pk=seat.pk).update(**more)
        assert hint(error) == "own_seat_given"
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        BoardSeat.objects.filter(pk=seat.pk).update(user=cast.owner)
    assert hint(error) == "seat_fixed"


def test_a_seat_says_who_gave_it_and_one_leaves_it_oneself(cast):
    with because(user=cast.manager):
        seat = BoardSeat.objects.create(board=Board.objects.get(key="cab"), user=cast.peer)
    seat.refresh_from_db()
    assert seat.seated_by == cast.manager
    with because(user=cast.peer):
        BoardSeat.objects.filter(pk=seat.pk).update(is_active=False, seated_by=cast.peer)
    seat.refresh_from_db()
    assert (seat.is_active, seat.seated_by) == (False, cast.manager)


def test_members_who_come_and_go_change_no_open_round(change, cast):
    seats = list(RoundSeat.objects.filter(step__round__change=change).values_list("user", flat=True))
    newcomer = make_seat("tech_owner", user=make_user("board_member")).user
    BoardSeat.objects.filter(user=cast.owner).update(is_active=False)
    assert list(RoundSeat.objects.filter(step__round__change=change).values_list("user", flat=True)) == seats
    with pytest.raises(StepRefused) as refused:
        cast_vote(change.rounds.get(), by=newcomer, choice="approve")
    assert "no_seat" in codes(refused)
    cast_vote(change.rounds.get(), by=cast.owner, choice="approve")
    change.refresh_from_db()
    assert change.state == "scheduled", "who had a seat when the round opened still decides it"


# delegations


def lend(person, deputy, by=None, days=1, **more):
    now = timezone.now()
    return delegate_votes(
        person,
        deputy,
        by=by or person,
        starts_at=now - timedelta(minutes=1),
        ends_at=now + timedelta(days=days),
        **more,
    )


def test_a_deputy_votes_for_the_member_who_then_cannot(change, cast):
    deputy = make_user("board_member")
    lend(cast.owner, deputy, reason="congress")
    assert change in ChangeRequest.objects.waiting_for_vote_of(deputy)
    round_ = change.rounds.get()
    edit_policy_to_two()
    vote = cast_vote(round_, by=deputy, choice="approve", on_behalf_of=cast.owner)
    assert (vote.voter, vote.on_behalf_of) == (deputy, cast.owner)
    with pytest.raises(StepRefused) as refused:
        cast_vote(ApprovalRound.objects.get(pk=round_.pk), by=cast.owner, choice="reject", comment="no")
    assert "voted" in codes(refused)


def edit_policy_to_two():
    """Nothing: the numbers of an open round are its own; a policy edited now counts for the next one."""
    PolicyStep.objects.filter(policy__kind="normal").update(need=2, quorum=2)


@pytest.mark.parametrize("part", ["requester", "implementer", "verifier", "board"])
def test_who_has_a_part_or_a_seat_deputises_for_nobody(cast, part):
    change = journey.draft(cast)
    journey.to_approving(cast, change, journey.HIGH)
    deputy = cast.board[0] if part == "board" else getattr(cast, part)
    lend_raw(cast.owner, deputy)
    assert change not in ChangeRequest.objects.waiting_for_vote_of(deputy) or part == "board"
    round_, proof = change.rounds.get(), journey.Proof.now()
    with pytest.raises(StepRefused) as refused:
        cast_vote(round_, by=deputy, choice="approve", on_behalf_of=cast.owner, proof=proof)
    wanted = {"board": "own_seat"}.get(part, f"{part}_apart")
    assert wanted in codes(refused)
    seat = round_.steps.get(seats__user=cast.owner).seats.get(user=cast.owner)
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        Vote.objects.create(
            round=round_, seat=seat, voter=deputy, on_behalf_of=cast.owner, choice="approve",
            plan_hash=change.plan_hash, proof="step_up", proved_at=timezone.now(),
        )  # fmt: skip
    assert hint(error) in {wanted, "requester_apart"}


def lend_raw(person, deputy):
    return make_delegation(person=person, deputy=deputy, starts_at=timezone.now() - timedelta(hours=1))


def test_a_delegation_is_made_by_its_member_or_a_manager_never_by_the_deputy(cast):
    deputy = make_user("board_member")
    with pytest.raises(StepRefused) as refused:
        lend(cast.owner, deputy, by=deputy)
    assert codes(refused) == {"who", "own_delegation"}
    with pytest.raises(StepRefused) as refused:
        lend(cast.owner, cast.requester)
    assert codes(refused) == {"right"}
    with pytest.raises(StepRefused) as refused:
        lend(cast.owner, deputy, days=-1)
    assert codes(refused) == {"order", "past"}
    with pytest.raises(IntegrityError) as error, transaction.atomic(), because(user=deputy):
        lend_raw(cast.owner, deputy)
    assert hint(error) == "own_delegation"
    row = lend(cast.owner, deputy, by=cast.manager)
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        VoteDelegation.objects.filter(pk=row.pk).update(deputy=cast.peer)
    assert hint(error) == "delegation_fixed"


def test_a_delegation_that_was_ended_lends_nothing(change, cast):
    deputy = make_user("board_member")
    row = lend(cast.owner, deputy)
    with pytest.raises(StepRefused) as refused:
        end_delegation(row, by=cast.peer)
    assert codes(refused) == {"who"}
    end_delegation(row, by=cast.owner)
    with pytest.raises(StepRefused) as refused:
        cast_vote(change.rounds.get(), by=deputy, choice="approve", on_behalf_of=cast.owner)
    assert "no_seat" in codes(refused)


# time


def overdue(cast, **policy):
    """A low change whose time to vote is over already."""
    PolicyStep.objects.filter(policy__kind="normal", policy__risk="low").update(minutes=0, **policy)
    return low(cast, "LATE")


def test_silence_never_approves_and_escalates_once(cast):
    change = overdue(cast)
    assert escalate_overdue_votes() == 1
    assert escalate_overdue_votes() == 0
    change.refresh_from_db()
    assert change.state == "approving"
    assert not Vote.objects.exists()
    assert change.events.filter(event="escalate", actor=None).count() == 1
    assert change.rounds.get().closed_at is None
    with pytest.raises(StepRefused):
        take_step(change, "approve", by=cast.manager)


def test_a_fallback_board_is_asked_in_addition_and_its_silence_counts_for_nothing(cast):
    fallback = Board.objects.get(key="cab")
    change = overdue(cast, on_timeout="fallback", fallback_board=fallback)
    before = RoundSeat.objects.filter(step__round__change=change).count()
    escalate_overdue_votes()
    added = RoundSeat.objects.filter(step__round__change=change, is_fallback=True)
    assert added.count() == fallback.seats.filter(is_active=True).count()
    assert not added.filter(has_veto=True).exists()
    assert RoundSeat.objects.filter(step__round__change=change).count() == before + added.count()
    change.refresh_from_db()
    assert change.state == "approving"
    cast_vote(change.rounds.get(), by=cast.board[0], choice="approve")
    change.refresh_from_db()
    assert change.state == "scheduled"


def test_half_time_is_noted_once_and_never_too_early(cast, change):
    assert remind_at_half_time() == []
    step = change.rounds.get().steps.first()
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        StepEscalation.objects.create(step=step, kind="reminder")
    assert hint(error) == "too_early"
    late = overdue(cast)
    assert [each.round.change for each in remind_at_half_time()] == [late]
    assert remind_at_half_time() == []


def test_nobody_writes_an_escalation_or_a_seat_by_hand(cast):
    change = overdue(cast)
    step = change.rounds.get().steps.get()
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        StepEscalation.objects.create(step=step, kind="overdue")
    assert hint(error) == "only_by_gate"
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        RoundSeat.objects.create(step=step, user=cast.oncall, is_fallback=True)
    assert hint(error) == "only_by_gate"


# consent


def test_consent_gives_each_change_a_vote_of_its_own(cast):
    later = timezone.now() + timedelta(days=3)
    changes = [low(cast, "ONE"), low(cast, "TWO", window=(later, later + timedelta(hours=1)))]
    votes = vote_by_consent(changes, by=cast.peer, comment="routine")
    assert {vote.round.change_id for vote in votes} == {change.pk for change in changes}
    assert {vote.channel for vote in votes} == {"consent"}
    for each in changes:
        each.refresh_from_db()
        assert each.state == "scheduled"


def test_consent_takes_all_or_none_and_never_more_than_low_risk(cast, change):
    fine = low(cast, "FINE")
    make_seat("peer", user=cast.owner)
    with pytest.raises(StepRefused) as refused:
        vote_by_consent([fine, change], by=cast.owner)
    assert "consent_only_low" in codes(refused)
    assert any(change.number in refusal.message for refusal in refused.value.refusals)
    assert not Vote.objects.exists()
    round_ = change.rounds.get()
    seat = round_.steps.first().seats.get(user=cast.owner)
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        Vote.objects.create(
            round=round_, seat=seat, voter=cast.owner, choice="approve", channel="consent",
            plan_hash=change.plan_hash,
        )  # fmt: skip
    assert hint(error) == "consent_only_low"


def test_consent_leaves_what_collides_to_its_own_page(cast):
    item = make_item(serial="BOTH")
    one = journey.draft(cast, item=item)
    journey.to_approving(cast, one, journey.LOW)
    other = journey.draft(cast, item=item, after={"serial": "LATER"})
    journey.to_testing(cast, other, journey.LOW)
    with pytest.raises(StepRefused) as refused:
        vote_by_consent([one], by=cast.peer)
    assert codes(refused) == {"collision"}


# discussion


def test_a_question_and_its_answer_stay_and_void_nothing(change, cast):
    text = f"Who watches it at night, @nobody @{cast.oncall.username}"
    question = add_remark(change, text, by=cast.owner, is_question=True)
    answer = add_remark(change, "The duty desk.", by=cast.requester, answers=question)
    assert (question.kind, answer.kind, question.mentions) == ("question", "answer", [cast.oncall.pk])
    assert change.rounds.get().closed_at is None
    for row in (question, answer):
        for deed in (lambda row=row: Remark.objects.filter(pk=row.pk).update(text="x"), row.delete):
            with pytest.raises(DatabaseError), transaction.atomic():
                deed()
    other = journey.draft(cast, item=make_item(serial="ELSE"))
    with pytest.raises(StepRefused) as refused:
        add_remark(other, "An answer to something else", by=cast.owner, answers=question)
    assert codes(refused) == {"no_question"}
    with pytest.raises(StepRefused) as refused:
        add_remark(change, "  ", by=cast.owner)
    assert codes(refused) == {"empty"}


def test_the_first_reading_is_kept_and_the_clock_is_postgresqls(change, cast):
    round_ = change.rounds.get()
    assert note_reading(round_, by=cast.owner) == 1
    first = RoundReading.objects.get()
    assert note_reading(round_, by=cast.owner) == 0
    assert RoundReading.objects.get().first_opened_at == first.first_opened_at
    assert note_reading(round_, by=cast.peer) == 0, "who has no seat reads for nobody"
    with pytest.raises(DatabaseError), transaction.atomic():
        RoundReading.objects.update(first_opened_at=timezone.now() - timedelta(hours=1))


def test_a_vote_after_the_plan_was_edited_is_refused(change, cast):
    round_ = change.rounds.get()
    with void_confirmed():
        edit_change(change, by=cast.requester, description="something else")
    with pytest.raises(StepRefused) as refused:
        cast_vote(round_, by=cast.owner, choice="approve")
    assert codes(refused) & {"round_closed", "plan_edited"}
    seat = round_.steps.first().seats.get(user=cast.owner)
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        Vote.objects.create(
            round=round_, seat=seat, voter=cast.owner, choice="approve", plan_hash=round_.plan_hash
        )
    assert hint(error) == "round_closed"


@pytest.mark.parametrize("part", ["requester", "implementer"])
def test_requester_and_implementer_never_vote_in_a_seat_of_their_own(cast, part):
    person = getattr(cast, part)
    make_seat("peer", user=person)
    change = low(cast, "SEATED")
    seat = RoundSeat.objects.get(step__round__change=change, user=person)
    assert seat.is_barred
    with pytest.raises(StepRefused) as refused:
        cast_vote(change.rounds.get(), by=person, choice="approve")
    assert codes(refused) & {f"{part}_apart", "implementer_apart"}
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        Vote.objects.create(
            round=change.rounds.get(), seat=seat, voter=person, choice="approve", plan_hash=change.plan_hash
        )
    assert hint(error) in {"requester_apart", "implementer_apart"}
