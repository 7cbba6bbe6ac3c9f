"""Plans: what is checked when, by whom."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from dateutil.rrule import rrule
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.labelled import Labelled
from audit.recorded.models import RecordedModel
from cmdb.models import ConfigurationItem
from inspections.models.templates import ChecklistTemplate
from inspections.slots import parse_rule


class InspectionPlan(RecordedModel, Labelled):
    """A recurring inspection (巡检计划): a template, a CI filter, a recurrence and people."""

    class GroupBy(models.TextChoices):
        PLAN = "plan", _("One run for everything")
        CI = "ci", _("One run per CI")
        LOCATION = "location", _("One run per location")

    class SignOff(models.TextChoices):
        NONE = "none", _("None")
        REVIEWER = "reviewer", _("By a second person")
        STEP_UP = "step_up", _("By a second person who confirms who they are")

    key = models.SlugField(_("key"), max_length=50, unique=True)
    template = models.ForeignKey(
        ChecklistTemplate, models.PROTECT, related_name="plans", verbose_name=_("check list")
    )
    scope = models.JSONField(
        _("CI filter"), default=dict, blank=True,
        help_text=_("Filter of configuration items, for example {\"type\": \"host\"}."),
    )  # fmt: skip
    group_by = models.CharField(_("grouping"), max_length=10, choices=GroupBy.choices, default=GroupBy.PLAN)
    rrule = models.CharField(
        _("recurrence"), max_length=200, default="FREQ=DAILY",
        help_text=_("RFC 5545, for example FREQ=WEEKLY;BYDAY=MO,TH."),
    )  # fmt: skip
    time_zone = models.CharField(_("time zone"), max_length=64, default="Asia/Shanghai")
    starts_on = models.DateField(_("first day"), default=timezone.localdate)
    shift_start = models.TimeField(_("start of the shift"), default=time(8))
    opens_minutes = models.IntegerField(
        _("opens (minutes after the start)"), default=-60, help_text=_("May be negative: before the start.")
    )
    due_minutes = models.IntegerField(_("due (minutes after the start)"), default=60)
    expires_minutes = models.IntegerField(_("missed (minutes after the start)"), default=480)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("assignee"),
    )  # fmt: skip
    team = models.ForeignKey(
        "accounts.Team", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team")
    )
    signoff = models.CharField(
        _("sign-off"), max_length=10, choices=SignOff.choices, default=SignOff.REVIEWER
    )
    is_enabled = models.BooleanField(_("enabled"), default=True)
    disabled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, editable=False, related_name="+",
        verbose_name=_("disabled by"),
    )  # fmt: skip
    disabled_reason = models.TextField(_("why it is disabled"), blank=True)
    generated_until_at = models.DateTimeField(_("runs exist up to"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("inspection plan")
        verbose_name_plural = _("inspection plans")
        ordering = ["key"]
        constraints = [
            models.CheckConstraint(
                condition=Q(opens_minutes__lt=F("due_minutes")) & Q(due_minutes__lte=F("expires_minutes")),
                name="inspections_plan_opens_before_due_before_missed",
            ),
            models.CheckConstraint(
                condition=Q(is_enabled=True) | (~Q(disabled_reason="") & Q(disabled_by__isnull=False)),
                name="inspections_plan_disabled_by_somebody_for_a_reason",
            ),
        ]

    def clean(self) -> None:
        if self.time_zone not in available_timezones():
            raise ValidationError({"time_zone": _("This is no IANA time zone, for example Asia/Shanghai.")})
        if not isinstance(self.scope, dict):
            raise ValidationError({"scope": _('The scope is an object such as {"type": "host"}.')})
        try:
            ConfigurationItem.objects.matching(self.scope)
        except (ValidationError, TypeError, ValueError) as error:
            raise ValidationError({"scope": getattr(error, "messages", [str(error)])}) from None
        try:
            self.recurrence()
        except ValidationError as error:
            raise ValidationError({"rrule": error.messages}) from None

    def recurrence(self) -> rrule:
        """The parsed recurrence; raises ValidationError if it is none."""
        return parse_rule(self.rrule, self.starts_on, self.shift_start)

    @property
    def counts_from_at(self) -> datetime:
        """Slots after this instant are still to be made."""
        start = datetime.combine(self.starts_on, time(0), self.zone) - timedelta(microseconds=1)
        return self.generated_until_at or start

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)
