"""An edit that voids votes or evidence says so, and is made only by who agreed to it."""

import pytest

from accounts.step_up import Proof
from changes.actions import (
    StepRefused,
    add_item,
    add_task,
    assign,
    cast_vote,
    consult_owner,
    edit_change,
    take_step,
    void_confirmed,
    what_an_edit_voids,
)
from tests.changes.journey import HIGH, draft, run_tests, to_approving, to_testing
from tests.changes.test_api import Person
from tests.factories import make_item, make_team, make_user


@pytest.fixture
def voted(cast):
    """A change that one of three members has approved, with a test run bound to its plan."""
    change = draft(cast)
    to_approving(cast, change)
    round_ = change.rounds.get(closed_at=None)
    return change, round_


def codes(refused):
    return {refusal.code for refusal in refused.value.refusals}


def test_every_loss_is_named_with_its_people(cast, voted):
    change, _round = voted
    assert [loss.split(",")[0] for loss in what_an_edit_voids(change)] == [
        "The open round of voting",
        "1 test run made with this plan",
    ]
    assert str(cast.tester) in what_an_edit_voids(change)[1]


def test_a_vote_is_named_with_its_voter(cast):
    change = draft(cast)
    to_approving_high(cast, change)
    cast_vote(change.rounds.get(closed_at=None), by=cast.board[0], choice="approve", proof=Proof.now())
    (vote, *_rest) = what_an_edit_voids(change)
    assert vote.startswith("1 vote in the open round")
    assert str(cast.board[0]) in vote


def to_approving_high(cast, change):
    to_testing(cast, change, HIGH)
    run_tests(cast, change, ["test", "rehearsal"])
    take_step(change, "tested", by=cast.tester)


@pytest.mark.parametrize(
    "edit",
    [
        lambda change, cast: edit_change(change, by=cast.requester, description="more"),
        lambda change, cast: add_task(change, "One more", by=cast.requester),
        lambda change, cast: add_item(change, make_item(), by=cast.requester),
        lambda change, cast: assign(change, make_user("engineer"), "implementer", by=cast.requester),
    ],
    ids=["field", "task", "item", "person"],
)
def test_an_edit_that_voids_is_refused_until_it_is_agreed_to(cast, voted, edit):
    change, round_ = voted
    planned = change.plan_hash
    with pytest.raises(StepRefused) as refused:
        edit(change, cast)
    assert codes(refused) == {"voids_votes"}
    assert len(refused.value.refusals) == 2
    change.refresh_from_db()
    round_.refresh_from_db()
    assert (change.plan_hash, round_.closed_at) == (planned, None), "nothing was saved"
    with void_confirmed():
        edit(change, cast)
    round_.refresh_from_db()
    assert round_.result == "void"


def test_an_edit_that_leaves_the_plan_as_it_is_voids_nothing(cast, voted):
    change, round_ = voted
    edit_change(change, by=cast.requester, title=change.title)
    edit_change(change, by=cast.requester, owner=cast.requester)
    assign(change, make_user("engineer"), "tester", by=cast.requester)
    round_.refresh_from_db()
    assert round_.closed_at is None


def test_the_api_asks_for_the_agreement_too(cast, voted):
    change, round_ = voted
    person = Person(cast.requester)
    path = f"changes/{change.number}/tasks/"
    answer = person.post(path, {"label": "One more"}, status=409)["error"]
    assert [refusal["code"] for refusal in answer["refusals"]] == ["voids_votes", "voids_votes"]
    person.post(path, {"label": "One more", "confirm_void": False}, status=409)
    person.post(path, {"label": "One more", "confirm_void": True})
    round_.refresh_from_db()
    assert round_.result == "void"
    person.post(path, {"label": "Two more"})


def test_the_agreement_of_one_request_is_not_the_next_one_s(cast, voted):
    change, _round = voted
    person = Person(cast.requester)
    person.post(f"changes/{change.number}/tasks/?confirm_void=true", {}, status=400)
    person.post(f"changes/{change.number}/tasks/", {"label": "One more"}, status=409)


def test_agreements_of_owners_are_among_the_losses(cast):
    change = draft(cast)
    team = make_team()
    member = make_user("engineer")
    team.members.create(user=member)
    assert what_an_edit_voids(change) == []
    consult_owner(change, team, by=member, answer="agreed")
    (loss,) = what_an_edit_voids(change)
    assert str(team) in loss
    with pytest.raises(StepRefused) as refused:
        edit_change(change, by=cast.requester, title="Something else")
    assert codes(refused) == {"voids_votes"}
    with void_confirmed():
        edit_change(change, by=cast.requester, title="Something else")
