"""When a maintenance window is open: recurrence rules on the wall clock of a time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import HOURLY, rrule, rrulestr
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


def parse_rule(text: str, starts_on: date, starts_at: time) -> rrule:
    """The recurrence (RFC 5545 RRULE) on naive wall-clock time.

    Raises ValidationError if it is no rule, carries its own DTSTART, or recurs hourly or faster.
    """
    try:
        rule = rrulestr(text.removeprefix("RRULE:"), dtstart=datetime.combine(starts_on, starts_at))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValidationError(
            _("This is not a recurrence rule: %(error)s"), "rrule", {"error": error}
        ) from None
    if not isinstance(rule, rrule) or "DTSTART" in text.upper():
        raise ValidationError(
            _("Give one rule such as FREQ=WEEKLY;BYDAY=SU; the start has its own fields."), "rrule"
        )
    if rule._freq >= HOURLY:
        raise ValidationError(_("A maintenance window recurs daily at most."), "rrule")
    return rule


def openings(
    rule: rrule, zone: str, minutes: int, after: datetime, until: datetime
) -> list[tuple[datetime, datetime]]:
    """Every opening that shares an instant with [after, until), in UTC, in order, touching ones joined.

    An opening lasts `minutes` of real time whatever the clocks do meanwhile (RFC 5545 §3.3.6). One whose
    start the clocks skip begins an hour later on the clock; one whose start occurs twice, at first.
    """
    local, length = ZoneInfo(zone), timedelta(minutes=minutes)
    # A day of margin on both sides: wall-clock order and instant order differ around a clock change.
    first = (after - length - timedelta(days=1)).astimezone(local).replace(tzinfo=None)
    last = (until + timedelta(days=1)).astimezone(local).replace(tzinfo=None)
    starts = sorted(
        {wall.replace(tzinfo=local).astimezone(UTC) for wall in rule.between(first, last, inc=True)}
    )
    joined: list[tuple[datetime, datetime]] = []
    for start in starts:
        if start >= until or start + length <= after:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], start + length))
        else:
            joined.append((start, start + length))
    return joined
