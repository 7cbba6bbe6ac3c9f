"""What a plan is about to do: its next rounds, moved and skipped ones among them, and who makes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from accounts.models import User
from inspections.crews import Crew, crews_of
from inspections.models import CalendarDay, InspectionPlan
from inspections.slots import Slot
from inspections.timetable import Timetable

SPANS = (14, 60, 400, 1600)  # days: looked through until there is enough to show


@dataclass(frozen=True)
class Coming:
    """One planned round: when it is held (None: skipped), what the day off is called, who makes it."""

    planned_at: datetime
    at: datetime | None
    day_off: str = ""
    is_merged: bool = False
    crews: list[Crew] = field(default_factory=list)

    @property
    def is_moved(self) -> bool:
        return self.at is not None and self.at != self.planned_at


def outlook(
    plan: InspectionPlan, *, now: datetime, count: int = 10, members: list[User] | None = None
) -> list[Coming]:
    """The next `count` occurrences, in the plan's own time zone; also of a plan that is not saved yet.

    Six queries at most. Raises ValidationError if the rule is none.
    """
    timetable = Timetable(plan)
    slots = _next(timetable, now, count)
    held = sorted({slot.at for slot in slots if slot.at is not None})
    crews = crews_of(plan, timetable, held, members=members)
    names = _days_off(plan, slots)
    seen: set[datetime] = set()
    coming = []
    for slot in slots:
        day = slot.planned_at.astimezone(plan.zone).date()
        is_merged = slot.at in seen
        if slot.at is not None:
            seen.add(slot.at)
        coming.append(
            Coming(
                slot.planned_at.astimezone(plan.zone),
                slot.at.astimezone(plan.zone) if slot.at else None,
                names.get(day, "") if slot.at is None or slot.is_moved else "",
                is_merged,
                [] if is_merged or slot.at is None else crews[slot.at],
            )
        )
    return coming


def _next(timetable: Timetable, now: datetime, count: int) -> list[Slot]:
    for days in SPANS:
        slots = [
            s for s in timetable.planned(now, now + timedelta(days=days)) if (s.at or s.planned_at) > now
        ]
        if len(slots) >= count:
            break
    return slots[:count]


def _days_off(plan: InspectionPlan, slots: list[Slot]) -> dict[object, str]:
    """What the calendar calls the days. One query, none where no day off moves anything."""
    days = {
        slot.planned_at.astimezone(plan.zone).date() for slot in slots if slot.at is None or slot.is_moved
    }
    if not days or plan.calendar is None:
        return {}
    rows = CalendarDay.objects.filter(calendar=plan.calendar, on__in=days)
    return dict(rows.values_list("on", "label"))
