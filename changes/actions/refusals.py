"""What an action raises when it does not do what it was asked, and how PostgreSQL's refusals become words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.actions import record_refusal
from audit.context import because
from changes.guards.execution import Drift
from changes.guards.refusal import Refusal
from changes.models import ChangeEvent, ChangeRequest


class StepRefused(Exception):  # noqa: N818  a refusal is an answer, not an error
    """A deed was not done; `refusals` holds every reason."""

    def __init__(self, refusals: Iterable[Refusal]) -> None:
        self.refusals = list(refusals)
        super().__init__("; ".join(str(refusal.message) for refusal in self.refusals))


class DriftFound(StepRefused):
    """Live values are not what the plan expects; nothing was written. `drifts` lists each field."""

    def __init__(self, drifts: list[Drift], refusals: list[Refusal]) -> None:
        self.drifts = drifts
        super().__init__(refusals)


class AlreadyDone(StepRefused):
    """The same person did the same before: a second press, or a repeat after a lost answer. Not a refusal
    for the record; `event` is the step as it was taken the first time, where it was one."""

    def __init__(self, message: str, event: ChangeEvent | None = None) -> None:
        self.event = event
        super().__init__([Refusal("already_done", message, _gettext("There is nothing more to do."))])


def at(moment: datetime | None) -> str:
    """A moment as a refusal tells it, in the reader's zone."""
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M:%S") if moment else "?"


# The codes that the gate gives in HINT, in the reader's words.
IN_WORDS: dict[str, str | Promise] = {
    "no_such_step": _("This step cannot be taken from the state the change is in."),
    "hold": _("The change is on hold."),
    "who": _("You have no part in this change that allows this step."),
    "requester_apart": _("Who asked for a change does not decide on it."),
    "implementer_apart": _("Who implements a change does not decide on it."),
    "assessor_apart": _("Who assessed a change of high risk does not test it."),
    "votes": _("The votes do not say so."),
    "plan_edited": _("The plan was edited since."),
    "plan_locked": _("The plan is locked; plan again to edit it."),
    "people_apart": _("Implementer and verifier must be different people."),
    "round_closed": _("The round is closed."),
    "not_voting": _("The change is not being voted on now."),
    "no_seat": _("You have no free seat in this round."),
    "step_up": _("This deed asks you to confirm that it is you."),
    "own_seat_given": _(
        "Nobody gives a seat to themselves: another manager or a security administrator does."
    ),
    "seat_fixed": _("A seat stays with its person and board: end it and give another."),
    "own_delegation": _("Nobody notes that the votes of another are theirs."),
    "delegation_fixed": _("A delegation stays with its people: end it and make another."),
    "verifier_apart": _("Who verifies a change votes on it for nobody else."),
    "consent_only_low": _("A consent agenda is for changes of low risk alone."),
    "vote_overdue": _("No step of the vote is overdue."),
    "meeting_ended": _("The meeting has ended: its record is kept as it was."),
    "meeting_order": _("A meeting is planned, then held, then ended."),
    "clerk": _("Who asked for a change or implements it takes down no vote on it."),
    "other_seat": _("The holder of this seat votes in another seat of this round."),
    "own_seat": _("You have a seat of your own in this round: vote in it, for nobody else."),
    "voted": _("You, or somebody for you, have voted in this round already."),
    "comment_required": _("Write why."),
    "seats_reachable": _("The approval cannot be reached: too few people may vote."),
    "template_fixed": _("An approved template is not edited: write a new version."),
    "template_suspended": _("A suspended template is used again only after a new approval."),
    "window": _("A window has a start and an end."),
    "append_only": _("This record is never edited."),
    "double_booked": _("Another change holds one of these items at the same time."),
    "not_acceptable": _("There is nothing of this kind to accept."),
    "no_collision": _("The two changes do not overlap."),
    "other_owner": _("A collision is accepted by the owner or requester of the other change."),
    "override_apart": _("Who has a part in the change does not decide this."),
    "no_freeze": _("No hard freeze covers the window of the change."),
    "controlled": _("Items of a controlled type are written only as a change under way plans it."),
    "writer_apart": _("A write is accepted by somebody else than its writer, with a reason."),
    "items_on_change": _("The change does not list every item of the write."),
    "fixed": _("This stands as it was written."),
    "only_by_event": _("A state moves only by a step."),
    "ci_ops_all_applied": _(
        "Not every item is as planned: apply what is left, or have two people keep what differs."
    ),
    "ci_ops_all_reverted_or_decided": _(
        "Not every item is as before: take back what is left, or have two people keep what differs."
    ),
    "tasks_done": _("A task is not done yet, or not by the people it takes."),
    "rollback_steps_done": _("A step of the way back is not done yet."),
    "prechecks_done": _("A check before the start is not ticked yet."),
    "backup_evidence_if_required": _("This change starts only with a backup: give its reference."),
    "within_approved_tolerance": _("The new window is longer, or too far from the approved one."),
    "way_back_open": _("Forward fix only: the point of no return is passed; the change manager decides."),
    "criterion_breached": _("No criterion that rolls back by itself is breached."),
    "criteria_judged": _("A criterion is not measured, or not observed long enough."),
    "criteria_passed": _("A criterion is not met."),
    "break_glass": _("The glass is broken for a P1 that nobody rejected."),
    "second_person_present": _("Breaking the glass takes a second person who is there."),
    "verbal_votes_confirmed": _("A vote by word of mouth is not confirmed yet."),
    "presence_confirmed": _("The second person has not confirmed to have been there."),
    "not_the_second_person": _("Presence is confirmed by who was there."),
    "ratification_overdue": _("The ratification is not overdue."),
    "value": _("A measured value is a number."),
    "clock_ahead": _("The value was measured in the future: set the clock of its source."),
    "before_the_work": _("The value was measured before the work began; it says nothing about it."),
    "applied_stays": _("What was applied stays marked as applied: roll it back instead."),
    "tick_who": _("The work is ticked by the implementers of the change, in their own names."),
    "tick_when": _("The work is ticked while the change is under way."),
    "tick_stays": _("A tick stays as it was made."),
    "tasks_in_order": _("An earlier task is not done yet."),
    "stage_order": _("An earlier stage is not applied yet."),
    "stage_left": _("A stage is applied, or taken back, when nothing of it is left to do."),
    "verbal_only_in_emergency": _(
        "A vote by word of mouth is for emergencies, and is taken down by somebody else."
    ),
}


@contextmanager
def in_words() -> Iterator[None]:
    """A refusal by the gate inside becomes StepRefused; any other database error stays what it is."""
    try:
        yield
    except IntegrityError as error:
        diagnosis = getattr(error.__cause__, "diag", None)
        if diagnosis is None or diagnosis.sqlstate != "23001" or not diagnosis.message_hint:
            raise
        code = diagnosis.message_hint
        raise StepRefused([Refusal(code, str(IN_WORDS.get(code, diagnosis.message_primary)))]) from error


@contextmanager
def refusals_recorded(deed: str, change: ChangeRequest, by: User | None) -> Iterator[None]:
    """All of the block or nothing; when it is refused, the refusal stands in the audit record for good.

    The reason for every row written inside is the deed, with the change it belongs to.
    """
    try:
        with because(reason=deed, change_ref=change.pk, user=by), transaction.atomic(), in_words():
            yield
    except AlreadyDone:
        raise
    except StepRefused as refused:
        reasons = [refusal.as_dict() for refusal in refused.refusals]
        record_refusal(deed, by=by, target=change.number, reasons=reasons)
        raise


def locked(change: ChangeRequest) -> ChangeRequest:
    """The change as it is now, its row locked until the transaction ends."""
    return ChangeRequest.objects.select_for_update(no_key=True).get(pk=change.pk)
