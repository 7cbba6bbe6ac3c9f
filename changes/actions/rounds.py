"""The time of a vote: reminded of at half, escalated at its end, never decided by it."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from accounts.models import User
from audit.context import because
from changes.actions.refusals import StepRefused
from changes.actions.steps import take_step
from changes.models import ApprovalRound, ChangeRequest, RoundReading, RoundSeat, RoundStep, StepEscalation


def escalate_overdue_votes() -> int:
    """Every step of a vote whose time is up is escalated, once, by the event `escalate`; answers how many.

    The event's listeners tell the board's manager; where the policy names a fallback board, PostgreSQL has
    given its members seats. No vote is cast and none is assumed.
    """
    late = RoundStep.objects.overdue().values("round__change")
    escalated = 0
    for change in ChangeRequest.objects.filter(pk__in=late, on_hold=False):
        try:
            take_step(change, "escalate", by=None)
        except StepRefused:  # decided meanwhile
            continue
        escalated += 1
    return escalated


def remind_at_half_time() -> list[RoundStep]:
    """Every step past half of its time is noted as reminded of, once; answers the steps newly noted.

    Who listens sends the words to the seats that have not voted (`RoundStep.waiting_seats`).
    """
    reminded = []
    for step in RoundStep.objects.past_half_time().select_related("round__change", "board"):
        try:
            with because(reason="remind", change_ref=step.round.change_id), transaction.atomic():
                StepEscalation.objects.create(step=step, kind=StepEscalation.Kind.REMINDER)
        except IntegrityError:  # another worker was faster
            continue
        reminded.append(step)
    return reminded


def note_reading(round: ApprovalRound, *, by: User) -> int:  # noqa: A002
    """The first time that `by` opened the change of this round is kept, for each open seat they may use.

    Answers how many readings are new; later calls change nothing. Two queries.
    """
    seats = RoundSeat.objects.filter(step__round=round, is_barred=False, vote=None).usable_by(by)
    rows = [RoundReading(seat=seat, reader=by) for seat in seats]
    before = RoundReading.objects.filter(seat__in=[row.seat_id for row in rows], reader=by).count()
    with because(reason="read", change_ref=round.change_id, user=by):
        RoundReading.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows) - before
