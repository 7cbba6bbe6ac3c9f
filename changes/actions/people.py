"""Who takes which part in a change."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, has_right
from changes.actions.editing import editing, nothing_voided_unsaid
from changes.actions.refusals import StepRefused, locked, refusals_recorded
from changes.guards.refusal import Refusal
from changes.models import Assignment, ChangeRequest
from changes.models.request import AssignmentRole
from changes.workflow import Kind, Relation

RIGHT_FOR_PART = {
    AssignmentRole.OWNER: Right.CHANGE_REQUEST,
    AssignmentRole.ASSESSOR: Right.CHANGE_ASSESS,
    AssignmentRole.TESTER: Right.CHANGE_TEST,
    AssignmentRole.IMPLEMENTER: Right.CHANGE_IMPLEMENT,
    AssignmentRole.VERIFIER: Right.CHANGE_VERIFY,
}


def assign(change: ChangeRequest, user: User, role: str, *, by: User) -> Assignment:
    """The person has this part in the change.

    By a change manager, requester or owner; or by the person themselves. Raises StepRefused for a person
    without the right, or whose other part forbids it; in a locked plan for implementers and verifiers.
    """
    with refusals_recorded("assign", change, by):
        current = locked(change)
        refusals = []
        if by.pk not in (current.requester_id, current.owner_id, user.pk) and not has_right(
            by, Right.CHANGE_MANAGE
        ):
            refusals.append(Refusal("who", _("Requester, owner and change managers assign people.")))
        if role not in AssignmentRole.values:
            raise StepRefused([Refusal("part", _("There is no such part."))])
        if not has_right(user, RIGHT_FOR_PART[AssignmentRole(role)]):
            words = {"person": user, "right": RIGHT_FOR_PART[AssignmentRole(role)].label}
            refusals.append(Refusal("right", _("%(person)s has no right to %(right)s.") % words))
        refusals += _clashes(current, user, role)
        if current.is_ended:
            refusals.append(Refusal("state", _("The change has ended.")))
        if refusals:
            raise StepRefused(refusals)
        with nothing_voided_unsaid(current):
            row, _created = Assignment.objects.get_or_create(change=current, user=user, role=role)
    change.refresh_from_db()
    return row


def _clashes(change: ChangeRequest, user: User, role: str) -> list[Refusal]:
    """Parts that one person does not hold together."""
    apart = {
        AssignmentRole.ASSESSOR: (Relation.REQUESTER,),
        AssignmentRole.TESTER: (Relation.REQUESTER,),
        AssignmentRole.IMPLEMENTER: (Relation.VERIFIER,),
        AssignmentRole.VERIFIER: (Relation.IMPLEMENTER,)
        + ((Relation.REQUESTER,) if change.kind == Kind.NORMAL else ()),
    }.get(AssignmentRole(role), ())
    held = set(change.assignments.filter(user=user).values_list("role", flat=True))
    if user.pk == change.requester_id:
        held.add(Relation.REQUESTER)
    return [
        Refusal(
            f"{part}_apart",
            _("%(person)s is the %(part)s of this change.") % {"person": user, "part": Relation(part).label},
            _("Choose somebody else."),
        )
        for part in apart
        if part in held
    ]


def unassign(assignment: Assignment, *, by: User) -> None:
    """The person no longer has this part. Raises StepRefused while tasks are given to them."""
    with editing(assignment.change, by) as current:
        tasks = current.tasks.filter(assignee=assignment.user_id)
        if assignment.role == AssignmentRole.IMPLEMENTER and tasks.exists():
            words = {"person": assignment.user, "tasks": ", ".join(str(task) for task in tasks[:5])}
            raise StepRefused(
                [
                    Refusal(
                        "assignee",
                        _("Tasks are given to %(person)s: %(tasks)s.") % words,
                        _("Give them to somebody else first."),
                    )
                ]
            )
        assignment.delete()
