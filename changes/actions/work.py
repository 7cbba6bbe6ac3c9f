"""The work itself: ticked tasks, measured values; and the clock that closes what nobody did."""

from __future__ import annotations

from typing import Any

from changes.actions.refusals import StepRefused
from changes.actions.steps import take_step
from changes.models import ChangeRequest


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
