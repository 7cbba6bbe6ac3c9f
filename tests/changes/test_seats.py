"""One person, one vote, one seat a round: an approval never takes a voter from another body."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from changes.actions import StepRefused, cast_vote
from changes.models import ApprovalPolicy, Board, PolicyStep, RoundSeat, VoteDelegation
from tests.changes.journey import Cast, draft, emergency, person, to_approving
from tests.factories import make_board, make_seat, make_vote


def refusal_codes(call):
    with pytest.raises(StepRefused) as refused:
        call()
    return {each.code for each in refused.value.refusals}


def gate_code(**vote):
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        make_vote(**vote)
    return error.value.__cause__.diag.message_hint


def medium_policy(*steps):
    """The policy of a change of medium risk becomes these (board, need); returns the boards."""
    policy = ApprovalPolicy.objects.get(kind="normal", risk="medium")
    policy.steps.all().delete()
    boards = []
    for position, (key, need) in enumerate(steps, 1):
        board = Board.objects.filter(key=key).first() or make_board(key=key)
        boards.append(board)
        PolicyStep.objects.create(policy=policy, position=position, board=board, need=need, quorum=need)
    return boards


def man(board, *people, has_veto=False):
    board.seats.all().delete()
    for each in people:
        make_seat(board.key, user=each, has_veto=has_veto)


def open_seats(change):
    """{step position: people who may vote there} of the open round."""
    found = {}
    seats = RoundSeat.objects.filter(step__round__change=change, step__round__closed_at=None)
    for seat in seats.select_related("step"):
        found.setdefault(seat.step.position, set())
        if not seat.is_barred:
            found[seat.step.position].add(seat.user)
    return found


def test_the_approval_of_a_member_of_two_boards_does_not_reject_the_change(cast: Cast):
    owner, board = medium_policy(("tech_owner", 1), ("cab", 3))
    both, first, second, other = (person("board_member") for _ in range(4))
    man(owner, both, other)
    man(board, both, first, second)
    change = draft(cast)
    to_approving(cast, change)
    assert open_seats(change) == {1: {other}, 2: {both, first, second}}
    for voter in (both, first, second):
        cast_vote(change.rounds.get(), by=voter, choice="approve")
        change.refresh_from_db()
        assert change.state == "approving"
    cast_vote(change.rounds.get(), by=other, choice="approve")
    change.refresh_from_db()
    assert change.state == "scheduled"


def test_a_round_that_one_vote_each_cannot_decide_is_not_opened(cast: Cast):
    owner, board = medium_policy(("tech_owner", 1), ("cab", 3))
    both, first, second = (person("board_member") for _ in range(3))
    man(owner, both)
    man(board, both, first, second)
    change = draft(cast)
    assert "seats_reachable" in refusal_codes(lambda: to_approving(cast, change))
    with connection.cursor() as cursor:
        cursor.execute("SELECT state FROM changes_changerequest WHERE id = %s", [change.pk])
        assert cursor.fetchone()[0] != "approving"


def test_people_are_exchanged_along_a_chain_until_every_board_is_full(cast: Cast):
    """a must leave x for y, b leave y for z: no board can be filled by looking at one person alone."""
    x, y, z = medium_policy(("x", 1), ("y", 1), ("z", 1))
    a, b, c = (person("board_member") for _ in range(3))
    man(x, a, c)
    man(y, a, b)
    man(z, b)
    change = draft(cast)
    to_approving(cast, change)
    assert open_seats(change) == {1: {c}, 2: {a}, 3: {b}}


def test_a_veto_is_kept_where_it_can_be(cast: Cast):
    x, y = medium_policy(("x", 1), ("y", 1))
    a, b, c = (person("board_member") for _ in range(3))
    man(x, a, b)
    man(y, a, has_veto=True)
    make_seat("y", user=c)
    change = draft(cast)
    to_approving(cast, change)
    assert open_seats(change) == {1: {b}, 2: {a, c}}


def test_the_other_seat_takes_no_vote(cast: Cast):
    owner, board = medium_policy(("tech_owner", 1), ("cab", 1))
    both, first, second = (person("board_member") for _ in range(3))
    man(owner, both, first)
    man(board, both, second)
    change = draft(cast)
    to_approving(cast, change)
    spare = RoundSeat.objects.get(step__round__change=change, barred_as="other_seat")
    assert spare.user == both
    assert gate_code(round=change.rounds.get(), seat=spare) == "other_seat"


def test_who_has_a_seat_votes_for_nobody_else(cast: Cast):
    """Else the deputy's own vote would be gone, and an approval could make the need unreachable."""
    owner, board = medium_policy(("tech_owner", 1), ("cab", 3))
    one, two, three, four = (person("board_member") for _ in range(4))
    man(owner, four)
    man(board, one, two, three)
    now = timezone.now()
    VoteDelegation.objects.create(person=one, deputy=two, starts_at=now, ends_at=now + timedelta(1))
    change = draft(cast)
    to_approving(cast, change)
    current = change.rounds.get()
    assert "own_seat" in refusal_codes(lambda: cast_vote(current, by=two, choice="approve", on_behalf_of=one))
    seat = RoundSeat.objects.get(step__round=current, user=one)
    assert gate_code(round=current, seat=seat, voter=two, on_behalf_of=one) == "own_seat"


@pytest.mark.parametrize("part", ["requester", "implementer", "stranger"])
def test_nobody_takes_down_votes_on_their_own_emergency(cast: Cast, part):
    clerk = person("requester") if part == "stranger" else getattr(cast, part)
    current = emergency(cast).rounds.get()
    voter = cast.emergency[0]
    codes = refusal_codes(
        lambda: cast_vote(current, by=clerk, on_behalf_of=voter, choice="approve", channel="verbal")
    )
    assert codes & {"clerk", f"{part}_apart"}
    if part != "stranger":  # rights are Python's
        seat = RoundSeat.objects.get(step__round=current, user=voter)
        assert gate_code(round=current, seat=seat, channel="verbal", recorded_by=clerk) == "clerk"
