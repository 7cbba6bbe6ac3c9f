"""Casting votes, and closing the round as soon as they decide."""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, has_right
from accounts.step_up import Proof
from changes.actions.refusals import StepRefused, locked, refusals_recorded
from changes.actions.steps import proof_fields, take_step
from changes.actions.telling import settle_vote
from changes.guards.people import RIGHT_FOR, fresh_proof, must_not_be
from changes.guards.refusal import Refusal
from changes.guards.votes import result_of
from changes.models import ApprovalRound, ChangeRequest, RoundSeat, Vote, VoteConfirmation
from changes.workflow import Relation

# What the system does when the votes have decided, by the purpose of the round.
CLOSING = {
    ("approve", "approved"): "approve",
    ("approve", "rejected"): "reject",
    ("ratify", "approved"): "ratify",
    ("ratify", "rejected"): "not_ratified",
}


def cast_vote(  # noqa: PLR0913  each is one fact of a vote
    round: ApprovalRound,  # noqa: A002
    *,
    by: User,
    choice: str,
    comment: str = "",
    on_behalf_of: User | None = None,
    channel: str = Vote.Channel.PAGE,
    plan_hash: str = "",
    proof: Proof | None = None,
) -> Vote:
    """The vote stands, bound to the plan; where it decides, the change has taken the step that follows.

    `by` votes in their own seat, or in that of `on_behalf_of` as deputy of the day. With channel "verbal",
    `by` is the clerk and `on_behalf_of` the voter, who confirms later (confirm_vote). Raises StepRefused with
    every reason, recorded; `plan_hash`, where given, is the plan that the voter saw; `proof` says how `by`
    showed who they are, and must be fresh at high risk. If a guard stands against the step that follows, the
    vote stands and a change manager can take the step once the reason is gone; that refusal is recorded too.
    Locks the change.
    """
    change = round.change
    with refusals_recorded("vote", change, by):
        current = locked(change)
        verbal = channel == Vote.Channel.VERBAL
        voter = on_behalf_of if verbal and on_behalf_of else by
        holder = on_behalf_of or by
        refusals = _against(round, voter, holder, choice, comment)
        if verbal:
            refusals += _against_clerk(current, by)
        elif holder.pk != by.pk:
            refusals += _against_deputy(current, by, holder)
        if plan_hash and plan_hash != current.plan_hash:
            refusals.append(Refusal("plan_edited", _("The plan was edited since you opened the page."),
                                    _("Read it again and vote on what it says now.")))  # fmt: skip
        if current.is_high_risk:
            refusals += fresh_proof(proof)
        if refusals:
            raise StepRefused(refusals)
        seat = _free_seat(round, holder)
        if seat is None:
            raise StepRefused(
                [Refusal("no_seat", _("You have no free seat in this round."), _("Ask a member."))]
            )
        vote = Vote.objects.create(
            round=round,
            seat=seat,
            voter=voter,
            on_behalf_of=None if voter == holder else holder,
            recorded_by=by if verbal else None,
            choice=choice,
            comment=comment,
            channel=channel,
            plan_hash=current.plan_hash,
            **proof_fields(proof),
        )
    settle_vote(change, voter)
    if voter != holder:
        settle_vote(change, holder)
    close_if_decided(round)
    change.refresh_from_db()
    return vote


def close_if_decided(round: ApprovalRound) -> None:  # noqa: A002
    """The step that the votes ask for is taken, by OpsLedger itself; nothing happens while they are open.

    A guard that stands against it leaves the round open and the refusal recorded.
    """
    event = CLOSING.get((round.purpose, result_of(round)))
    if event is None or not ApprovalRound.objects.filter(pk=round.pk, closed_at=None).exists():
        return
    try:
        take_step(round.change, event, by=None)
    except StepRefused:
        return


def confirm_vote(vote: Vote, *, by: User) -> VoteConfirmation:
    """The voter has confirmed a vote that was given by word of mouth. Raises StepRefused for anybody else."""
    with refusals_recorded("confirm_vote", vote.round.change, by):
        if vote.voter_id != by.pk:
            raise StepRefused(
                [Refusal("not_the_voter", _("A vote by word of mouth is confirmed by its voter."))]
            )
        return VoteConfirmation.objects.create(vote=vote, confirmed_by=by)


def reasons_against_voting(round: ApprovalRound, by: User) -> list[Refusal]:  # noqa: A002
    """Why this person cannot vote in the round in their own seat, before they have chosen anything."""
    return _against(round, by, by, Vote.Choice.ABSTAIN, "")


def _against_clerk(change: ChangeRequest, by: User) -> list[Refusal]:
    """A vote by word of mouth is taken down by who works on emergencies, and has no part in this one."""
    able = any(
        has_right(by, right) for right in (Right.CHANGE_ONCALL, Right.CHANGE_MANAGE, Right.CHANGE_VOTE)
    )
    refusals = []
    if not able:
        refusals.append(
            Refusal("clerk", _("You have no right to take down votes."), _("Ask who is on call."))
        )
    for part in (Relation.REQUESTER, Relation.IMPLEMENTER):
        refusals += must_not_be(change, part, by)
    return refusals


def _against_deputy(change: ChangeRequest, by: User, holder: User) -> list[Refusal]:
    """A deputy has the vote lent today, and neither asked for the change nor implements or verifies it."""
    now = timezone.now()
    is_lent = holder.vote_delegations.filter(deputy=by, starts_at__lte=now, ends_at__gt=now).exists()
    refusals = []
    if not is_lent:
        words = _("%(name)s has not lent you the vote for today.") % {"name": holder}
        refusals.append(Refusal("no_seat", words, _("Ask them for a delegation with dates.")))
    for part in (Relation.IMPLEMENTER, Relation.VERIFIER):
        refusals += must_not_be(change, part, by)
    return refusals


def _free_seat(round_: ApprovalRound, holder: User) -> RoundSeat | None:
    seats = RoundSeat.objects.filter(step__round=round_, user=holder, is_barred=False, vote=None)
    return seats.order_by("-has_veto", "step__position").first()


def _against(round_: ApprovalRound, voter: User, holder: User, choice: str, comment: str) -> list[Refusal]:
    change = round_.change
    seats = RoundSeat.objects.filter(step__round=round_, user=holder)
    barred = seats.exists() and not seats.filter(is_barred=False).exists()
    own = voter.pk != holder.pk and RoundSeat.objects.filter(step__round=round_, user=voter).exists()
    checks = [
        (choice in Vote.Choice.values, "choice", _("There is no such vote.")),
        (choice != Vote.Choice.REJECT or comment.strip(), "comment_required", _("A rejection says why.")),
        (any(has_right(voter, right) for right in RIGHT_FOR[Relation.VOTER]), "right",
         _("You have no right to vote.")),
        (voter.pk != change.requester_id and holder.pk != change.requester_id, "requester_apart",
         _("You asked for this change; somebody else decides on it.")),
        (not barred or holder.pk == change.requester_id, "implementer_apart",
         _("Who implements a change does not vote on it.")),
        (seats.exists(), "no_seat", _("You have no seat in this round.")),
        (not own, "own_seat", _("You have a seat of your own in this round: vote in it, for nobody else.")),
        (not round_.votes.filter(Q(voter=voter) | Q(seat__user=holder)).exists(),
         "voted", _("You, or somebody for you, have voted in this round already.")),
        (ApprovalRound.objects.filter(pk=round_.pk, closed_at=None).exists(), "round_closed",
         _("The round is closed.")),
        (not change.on_hold, "hold", _("The change is on hold.")),
    ]  # fmt: skip
    return [Refusal(code, message) for holds, code, message in checks if not holds]
