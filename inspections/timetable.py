"""When a plan's rounds are held: its rule, its calendar, and the number of each round."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from inspections.models import InspectionPlan
from inspections.slots import OffDay, OffDays, Slot, planned_between, slots_between
from inspections.working_hours import hours_of

AHEAD = timedelta(days=400)


class Timetable:
    """The slots of one plan; the calendar is read once."""

    def __init__(self, plan: InspectionPlan) -> None:
        """One query with a calendar, none without. Raises ValidationError (the rule), KeyError (the zone)."""
        self.plan = plan
        self.rule = plan.recurrence()
        first = plan.begins_at.astimezone(plan.zone).date()
        self.off: OffDays | None = None
        if plan.calendar is not None and plan.off_day != OffDay.RUN:
            is_workday = hours_of(plan.calendar).is_workday
            self.off = OffDays(plan.off_day, is_workday, first)

    def held(self, after: datetime, until: datetime) -> list[datetime]:
        """Every instant after < at <= until of a round, ascending, each once."""
        return slots_between(self.rule, self.plan.time_zone, after, until, self.off)

    def planned(self, after: datetime, until: datetime) -> list[Slot]:
        """Every occurrence planned or held in the span, also those that days off skip or move."""
        return planned_between(self.rule, self.plan.time_zone, after, until, self.off)

    def overtaken(self, after: datetime, until: datetime) -> list[Slot]:
        """Slots planned in the span that days off move to where rounds were made already.

        Usually that round exists. It does not when the calendar learned of the day off too late.
        """
        slots = self.planned(after, until)
        return [slot for slot in slots if slot.at and slot.at <= after < slot.planned_at <= until]

    def numbers(self, ats: list[datetime]) -> list[int]:
        """The number of each round, counted from the plan's first day: a rotation goes by it.

        Days on which no round is held do not count, so that everybody has a turn. The same instants have the
        same numbers whenever they are asked for.
        """
        if not ats:
            return []
        start = datetime.combine(self.plan.starts_on, time(0), self.plan.zone).astimezone(UTC)
        every = self.held(start - timedelta(microseconds=1), max(ats))
        place = {at: number for number, at in enumerate(every)}
        return [place.get(at, sum(1 for each in every if each < at)) for at in ats]
