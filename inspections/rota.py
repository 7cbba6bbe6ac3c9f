"""Who is on duty, by the rota."""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts.models import User
from inspections.models import RosterEntry, Shift


def on_duty(shift: Shift, at: datetime) -> list[User]:
    """Who is on duty at this instant, A before B; also the night shift of the day before. One query."""
    today = at.astimezone(shift.zone).date()
    began = []
    for day in (today - timedelta(days=1), today):
        first, last = shift.span_on(day)
        if first <= at < last:
            began.append(day)
    entries = RosterEntry.objects.filter(shift=shift, on__in=began).select_related("user")
    return [entry.user for entry in entries.order_by("-on", "role")]
