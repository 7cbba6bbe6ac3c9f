"""The questionnaire of an assessment and what its computed inputs mean; all of it data."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.labelled import Labelled, in_active_language
from audit.recorded.models import RecordedModel
from changes.models.request import Risk
from changes.querysets import QuestionQuerySet
from changes.risk import COMPUTED
from changes.workflow import Kind


class RiskQuestion(RecordedModel, Labelled):
    """One question of the assessor's form; its answers carry the risk they mean.

    An assessment keeps the questions as they were (ChangeRequest.risk_inputs): an edit changes no past one.
    """

    key = models.SlugField(_("key"), max_length=40, unique=True)
    help = models.CharField(
        _("help"), max_length=300, blank=True, help_text=_("What to think of; an example helps.")
    )
    help_zh = models.CharField(_("help in Chinese"), max_length=300, blank=True)
    kinds = ArrayField(
        models.CharField(max_length=10, choices=Kind.choices),
        verbose_name=_("asked for"),
        default=list,
        blank=True,
        help_text=_("Kinds of change; none chosen: all."),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=1)
    is_active = models.BooleanField(_("active"), default=True)

    objects = QuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("risk question")
        verbose_name_plural = _("risk questions")
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(key__in=COMPUTED), name="changes_riskquestion_key_is_not_computed"
            ),
        ]

    def clean(self) -> None:
        if self.key in COMPUTED:
            raise ValidationError({"key": _("OpsLedger computes an input of this name itself.")})

    @property
    def advice(self) -> str:
        return in_active_language(self.help, self.help_zh)

    def level(self, answer: str) -> str | None:
        """The risk that the answer means; None for an answer that does not exist."""
        return next((each.level for each in self.answers.all() if each.key == answer), None)

    def as_json(self) -> dict[str, Any]:
        """The question with its answers as an assessment keeps it."""
        return {
            **{name: getattr(self, name) for name in ("key", "label", "label_zh", "help", "help_zh")},
            "answers": [
                {name: getattr(each, name) for name in ("key", "label", "label_zh", "level")}
                for each in self.answers.all()
            ],
        }


class RiskAnswer(RecordedModel, Labelled):
    """One answer that may be chosen, and the risk it means."""

    question = models.ForeignKey(
        RiskQuestion, models.PROTECT, related_name="answers", verbose_name=_("question")
    )
    key = models.SlugField(_("key"), max_length=40)
    level = models.CharField(_("risk"), max_length=10, choices=Risk.choices)
    position = models.PositiveSmallIntegerField(_("position"), default=1)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("answer to a risk question")
        verbose_name_plural = _("answers to risk questions")
        ordering = ["question", "position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["question", "key"], name="changes_riskanswer_once"),
            models.CheckConstraint(
                condition=models.Q(level__in=Risk.values), name="changes_riskanswer_level_exists"
            ),
        ]


class RiskThreshold(RecordedModel):
    """From which value on a computed input means a higher risk."""

    class Measure(models.TextChoices):
        CRITICALITY = "criticality", _("Highest criticality among changed and affected items (1 to 4)")
        AFFECTED = "affected", _("Items that go down or lose redundancy, or are told of it")
        DOWNTIME = "downtime_minutes", _("Downtime in minutes")
        WORKING_HOURS = "working_hours", _("Minutes of downtime within working hours")
        PRECEDENTS = "precedents", _("Similar changes that succeeded within a year (fewer than)")
        FAILURES = "failures", _("Failed changes on the same items in the days looked back")
        OUTSIDE_MAINTENANCE = (
            "outside_maintenance",
            _("Items whose maintenance windows do not hold the window"),
        )

    measure = models.CharField(_("input"), max_length=20, choices=Measure.choices, unique=True)
    medium_from = models.PositiveIntegerField(_("medium from"), null=True, blank=True)
    high_from = models.PositiveIntegerField(_("high from"), null=True, blank=True)
    very_high_from = models.PositiveIntegerField(_("very high from"), null=True, blank=True)

    class Meta:
        verbose_name = _("risk threshold")
        verbose_name_plural = _("risk thresholds")
        ordering = ["measure"]

    def __str__(self) -> str:
        return self.get_measure_display()

    def clean(self) -> None:
        bounds = [b for b in (self.medium_from, self.high_from, self.very_high_from) if b is not None]
        falls = self.measure == self.Measure.PRECEDENTS
        if bounds != sorted(bounds, reverse=falls):
            raise ValidationError(_("Each level needs a bound beyond that of the level before it."))


class WorkingHours(RecordedModel):
    """When the users of the services are at work on one day of the week; an outage then is felt by more."""

    class Day(models.IntegerChoices):
        MONDAY = 1, _("Monday")
        TUESDAY = 2, _("Tuesday")
        WEDNESDAY = 3, _("Wednesday")
        THURSDAY = 4, _("Thursday")
        FRIDAY = 5, _("Friday")
        SATURDAY = 6, _("Saturday")
        SUNDAY = 7, _("Sunday")

    day = models.PositiveSmallIntegerField(_("day"), choices=Day.choices, unique=True)
    starts_at = models.TimeField(_("from"))
    ends_at = models.TimeField(_("until"))

    class Meta:
        verbose_name = _("working hours")
        verbose_name_plural = _("working hours")
        ordering = ["day"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(starts_at__lt=models.F("ends_at")),
                name="changes_workinghours_start_before_end",
            ),
            models.CheckConstraint(
                condition=models.Q(day__range=(1, 7)), name="changes_workinghours_day_is_1_to_7"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_day_display()} {self.starts_at:%H:%M} – {self.ends_at:%H:%M}"


class AssessmentPolicy(RecordedModel):
    """What the assessment of one kind of change asks for."""

    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, unique=True)
    critical_from = models.PositiveSmallIntegerField(
        _("critical from"),
        default=3,
        help_text=_(
            "Criticality from which an affected item is critical: its owners are asked, and a new one makes "
            "the confirmed impact stale."
        ),
    )
    consult_minutes = models.PositiveIntegerField(
        _("owners answer within, in minutes"),
        default=1440,
        help_text=_("Later is shown as late; silence never counts as agreement."),
    )
    look_back_days = models.PositiveIntegerField(_("failures are looked up for, in days"), default=90)
    suggest_after = models.PositiveSmallIntegerField(
        _("suggest a template after"),
        default=3,
        help_text=_("So many clean normal changes of the same shape could be a standard change."),
    )

    class Meta:
        verbose_name = _("assessment policy")
        verbose_name_plural = _("assessment policies")
        ordering = ["kind"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(critical_from__range=(1, 4)),
                name="changes_assessmentpolicy_critical_is_1_to_4",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
