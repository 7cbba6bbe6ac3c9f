"""What must hold of the calendars for plans and deadlines to be right."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Warning  # noqa: A004  Django's own name
from django.db import Error
from django.utils import timezone

from inspections.working_hours import uncovered_years


def check_calendars(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """`check --deploy`: every work calendar knows the holidays of the next 60 days."""
    try:
        gaps = uncovered_years(timezone.localdate())
    except Error:
        return []  # no database yet, or not migrated: another check says so
    return [
        Warning(
            f"The work calendar {calendar.key} knows no days of {', '.join(map(str, years))}, which the next "
            f"60 days reach into: manage.py load_calendar FILE.csv --calendar {calendar.key}.",
            id="inspections.W001",
        )
        for calendar, years in gaps
    ]
