"""When a plan is due: recurrence rules in the plan's own time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from dateutil.rrule import HOURLY, rrule, rrulestr
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


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


def slots_between(rule: rrule, zone: str, after: datetime, until: datetime) -> list[datetime]:
    """Every slot with after < slot <= until, in UTC, ascending, each once.

    A wall-clock time that a clock change skips counts as the instant an hour later; one that occurs
    twice counts the first time. Source: RFC 5545 §3.3.10 and Python's fold=0.
    """
    local = ZoneInfo(zone)
    # One day of margin on both sides: wall-clock order and instant order differ around a clock change.
    first = after.astimezone(local).replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
    last = until.astimezone(local).replace(tzinfo=None, hour=23, minute=59, second=59, microsecond=0)
    instants = {wall.replace(tzinfo=local).astimezone(UTC) for wall in rule.between(first, last, inc=True)}
    return sorted(instant for instant in instants if after < instant <= until)
