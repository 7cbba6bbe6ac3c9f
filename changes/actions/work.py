"""The work itself: tests, ticked tasks, measured values; and the clock that closes what nobody did."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, has_right
from changes.actions.refusals import StepRefused, locked, refusals_recorded
from changes.actions.steps import take_step
from changes.guards.refusal import Refusal
from changes.models import ChangeRequest, TestRun
from changes.models.request import AssignmentRole
from changes.workflow import State


def record_test_run(
    change: ChangeRequest, *, by: User, environment: str, has_passed: bool, **fields: Any
) -> TestRun:
    """The run stands, bound by PostgreSQL to the plan as it is now.

    Fields: purpose (test, rehearsal), cases, files, note. By an assigned tester, while assessing or testing.
    """
    with refusals_recorded("record_test_run", change, by):
        current = locked(change)
        refusals = []
        if current.state not in (State.ASSESSING, State.TESTING):
            refusals.append(Refusal("state", _("Tests are recorded while assessing or testing.")))
        named = current.assignments.filter(user=by, role=AssignmentRole.TESTER).exists()
        if not (named and has_right(by, Right.CHANGE_TEST)):
            refusals.append(
                Refusal("who", _("This is for the testers of the change."), _("Ask one of them."))
            )
        if refusals:
            raise StepRefused(refusals)
        run = TestRun(change=current, tester=by, environment=environment, has_passed=has_passed, **fields)
        run.full_clean(exclude=["plan_hash"])
        run.save()
    run.refresh_from_db()
    return run


def expire_missed_windows() -> int:
    """Scheduled changes whose window has passed are cancelled as missed; returns how many. For a job."""
    return _each_by_system(ChangeRequest.objects.to_expire(), "expire")


def _each_by_system(changes: Any, event: str) -> int:
    count = 0
    for change in changes:
        try:
            take_step(change, event, by=None)
        except StepRefused:
            continue  # recorded; it may have moved meanwhile, or is still within its grace
        count += 1
    return count
