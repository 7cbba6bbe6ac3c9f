"""Plans: what is checked when, by whom."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from dateutil.rrule import rrule
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.labelled import Labelled
from audit.recorded.models import RecordedModel
from cmdb.models import ConfigurationItem
from inspections.models.calendars import WorkCalendar
from inspections.models.shifts import Shift
from inspections.models.templates import ChecklistTemplate
from inspections.slots import OffDay, parse_rule


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

    class Assign(models.TextChoices):
        FIXED = "fixed", _("Always the same person or team")
        ROTATION = "rotation", _("In turn")
        ROSTER = "roster", _("Who is on duty by the rota")
        CLAIM = "claim", _("Whoever takes it")

    class MustComplete(models.TextChoices):
        ONE = "one", _("One run, made by one of them")
        ALL = "all", _("One run for each of them")

    class Trouble(models.TextChoices):
        RULE = "rule", _("The recurrence is no rule.")
        SCOPE = "scope", _("The CI filter is not understood.")
        VERSION = "version", _("The check list has no published version.")
        NOBODY = "nobody", _("Nobody is there to make the round.")
        OTHER = "other", _("Something unexpected went wrong.")

    key = models.SlugField(_("key"), max_length=50, unique=True)
    client = models.CharField(
        _("client or project"), max_length=120, blank=True,
        help_text=_("For whom the inspection is made; stands in the reports."),
    )  # fmt: skip
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("owner"),
        help_text=_("Is told of missed rounds and of trouble; without one, who defines inspections is told."),
    )  # fmt: skip
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
    shift_start = models.TimeField(_("start of the round"), default=time(8))
    calendar = models.ForeignKey(
        WorkCalendar, models.PROTECT, null=True, blank=True, related_name="plans",
        verbose_name=_("work calendar"),
    )  # fmt: skip
    off_day = models.CharField(_("on days off"), max_length=4, choices=OffDay.choices, default=OffDay.RUN)
    shift = models.ForeignKey(
        Shift, models.PROTECT, null=True, blank=True, related_name="plans", verbose_name=_("shift")
    )
    opens_minutes = models.IntegerField(
        _("opens (minutes after the start)"), default=-60, help_text=_("May be negative: before the start.")
    )
    due_minutes = models.IntegerField(_("due (minutes after the start)"), default=60)
    expires_minutes = models.IntegerField(_("missed (minutes after the start)"), default=480)
    assign = models.CharField(
        pgettext_lazy("plan", "who"), max_length=8, choices=Assign.choices, default=Assign.FIXED
    )
    must_complete = models.CharField(
        _("runs"), max_length=3, choices=MustComplete.choices, default=MustComplete.ONE
    )
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
    enabled_at = models.DateTimeField(_("enabled again at"), null=True, blank=True, editable=False)
    generated_until_at = models.DateTimeField(_("runs exist up to"), null=True, blank=True, editable=False)
    trouble = models.CharField(
        _("trouble"), max_length=8, choices=Trouble.choices, blank=True, editable=False
    )  # fmt: skip
    trouble_detail = models.TextField(_("what went wrong"), blank=True, editable=False)
    trouble_since_at = models.DateTimeField(_("in trouble since"), null=True, blank=True, editable=False)

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
            models.CheckConstraint(
                condition=Q(off_day=OffDay.RUN) | Q(calendar__isnull=False),
                name="inspections_plan_days_off_need_a_calendar",
                violation_error_message=_("Choose the work calendar that knows the days off."),
            ),
            models.CheckConstraint(
                condition=~Q(assign="roster") | Q(shift__isnull=False),
                name="inspections_plan_rota_needs_a_shift",
                violation_error_message=_("Choose the shift whose rota says who is on duty."),
            ),
            models.CheckConstraint(
                condition=Q(must_complete="one") | Q(assign__in=["fixed", "roster"]),
                name="inspections_plan_all_are_fixed_or_on_duty",
                violation_error_message=_("In turn and by taking, one person makes the round: one run."),
            ),
            models.CheckConstraint(
                condition=Q(
                    off_day__in=["run", "skip", "prev", "next"],
                    must_complete__in=["one", "all"],
                    assign__in=["fixed", "rotation", "roster", "claim"],
                ),
                name="inspections_plan_ways_are_known",
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

        former = type(self).objects.filter(pk=self.pk).first() if self.pk else None
        if former is not None and former.key != self.key and former.runs.exists():
            raise ValidationError(
                {
                    "key": _("Runs were made: the key stays “%(key)s”, as their hashes name it.")
                    % {"key": former.key}
                }
            )
        last = former.last_first_day if former and former.is_enabled and self.is_enabled else None
        if last is not None and self.starts_on > last:
            message = _(
                "The first day of this plan has come, and no round that was due is hidden. Choose a day "
                "up to %(day)s, or stop the plan for a reason, set its first day and enable it again."
            )
            raise ValidationError({"starts_on": message % {"day": last.isoformat()}})

    def recurrence(self) -> rrule:
        """The parsed recurrence; raises ValidationError if it is none."""
        return parse_rule(self.rrule, self.starts_on, self.shift_start)

    @property
    def names_people(self) -> bool:
        """Whether each of its runs should be in somebody's hands; others wait for whoever comes."""
        by_name = self.assign in (self.Assign.ROTATION, self.Assign.ROSTER)
        return by_name or self.assignee_id is not None or self.must_complete == self.MustComplete.ALL

    @property
    def begins_at(self) -> datetime:
        """Before this instant the plan has no slots: its first day, or when it was enabled again."""
        start = datetime.combine(self.starts_on, time(0), self.zone)
        return max(start, self.enabled_at) if self.enabled_at else start

    @property
    def last_first_day(self) -> date | None:
        """The latest first day that the plan may get; None, any, before it has begun."""
        if self.starts_on > timezone.now().astimezone(self.zone).date():
            return None
        made = self.generated_until_at
        return max(self.starts_on, made.astimezone(self.zone).date()) if made else self.starts_on

    @property
    def counts_from_at(self) -> datetime:
        """Slots after this instant are still to be made."""
        return self.generated_until_at or self.begins_at - timedelta(microseconds=1)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class PlanMember(RecordedModel):
    """One person of a plan: in turn by position, or one of those who all make the round."""

    plan = models.ForeignKey(
        InspectionPlan, models.CASCADE, related_name="members", verbose_name=_("inspection plan")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("person")
    )
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("member of a plan")
        verbose_name_plural = _("members of plans")
        ordering = ["plan", "position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "user"], name="inspections_planmember_once")
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.plan} · {self.user}"
