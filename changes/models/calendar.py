"""Times in which nothing, or nothing without a reason, is changed; and times meant for changes."""

from __future__ import annotations

from zoneinfo import available_timezones

from django.contrib.postgres.fields import DateTimeRangeField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.labelled import Labelled
from accounts.models import Team
from audit.recorded.models import RecordedModel
from changes.recurrence import parse_rule
from cmdb.models import CIType, ConfigurationItem, Criticality, Environment


class ItemScope(models.Model):
    """Which items are meant: every part that is filled in must fit; all of them empty: every item."""

    item = models.ForeignKey(
        ConfigurationItem,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("configuration item"),
    )
    service = models.ForeignKey(
        ConfigurationItem,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("service"),
        help_text=_("Covers the service and everything it depends on, through the graph."),
    )
    type = models.ForeignKey(
        CIType,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("type"),
        help_text=_("Subtypes are included."),
    )
    environment = models.CharField(_("environment"), max_length=12, choices=Environment.choices, blank=True)
    owner_team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("owner team")
    )
    criticality_from = models.PositiveSmallIntegerField(
        _("criticality from"), choices=Criticality.choices, null=True, blank=True
    )
    conditions = models.JSONField(
        _("further conditions"),
        default=dict,
        blank=True,
        help_text=_('As of a stored filter, for example {"attributes.os": "openEuler"}.'),
    )

    class Meta:
        abstract = True

    def clean(self) -> None:
        """Raises ValidationError for conditions that are no filter on configuration items."""
        super().clean()
        if not isinstance(self.conditions, dict):
            raise ValidationError({"conditions": _("Give an object: {condition: value}.")})
        try:
            ConfigurationItem.objects.matching(self.conditions)
        except ValidationError as error:
            raise ValidationError({"conditions": error.messages}) from error


class FreezeWindow(RecordedModel, Labelled, ItemScope):  # noqa: DJ008  Labelled says it
    """A time in which the items it covers are not changed; every filter that is filled in must fit."""

    window = DateTimeRangeField(_("window"), help_text=_("From the start up to, without, the end."))
    is_hard = models.BooleanField(
        _("hard"), default=True, help_text=_("A soft freeze warns and asks for a reason, a hard one stops.")
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("freeze")
        verbose_name_plural = _("freezes")
        ordering = ["-id"]

    def clean(self) -> None:
        """Raises ValidationError without a start and an end; a freeze of no length freezes nothing."""
        super().clean()
        if self.window and (not self.window.lower or not self.window.upper):
            raise ValidationError({"window": _("A freeze has a start and an end.")})


class MaintenanceWindow(RecordedModel, Labelled, ItemScope):  # noqa: DJ008  Labelled says it
    """A recurring time meant for changes of the items it covers; outside of it a change collides."""

    rule = models.CharField(
        _("recurrence"), max_length=200, help_text=_("RFC 5545, for example FREQ=WEEKLY;BYDAY=SU.")
    )
    time_zone = models.CharField(_("time zone"), max_length=60, default="UTC")
    starts_on = models.DateField(_("first day"))
    starts_at = models.TimeField(_("starts at"), help_text=_("Wall-clock time in the time zone."))
    duration_minutes = models.PositiveIntegerField(
        _("duration in minutes"), validators=[MinValueValidator(1), MaxValueValidator(7 * 24 * 60)]
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("maintenance window")
        verbose_name_plural = _("maintenance windows")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(duration_minutes__range=(1, 7 * 24 * 60)),
                name="changes_maintenancewindow_lasts_a_week_at_most",
            )
        ]

    def clean(self) -> None:
        """Raises ValidationError for a rule that cannot be read or a zone that does not exist."""
        super().clean()
        if self.time_zone not in available_timezones():
            raise ValidationError({"time_zone": _("There is no such time zone.")})
        if self.starts_on and self.starts_at:
            try:
                parse_rule(self.rule, self.starts_on, self.starts_at)
            except ValidationError as error:
                raise ValidationError({"rule": error.messages}) from error
