"""Asking the owners of changed and critical affected items, and what they answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Team, User
from accounts.roles import Right, has_right
from changes.actions.owners_told import tell_answer, tell_overruling
from changes.actions.refusals import StepRefused, locked, refusals_recorded
from changes.guards.assessment import owners_to_consult
from changes.guards.form import thin
from changes.guards.refusal import Refusal
from changes.models import AssessmentPolicy, ChangeRequest, Consultation
from changes.models.request import AssignmentRole
from changes.workflow import Kind, State


def ask_owners(change: ChangeRequest, by: User | None, data: Mapping[str, Any]) -> list[Consultation]:
    """Every team to ask has been asked, with a time to answer by; who answered is asked again, with a new
    time, only where the plan was edited since."""
    asked = set(change.consultations.values_list("team_id", flat=True))
    due_at = timezone.now() + timedelta(minutes=consult_minutes(change.kind))
    change.consultations.outdated().update(due_at=due_at)
    return Consultation.objects.bulk_create(
        Consultation(change=change, team=team, due_at=due_at)
        for team in owners_to_consult(change)
        if team.pk not in asked
    )


def ask_owners_anew(change: ChangeRequest, asked: str) -> None:
    """Who answered for the plan with this `asked_hash`, and not for the one that stands, has a new time to
    answer by. Nobody hears of it in draft: they are asked once the impact is confirmed."""
    if change.state == State.DRAFT:
        return
    rows = change.consultations.filter(plan_hash=asked).outdated()
    if rows.exists():
        rows.update(due_at=timezone.now() + timedelta(minutes=consult_minutes(change.kind)))


def consult_minutes(kind: str) -> int:
    found = AssessmentPolicy.objects.filter(kind=kind).values_list("consult_minutes", flat=True).first()
    return 1440 if found is None else found


def consult_owner(
    change: ChangeRequest, team: Team, *, by: User, answer: str, comment: str = "", plan_hash: str = ""
) -> Consultation:
    """The owning team's answer to the plan as it stands; given by a member of it, by nobody else.

    A new answer replaces the one before (its history stays) and takes an overruling away; an edit of the plan
    makes it void. `plan_hash`, where given, is the `asked_hash` that was read. Raises StepRefused.
    """
    with refusals_recorded("consult_owner", change, by):
        current = locked(change)
        refusals = reasons_against_answering(current, team, by)
        if plan_hash and plan_hash != current.asked_hash:
            refusals.append(
                Refusal(
                    "plan_edited",
                    _("The plan was edited since you opened the page."),
                    _("Read it again and answer what it says now."),
                )
            )
        if answer not in (Consultation.Answer.AGREED, Consultation.Answer.OBJECTED):
            refusals.append(Refusal("answer", _("There is no such answer."), _("Agree or object.")))
        if answer == Consultation.Answer.OBJECTED and thin(comment):
            refusals.append(
                Refusal(
                    "comment_required",
                    _("An objection says what is wrong."),
                    _("Write it so that the plan can be mended, for example: “not before the month's end”."),
                )
            )
        if refusals:
            raise StepRefused(refusals)
        said = {"answer": answer, "answered_by": by, "comment": comment.strip()}
        row, _made = Consultation.objects.update_or_create(
            change=current, team=team, defaults=said | {"plan_hash": current.asked_hash}
        )
        row.refresh_from_db()
        tell_answer(row)
    return row


def reasons_against_answering(change: ChangeRequest, team: Team, by: User) -> list[Refusal]:
    """Why this person cannot answer for the team now; empty when they can."""
    refusals = []
    if not team.members.filter(user=by).exists():
        refusals.append(
            Refusal(
                "team_member",
                _("You are not in %(team)s; nobody answers for a team that they are not in.")
                % {"team": team},
                _("Ask a member of the team."),
            )
        )
    if by.pk == change.requester_id:
        refusals.append(
            Refusal("requester_apart", _("You asked for this change; a colleague answers for the team."))
        )
    if not is_before_vote(change):
        refusals.append(Refusal("state", _("Owners are consulted before the approval.")))
    return refusals


def is_before_vote(change: ChangeRequest) -> bool:
    """Owners can answer: no round was opened, or an edit of the plan has voided it. At most one query."""
    if change.state != State.APPROVING or change.kind != Kind.NORMAL:
        return change.state in (State.DRAFT, State.ASSESSING, State.TESTING)
    return not change.rounds.filter(closed_at=None).exists()


def overrule_owner(consultation: Consultation, *, by: User, because: str) -> Consultation:
    """The assessor goes on in spite of an objection, or of silence past its time, for a recorded reason.

    Silence is not agreement: it stands on the change as overruled. Raises StepRefused.
    """
    with refusals_recorded("overrule_owner", consultation.change, by):
        current = locked(consultation.change)
        row = Consultation.objects.get(pk=consultation.pk)
        if refusals := reasons_against_overruling(current, row, by, because):
            raise StepRefused(refusals)
        row.overruled_by, row.overruled_because = by, because.strip()
        row.overruled_hash = current.asked_hash
        row.save(update_fields=["overruled_by", "overruled_because", "overruled_hash"])
        row.refresh_from_db()
        tell_overruling(row)
    return row


def reasons_against_overruling(
    change: ChangeRequest, row: Consultation, by: User, because: str | None = None
) -> list[Refusal]:
    """Why this person cannot overrule now; `because=None` while it is only offered."""
    named = change.assignments.filter(user=by, role=AssignmentRole.ASSESSOR).exists()
    refusals = []
    if not (named and has_right(by, Right.CHANGE_ASSESS)) or by.pk == change.requester_id:
        refusals.append(Refusal("who", _("This is for the assessors of the change."), _("Ask one of them.")))
    if change.state == State.DRAFT or not is_before_vote(change):
        refusals.append(Refusal("state", _("Owners are overruled before the approval.")))
    if row.is_silent and (row.due_at is None or row.due_at > timezone.now()):
        refusals.append(
            Refusal("nothing_to_overrule", _("The team still has time to answer."), _("Wait, or ask them."))
        )
    if row.answer == Consultation.Answer.AGREED and not row.is_outdated:
        refusals.append(Refusal("nothing_to_overrule", _("The team agreed.")))
    if because is not None and thin(because):
        refusals.append(
            Refusal(
                "comment_required",
                _("Overruling an owner says why."),
                _("Answer the objection, for example: “the backup runs after the window, agreed with Li”."),
            )
        )
    return refusals
