"""The consent agenda: one look, many votes; for low risk alone, where nothing collides."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.step_up import Proof
from changes.actions.delegations import refused_aloud
from changes.actions.refusals import StepRefused
from changes.actions.votes import cast_vote, reasons_against_voting
from changes.collisions import Schedule, collisions_of, found_in, freeze_hits, freezes_on
from changes.collisions.ranges import span_of
from changes.guards.refusal import Refusal, unless
from changes.guards.votes import open_round
from changes.models import ChangeRequest, RoundSeat, Vote
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


def open_for_consent(changes: Iterable[ChangeRequest], by: User) -> set[int]:
    """Those of low risk, with nothing in the way, in which `by` has an open seat of their own.

    For offering them; what is chosen is asked again, one by one. Statements do not grow with the changes.
    """
    low = {change.pk: change for change in changes if change.risk == Risk.LOW}
    seats = RoundSeat.objects.filter(
        step__round__change__in=low, step__round__closed_at=None, user=by, is_barred=False, vote=None
    )
    seated = set(seats.values_list("step__round__change", flat=True))
    windows = [(change, change.window) for pk, change in low.items() if pk in seated]
    clashes = found_in(Schedule(windows)) if windows else {}
    spans = [(change, span) for change, window in windows if (span := span_of(window))]
    frozen = freeze_hits(spans)
    return {pk for pk in seated if not clashes.get(pk) and not frozen.get(pk)}


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
