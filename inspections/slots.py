"""When a plan is due: recurrence rules in the plan's own time zone, and what becomes of days off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import HOURLY, rrule, rrulestr
from django.core.exceptions import ValidationError
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

DAY = timedelta(days=1)
FARTHEST_MOVE = 31  # days: without a workday within them a slot is skipped


class OffDay(TextChoices):
    """What becomes of a slot on a day off."""

    RUN = "run", _("Held all the same")
    SKIP = "skip", _("Skipped")
    PREV = "prev", _("Moved to the workday before")
    NEXT = "next", _("Moved to the workday after")


@dataclass(frozen=True)
class OffDays:
    """The rule for days off: never earlier than `first` is a slot moved; it goes forward instead."""

    rule: str
    is_workday: Callable[[date], bool]
    first: date

    def held(self, wall: datetime) -> datetime | None:
        """When a slot planned for this local time is held: then, at that time of another day, or never."""
        if self.rule == OffDay.RUN or self.is_workday(wall.date()):
            return wall
        if self.rule == OffDay.SKIP:
            return None
        if self.rule == OffDay.PREV:
            earlier = self._nearest(wall, -DAY)
            if earlier is not None and earlier.date() >= self.first:
                return earlier
        return self._nearest(wall, DAY)

    def _nearest(self, wall: datetime, step: timedelta) -> datetime | None:
        days = (wall + n * step for n in range(1, FARTHEST_MOVE + 1))
        return next((day for day in days if self.is_workday(day.date())), None)


@dataclass(frozen=True)
class Slot:
    """One occurrence of a rule: the instant it is planned for, and the one it is held at (None: skipped)."""

    planned_at: datetime
    at: datetime | None

    @property
    def is_moved(self) -> bool:
        return self.at is not None and self.at != self.planned_at


def parse_rule(text: str, starts_on: date, shift_start: time) -> rrule:
    """The recurrence (RFC 5545 RRULE, for example FREQ=DAILY) on local wall-clock time.

    Raises ValidationError if it is no rule, carries its own DTSTART, or recurs faster than hourly.
    """
    start = datetime.combine(starts_on, shift_start)
    try:
        rule = rrulestr(text.removeprefix("RRULE:"), dtstart=start)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValidationError(
            _("This is not a recurrence rule: %(error)s"), "rrule", {"error": error}
        ) from None
    if not isinstance(rule, rrule) or "DTSTART" in text.upper():
        raise ValidationError(_("Give one rule such as FREQ=DAILY; the start has its own fields."), "rrule")
    if rule._freq > HOURLY:
        raise ValidationError(_("A plan recurs at most hourly."), "rrule")
    return rule


def planned_between(
    rule: rrule, zone: str, after: datetime, until: datetime, off: OffDays | None = None
) -> list[Slot]:
    """Every occurrence planned or held with after < instant <= until, in the order planned.

    A wall-clock time that a clock change skips counts as the instant an hour later; one that occurs
    twice counts the first time. Source: RFC 5545 §3.3.10 and Python's fold=0.
    """
    local = ZoneInfo(zone)
    # A margin on both sides: slots move by days, and around a clock change wall-clock order and instant
    # order differ.
    margin = DAY * (FARTHEST_MOVE + 1 if off and off.rule in (OffDay.PREV, OffDay.NEXT) else 1)
    first = after.astimezone(local).replace(tzinfo=None) - margin
    last = until.astimezone(local).replace(tzinfo=None) + margin

    def instant(wall: datetime) -> datetime:
        return wall.replace(tzinfo=local).astimezone(UTC)

    slots = []
    for wall in rule.between(first, last, inc=True):
        held = off.held(wall) if off else wall
        slots.append(Slot(instant(wall), None if held is None else instant(held)))
    inside = (
        slot
        for slot in slots
        if after < slot.planned_at <= until or (slot.at is not None and after < slot.at <= until)
    )
    return list(inside)


def slots_between(
    rule: rrule, zone: str, after: datetime, until: datetime, off: OffDays | None = None
) -> list[datetime]:
    """Every instant with after < instant <= until at which a slot is held, in UTC, ascending, each once.

    Two slots that days off bring to the same instant are one: the round is made once.
    """
    found = {slot.at for slot in planned_between(rule, zone, after, until, off) if slot.at is not None}
    return sorted(at for at in found if after < at <= until)
