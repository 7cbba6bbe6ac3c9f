"""The review after a change: its answers, the incidents it caused, the actions agreed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, has_right
from changes.actions.refusals import AlreadyDone, StepRefused, at, locked, refusals_recorded
from changes.guards.refusal import Refusal
from changes.models import CausedIncident, ChangeRequest, ReviewAction
from changes.models.request import AssignmentRole, IncidentPriority
from changes.models.review import REVIEW_QUESTIONS
from changes.workflow import State

AFTER_THE_START = (
    State.IMPLEMENTING, State.VERIFYING, State.ROLLING_BACK, State.ROLLED_BACK, State.RATIFYING,
    State.REVIEWING,
)  # fmt: skip


def record_review(
    change: ChangeRequest, *, by: User, answers: Mapping[str, str], summary: str
) -> ChangeRequest:
    """The review's answers stand on the change, by question, with what was learned in short."""
    with refusals_recorded("record_review", change, by):
        current = locked(change)
        if refusals := reasons_against_reviewing(current, by, "review"):
            raise StepRefused(refusals)
        keys = {key for key, _question in REVIEW_QUESTIONS}
        current.review_answers = {
            key: text.strip() for key, text in answers.items() if key in keys and text.strip()
        }
        current.pir = summary.strip()
        current.save(update_fields=["review_answers", "pir"])
    change.refresh_from_db()
    return current


def add_review_action(
    change: ChangeRequest, *, by: User, text: str, owner: User, due_on: date
) -> ReviewAction:
    """Somebody is to do something by a date. The same action agreed twice is one."""
    with refusals_recorded("add_review_action", change, by):
        current = locked(change)
        refusals = reasons_against_reviewing(current, by, "action")
        if not text.strip():
            refusals.append(Refusal("text", _("Write what is to be done.")))
        if not owner.is_active:
            refusals.append(Refusal("owner", _("%(person)s is no longer here.") % {"person": owner}))
        if due_on < timezone.localdate():
            refusals.append(Refusal("due_on", _("The date has passed."), _("Choose a later one.")))
        if refusals:
            raise StepRefused(refusals)
        row, _created = ReviewAction.objects.get_or_create(
            change=current, text=text.strip()[:300], owner=owner, due_on=due_on, done_at=None,
            defaults={"agreed_by": by},
        )  # fmt: skip
    return row


def complete_review_action(action: ReviewAction, *, by: User, note: str = "") -> ReviewAction:
    """The action is done, as its owner or a change manager says, also after the change has ended."""
    with refusals_recorded("complete_review_action", action.change, by):
        current = (
            ReviewAction.objects.select_for_update(of=("self",)).select_related("done_by").get(pk=action.pk)
        )
        if current.done_at:
            words = {"person": current.done_by or "?", "time": at(current.done_at)}
            raise AlreadyDone(_("%(person)s did this at %(time)s.") % words)
        if by.pk != current.owner_id and not has_right(by, Right.CHANGE_MANAGE):
            raise StepRefused([
                Refusal(
                    "who", _("An action is done by its owner, or closed by a change manager."),
                    _("Ask one of them."),
                )
            ])  # fmt: skip
        current.done_at, current.done_by, current.done_note = timezone.now(), by, note.strip()
        current.save(update_fields=["done_at", "done_by", "done_note"])
    return current


def add_caused_incident(
    change: ChangeRequest, *, by: User, reference: str, severity: str, note: str = "", link: str = ""
) -> CausedIncident:
    """The incident stands on the change as caused by it. The same reference again is the one that stands.

    By those who implement, verify or manage the change, from its start until it has ended; a change manager
    also afterwards: some incidents show late.
    """
    with refusals_recorded("add_caused_incident", change, by):
        current = locked(change)
        refusals = reasons_against_reviewing(current, by, "incident")
        if not reference.strip():
            refusals.append(Refusal("reference", _("Give the reference of the incident.")))
        if severity not in IncidentPriority.values:
            refusals.append(Refusal("severity", _("There is no such severity.")))
        if refusals:
            raise StepRefused(refusals)
        row = CausedIncident(
            change=current, reference=reference.strip(), severity=severity, note=note.strip(), link=link,
            recorded_by=by,
        )  # fmt: skip
        if (standing := current.incidents.filter(reference=row.reference).first()) is not None:
            return standing
        row.full_clean()
        row.save()
    return row


def reasons_against_reviewing(change: ChangeRequest, by: User, part: str) -> list[Refusal]:
    """Why this person cannot write this part of the review now (`review`, `action`, `incident`)."""
    refusals = []
    states = (State.REVIEWING,) if part == "review" else AFTER_THE_START
    if part == "incident" and has_right(by, Right.CHANGE_MANAGE):
        states = (*states, State.CLOSED)
    if change.state not in states:
        words = {"state": change.get_state_display()}
        refusals.append(Refusal("state", _("This is not done while the change is “%(state)s”.") % words))
    parts = (AssignmentRole.IMPLEMENTER, AssignmentRole.VERIFIER, AssignmentRole.OWNER)
    takes_part = change.assignments.filter(user=by, role__in=parts).exists() or change.owner_id == by.pk
    if not takes_part and not has_right(by, Right.CHANGE_MANAGE):
        refusals.append(
            Refusal(
                "who",
                _("This is for who implements, verifies, owns or manages the change."),
                _("Ask one of them."),
            )
        )
    return refusals
