"""Runs that were made already follow the rota when it changes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time, timedelta

from accounts.models import User
from inspections.crews import duty_day
from inspections.models import InspectionPlan, InspectionRun, RosterEntry, RunHandover, Shift
from inspections.workflow import RunState

DAY = timedelta(days=1)


def follow_rota(shift: Shift, days: Collection[date], *, by: User, reason: str) -> int:
    """Runs of these days of duty that nobody began are in the hands that the rota names now.

    Only runs in nobody's hands, or in those that the rota named before, change; who was given a run by a
    person keeps it. Returns how many hand-overs. Three statements and those of PostgreSQL for each run.
    """
    if not days:
        return 0
    runs = InspectionRun.objects.filter(
        plan__shift=shift,
        plan__assign=InspectionPlan.Assign.ROSTER,
        state__in=[RunState.SCHEDULED, RunState.OPEN],
        slot_at__gte=datetime.combine(min(days) - DAY, time(0), shift.zone),
        slot_at__lt=datetime.combine(max(days) + 2 * DAY, time(0), shift.zone),
    )
    entries = {
        (entry.on, entry.role): entry for entry in RosterEntry.objects.filter(shift=shift, on__in=days)
    }
    moves = []
    for run in runs.select_for_update(of=("self",)).order_by("pk"):
        on = duty_day(shift, run.slot_at)
        duties = [entries[on, role] for role in ("A", "B") if (on, role) in entries]
        moves += [
            RunHandover(
                run=run, kind=RunHandover.Kind.ROTA, role=role, taken_by_id=user, by=by, reason=reason
            )
            for role, user in _moves(run, duties)
        ]
    RunHandover.objects.bulk_create(moves)
    plans = InspectionPlan.objects.filter(shift=shift, trouble=InspectionPlan.Trouble.NOBODY)
    plans.update(trouble="", trouble_detail="", trouble_since_at=None)
    return len(moves)


def _moves(run: InspectionRun, duties: list[RosterEntry]) -> list[tuple[str, int]]:
    """(duty of the run, who takes it) by the rota of its day."""
    if "~" in run.group_key:  # everybody on duty makes a run of their own
        if run.assignee_id in {duty.user_id for duty in duties}:
            return []
        return [("A", duty.user_id) for duty in duties if duty.replaces_id == run.assignee_id][:1]
    holders = {"A": run.assignee_id, "B": run.deputy_id}
    return [
        (duty.role, duty.user_id)
        for duty in duties
        if holders[duty.role] != duty.user_id and holders[duty.role] in (None, duty.replaces_id)
    ]
