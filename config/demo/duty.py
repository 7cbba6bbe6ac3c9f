"""When people work and who is on duty: the work calendar, two shifts and their rota."""

from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path

from django.utils import timezone

import inspections
from accounts.models import Team
from config.demo import people
from inspections.actions import fill_rota, give_duty, load_days
from inspections.models import RosterEntry, Shift, WorkCalendar

CHINA = Path(inspections.__file__).parent / "calendars" / "cn-2026.csv"
BACK, AHEAD = 31, 24


def are_there() -> bool:
    return WorkCalendar.objects.filter(key="hospital").exists()


def make() -> None:
    """The rota ends in three weeks; one duty ahead is a gap, one changed hands."""
    cast, today = people.cast(), timezone.localdate()
    calendar = WorkCalendar.objects.create(
        key="hospital",
        label="Hospital, office days",
        label_zh="医院行政工作日",
        opens=time(8),
        closes=time(17, 30),
    )
    load_days(calendar, CHINA.read_bytes(), by=cast.reviewer)
    team = Team.objects.get(key="facilities")
    day = Shift.objects.create(
        key="day", label="Day shift", label_zh="白班", starts=time(8), ends=time(20), team=team
    )
    night = Shift.objects.create(
        key="night", label="Night shift", label_zh="夜班", starts=time(20), ends=time(8), team=team
    )
    first, last = today - timedelta(days=BACK), today + timedelta(days=AHEAD)
    crews = {
        day: (cast.engineer4, cast.engineer, cast.engineer2),
        night: (cast.engineer2, cast.engineer3, cast.engineer4),
    }
    for shift, crew in crews.items():
        fill_rota(shift, crew, first=first, last=last, by=cast.reviewer)
    RosterEntry.objects.get(shift=night, on=today + timedelta(days=3), role="B").delete()
    swapped = RosterEntry.objects.get(shift=day, on=today + timedelta(days=2), role="A")
    free = next(
        who for who in crews[day] if not swapped.shift.roster.filter(on=swapped.on, user=who).exists()
    )
    give_duty(swapped, to=free, by=cast.reviewer, reason="Dentist's appointment 预约看牙")
