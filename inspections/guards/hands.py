"""Why a run or a duty cannot pass into other hands."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, has_right
from inspections.guards.refusal import Refusal, lacking
from inspections.models import InspectionRun, RosterEntry
from inspections.workflow import RunState

HANDS = (RunState.SCHEDULED, RunState.OPEN, RunState.IN_PROGRESS, RunState.RETURNED)


def ended(run: InspectionRun) -> Iterable[Refusal]:
    if run.state not in HANDS:
        message = _("The run is “%(state)s” and changes hands no more.")
        yield Refusal("state", message % {"state": run.get_state_display()})


def takers_of(run: InspectionRun) -> set[int]:
    """Ids of those who may take the run: the plan's members and the team; empty: anybody who inspects."""
    takers = set(run.plan.members.values_list("user", flat=True))
    if run.team is not None:
        takers |= set(run.team.users.values_list("pk", flat=True))
    return takers


def against_claiming(run: InspectionRun, by: User) -> list[Refusal]:
    """Why this person cannot take the run for themselves."""
    found = [*lacking(by, Right.INSPECT), *ended(run)]
    if run.assignee_id is not None:
        whose = _("%(person)s has this run already.") % {"person": run.assignee}
        found.append(Refusal("taken", whose, _("Ask them to hand it over.")))
    takers = takers_of(run)
    if takers and by.pk not in takers:
        found.append(Refusal("not_of_team", _("You are not among those who make this round.")))
    return found


def against_releasing(run: InspectionRun, by: User, reason: str) -> list[Refusal]:
    """Why this person cannot give the run back to the team."""
    found = [*lacking(by, Right.INSPECT), *ended(run)]
    if run.assignee_id != by.pk:
        found.append(Refusal("not_yours", _("You do not have this run.")))
    if run.plan.assign != run.plan.Assign.CLAIM:
        message = _("This run was given to you by the plan.")
        found.append(Refusal("assigned", message, _("Hand it over to somebody.")))
    if not reason.strip():
        found.append(Refusal("reason", _("Say why you give it back.")))
    return found


def against_handing_over(
    run: InspectionRun, by: User, to: User, reason: str, role: str = "A"
) -> list[Refusal]:
    """Why this person cannot hand the run over to that one."""
    found = list(ended(run))
    if by.pk not in (run.assignee_id, run.deputy_id) and not has_right(by, Right.INSPECT_MANAGE):
        message = _("Who has the run, its deputy or who defines inspections hands it over.")
        found.append(Refusal("right", message))
    if not to.is_active or not has_right(to, Right.INSPECT):
        found.append(Refusal("cannot", _("%(person)s cannot log inspections.") % {"person": to}))
    if to.pk == (run.assignee_id if role == "A" else run.deputy_id):
        found.append(Refusal("same", _("%(person)s has it already.") % {"person": to}))
    if not reason.strip():
        found.append(Refusal("reason", _("Say why it is handed over.")))
    return found


def against_changing_duty(entry: RosterEntry, to: User, by: User, reason: str) -> list[Refusal]:
    """Why this duty cannot go to that person."""
    found = []
    if not to.is_active or not has_right(to, Right.INSPECT):
        found.append(Refusal("cannot", _("%(person)s cannot log inspections.") % {"person": to}))
    if entry.user_id == to.pk:
        found.append(Refusal("same", _("%(person)s has it already.") % {"person": to}))
    if not reason.strip():
        found.append(Refusal("reason", _("Say why the duty changes hands.")))
    return found


def against_removing_duty(entry: RosterEntry) -> list[Refusal]:
    """Why this duty stays in the rota."""
    if entry.on <= timezone.now().astimezone(entry.shift.zone).date():
        message = _("A duty of today or earlier stays in the rota.")
        return [Refusal("past", message, _("Give it to somebody else, with a reason."))]
    return []
