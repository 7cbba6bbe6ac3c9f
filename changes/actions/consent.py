"""The consent agenda: one look, many votes; for low risk alone, where nothing collides."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.step_up import Proof
from changes.actions.delegations import refused_aloud
from changes.actions.refusals import StepRefused
from changes.actions.votes import cast_vote, reasons_against_voting
from changes.guards.collisions import collisions_of, freezes_on
from changes.guards.refusal import Refusal, unless
from changes.guards.votes import open_round
from changes.models import ChangeRequest, Vote
from changes.models.request import Risk


def reasons_against_consent(change: ChangeRequest, by: User) -> list[Refusal]:
    """Why this change cannot be voted on together with others by this person."""
    current = open_round(change)
    if current is None:
        return [Refusal("round_closed", _("No round is open."))]
    collides = change.window is not None and collisions_of(change, change.window)
    frozen = change.window is not None and freezes_on(change, change.window)
    return [
        *unless(
            change.risk == Risk.LOW,
            "consent_only_low",
            _("Its risk is not low: it is looked at by itself."),
            _("Vote on its own page."),
        ),
        *unless(not collides, "collision", _("It collides with another change."), _("Vote on its own page.")),
        *unless(not frozen, "freeze", _("A freeze lies on its window."), _("Vote on its own page.")),
        *reasons_against_voting(current, by),
    ]


def vote_by_consent(
    changes: Iterable[ChangeRequest], *, by: User, comment: str = "", proof: Proof | None = None
) -> list[Vote]:
    """Each of the changes has an approval of `by`, a vote of its own; or none has, with every reason why.

    Raises StepRefused with the number of the change in each reason. Reject and abstain are given one by one.
    """
    with refused_aloud("consent", by, by.username):
        listed = sorted(changes, key=lambda change: change.pk)  # one order of locks for everybody
        if not listed:
            raise StepRefused([Refusal("empty", _("Nothing is chosen."), _("Choose the changes."))])
        refusals = [
            Refusal(refusal.code, f"{change.number}: {refusal.message}", refusal.fix)
            for change in listed
            for refusal in reasons_against_consent(change, by)
        ]
        if refusals:
            raise StepRefused(refusals)
        votes = []
        for change in listed:
            current = open_round(change)
            assert current is not None  # noqa: S101  asked for above
            votes.append(
                cast_vote(
                    current,
                    by=by,
                    choice=Vote.Choice.APPROVE,
                    comment=comment,
                    channel=Vote.Channel.CONSENT,
                    plan_hash=change.plan_hash,
                    proof=proof,
                )
            )
        return votes
