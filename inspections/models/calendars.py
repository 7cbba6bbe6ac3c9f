"""Work calendars: on which days and hours people work, with holidays and make-up workdays as data."""

from __future__ import annotations

from datetime import time
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.labelled import Labelled
from audit.recorded.models import RecordedModel

WEEK = [1, 2, 3, 4, 5, 6, 7]


def working_week() -> list[int]:
    """Monday to Friday."""
    return WEEK[:5]


class WorkCalendar(RecordedModel, Labelled):
    """A working week (工作日历) with its hours; the days that differ from it are rows of CalendarDay."""

    key = models.SlugField(_("key"), max_length=50, unique=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="Asia/Shanghai")
    weekdays = models.JSONField(
        _("working days of the week"), default=working_week,
        help_text=_("ISO numbers: 1 is Monday, 7 is Sunday."),
    )  # fmt: skip
    opens = models.TimeField(_("work begins"), default=time(9))
    closes = models.TimeField(
        _("work ends"), default=time(18), help_text=_("00:00 is the end of the day.")
    )  # fmt: skip

    class Meta:
        verbose_name = _("work calendar")
        verbose_name_plural = _("work calendars")
        ordering = ["key"]
        constraints = [
            models.CheckConstraint(
                condition=Q(opens__lt=F("closes")) | Q(closes=time(0)),
                name="inspections_calendar_opens_before_it_closes",
                violation_error_message=_("Work ends after it begins; 00:00 is the end of the day."),
            ),
        ]

    def clean(self) -> None:
        if self.time_zone not in available_timezones():
            raise ValidationError({"time_zone": _("This is no IANA time zone, for example Asia/Shanghai.")})
        days = self.weekdays
        if not isinstance(days, list) or not days or any(day not in WEEK for day in days):
            raise ValidationError({"weekdays": _("Name the working days by numbers, for example [1, 2, 3].")})

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def has_days_off(self) -> bool:
        """Whether holidays matter to it: somebody who works all seven days needs no list of them."""
        return len(set(self.weekdays)) < len(WEEK)


class CalendarDay(RecordedModel):
    """One day that differs from the working week: a holiday (节假日) or a make-up workday (调休上班)."""

    class Kind(models.TextChoices):
        HOLIDAY = "holiday", _("Holiday")
        WORKDAY = "workday", _("Make-up workday")

    calendar = models.ForeignKey(
        WorkCalendar, models.PROTECT, related_name="days", verbose_name=_("work calendar")
    )
    on = models.DateField(_("day"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    label = models.CharField(_("label"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("calendar day")
        verbose_name_plural = _("calendar days")
        ordering = ["calendar", "on"]
        constraints = [
            models.UniqueConstraint(fields=["calendar", "on"], name="inspections_calendarday_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["holiday", "workday"]), name="inspections_calendarday_kind_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.label}".strip()
