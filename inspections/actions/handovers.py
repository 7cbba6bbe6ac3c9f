"""Runs change hands: taken, given back, handed over; PostgreSQL moves the run with the row."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from accounts.actions import notify
from accounts.models import User
from audit.context import because
from inspections import guards, notices
from inspections.models import InspectionRun, RosterEntry, RunHandover


def claim_run(run: InspectionRun, *, by: User) -> InspectionRun:
    """The run, which nobody had, is this person's; of two at once one has it. Raises Refused. Locks it."""
    with transaction.atomic(), because(user=by):
        run = InspectionRun.objects.select_for_update().get(pk=run.pk)
        guards.refuse_if(guards.against_claiming(run, by), "take inspection", by=by, target=run)
        RunHandover.objects.create(run=run, kind=RunHandover.Kind.CLAIM, taken_by=by, by=by)
        run.refresh_from_db()
    return run


def release_run(run: InspectionRun, *, by: User, reason: str) -> InspectionRun:
    """The run is nobody's again; its team is told. Raises Refused. Locks the run."""
    reason = reason.strip()
    with transaction.atomic(), because(reason, user=by):
        run = InspectionRun.objects.select_for_update().get(pk=run.pk)
        guards.refuse_if(guards.against_releasing(run, by, reason), "give inspection back", by=by, target=run)
        RunHandover.objects.create(run=run, kind=RunHandover.Kind.RELEASE, by=by, reason=reason)
        run.refresh_from_db()
        takers = User.objects.filter(pk__in=guards.takers_of(run))
        _tell(run, takers, by, reason, gettext_lazy("Somebody is wanted for %(run)s"))
    return run


def reassign_run(
    run: InspectionRun, *, to: User, by: User, reason: str, role: str = RosterEntry.Role.A
) -> InspectionRun:
    """The run (or its B duty) is in other hands; both people are told. Raises Refused. Locks the run."""
    reason = reason.strip()
    with transaction.atomic(), because(reason, user=by):
        run = InspectionRun.objects.select_for_update().get(pk=run.pk)
        refusals = guards.against_handing_over(run, by, to, reason, role)
        guards.refuse_if(refusals, "hand inspection over", by=by, target=run)
        former = run.assignee if role == RosterEntry.Role.A else run.deputy
        RunHandover.objects.create(
            run=run, kind=RunHandover.Kind.REASSIGN, role=role, taken_by=to, by=by, reason=reason
        )
        run.refresh_from_db()
        people = [to] if former is None else [to, former]
        _tell(run, people, by, reason, gettext_lazy("%(run)s goes to %(to)s"), to)
    return run


def _tell(
    run: InspectionRun, people: Iterable[User], by: User, reason: str, subject: Promise, to: User | str = ""
) -> None:
    notify(
        people,
        notices.REASSIGNED,
        subject=subject,
        text=gettext_lazy("%(by)s: %(reason)s. Due %(due)s."),
        words={"run": run.number, "to": to, "by": by, "reason": reason, "due": run.due_at},
        path=reverse("inspections:run", args=[run.number]),
        about=f"{run.number} {run.plan}",
    )
