"""Shifts and the rota: who is on duty when."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.labelled import Labelled
from audit.recorded.models import RecordedModel


class Shift(RecordedModel, Labelled):
    """One daily span of duty (班次) in its own time zone; one that ends by its start crosses midnight."""

    key = models.SlugField(_("key"), max_length=50, unique=True)
    starts = models.TimeField(_("begins"), default=time(8))
    ends = models.TimeField(
        _("ends"), default=time(20), help_text=_("Not after the beginning: it ends on the next day.")
    )
    time_zone = models.CharField(_("time zone"), max_length=64, default="Asia/Shanghai")
    team = models.ForeignKey(
        "accounts.Team", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team"),
        help_text=_("Whose people stand in the rota."),
    )  # fmt: skip
    has_deputy = models.BooleanField(
        _("A and B duty"), default=True, help_text=_("Every day has a second person (B duty).")
    )

    class Meta:
        verbose_name = _("shift")
        verbose_name_plural = _("shifts")
        ordering = ["starts", "key"]

    def clean(self) -> None:
        if self.time_zone not in available_timezones():
            raise ValidationError({"time_zone": _("This is no IANA time zone, for example Asia/Shanghai.")})

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def crosses_midnight(self) -> bool:
        return self.ends <= self.starts

    @property
    def hours(self) -> str:
        """The span as people write it, for example 20:00–08:00 +1."""
        return f"{self.starts:%H:%M}–{self.ends:%H:%M}{' +1' if self.crosses_midnight else ''}"

    def span_on(self, on: date) -> tuple[datetime, datetime]:
        """The instants [start, end) of the duty that begins on this day, in UTC."""
        last = on + timedelta(days=1) if self.crosses_midnight else on
        first_at = datetime.combine(on, self.starts, self.zone)
        return first_at.astimezone(UTC), datetime.combine(last, self.ends, self.zone).astimezone(UTC)


class RosterEntry(RecordedModel):
    """One person's duty (值班) on one day of a shift: A holds it, B is the deputy."""

    class Role(models.TextChoices):
        A = "A", _("A duty")
        B = "B", _("B duty")

    shift = models.ForeignKey(Shift, models.PROTECT, related_name="roster", verbose_name=_("shift"))
    on = models.DateField(_("day"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="duties", verbose_name=_("person")
    )
    role = models.CharField(_("duty"), max_length=1, choices=Role.choices, default=Role.A)
    replaces = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, editable=False, related_name="+",
        verbose_name=_("instead of"),
    )  # fmt: skip
    reason = models.CharField(_("why it was changed"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("rota entry")
        verbose_name_plural = _("rota entries")
        ordering = ["on", "shift", "role"]
        constraints = [
            models.UniqueConstraint(fields=["shift", "on", "role"], name="inspections_roster_duty_once"),
            # Checked when a statement ends: A and B may change places in one UPDATE.
            models.UniqueConstraint(
                fields=["shift", "on", "user"], name="inspections_roster_person_once",
                deferrable=models.Deferrable.IMMEDIATE,
            ),
            models.CheckConstraint(
                condition=Q(role__in=["A", "B"]), name="inspections_roster_duty_is_a_or_b"
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["user", "on"], name="inspections_roster_of_person")]

    def __str__(self) -> str:
        return f"{self.on} {self.shift} {self.role}: {self.user}"
