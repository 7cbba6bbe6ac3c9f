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
from changes.workflow import State


def ask_owners(change: ChangeRequest, by: User | None, data: Mapping[str, Any]) -> list[Consultation]:
    """Every team to ask has been asked, with a time to answer by; who was asked before is not asked again."""
    asked = set(change.consultations.values_list("team_id", flat=True))
    due_at = timezone.now() + timedelta(minutes=consult_minutes(change.kind))
    return Consultation.objects.bulk_create(
        Consultation(change=change, team=team, due_at=due_at)
        for team in owners_to_consult(change)
        if team.pk not in asked
    )


def consult_minutes(kind: str) -> int:
    found = AssessmentPolicy.objects.filter(kind=kind).values_list("consult_minutes", flat=True).first()
    return 1440 if found is None else found


def consult_owner(
    change: ChangeRequest, team: Team, *, by: User, answer: str, comment: str = ""
) -> Consultation:
    """The owning team's answer stands on the change; given by a member of it, by nobody else.

    A new answer replaces the one before (its history stays) and takes an overruling away. Raises StepRefused.
    """
    with refusals_recorded("consult_owner", change, by):
        current = locked(change)
        refusals = reasons_against_answering(current, team, by)
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
        row, _made = Consultation.objects.update_or_create(
            change=current,
            team=team,
            defaults={"answer": answer, "answered_by": by, "comment": comment.strip()},
            create_defaults={"answer": answer, "answered_by": by, "comment": comment.strip()},
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
    if change.state not in (State.DRAFT, State.ASSESSING, State.TESTING):
        refusals.append(Refusal("state", _("Owners are consulted before the approval.")))
    return refusals


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
        row.save(update_fields=["overruled_by", "overruled_because"])
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
    if change.state != State.ASSESSING:
        refusals.append(Refusal("state", _("Owners are overruled while the change is assessed.")))
    silent = row.answer == Consultation.Answer.ASKED
    if silent and (row.due_at is None or row.due_at > timezone.now()):
        refusals.append(
            Refusal("nothing_to_overrule", _("The team still has time to answer."), _("Wait, or ask them."))
        )
    if row.answer == Consultation.Answer.AGREED:
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
