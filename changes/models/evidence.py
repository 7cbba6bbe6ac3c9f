"""How a change is tested before it and measured after it."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.models import StoredFile
from audit.recorded.models import RecordedModel
from changes.models.request import ChangeRequest


class TestCase(RecordedModel):
    """One planned test: what is done, and what must come of it."""

    change = models.ForeignKey(
        ChangeRequest, models.PROTECT, related_name="test_cases", verbose_name=_("change")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=1)
    label = models.CharField(_("test case"), max_length=200)
    steps = models.TextField(_("test steps"), blank=True)
    expected = models.TextField(_("expected"), help_text=_("What must be seen for the case to pass."))

    __test__ = False  # pytest: not a test class

    class Meta:
        verbose_name = _("test case")
        verbose_name_plural = _("test cases")
        ordering = ["change", "position", "id"]

    def __str__(self) -> str:
        return self.label


class TestRun(RecordedModel):
    """One execution of the test plan, or a rehearsal of the rollback, bound to the plan it was made with.

    `cases` is a list of {"case" (id of a planned one, or none), "name", "result", "note"}; `files` a list of
    {"name", "sha256", "size"} of kept files. PostgreSQL judges: a test passes when every planned case does.
    """

    class Result(models.TextChoices):
        PASSED = "passed", _("passed")
        FAILED = "failed", _("failed")
        BLOCKED = "blocked", _("blocked")

    class Purpose(models.TextChoices):
        TEST = "test", _("test")
        REHEARSAL = "rehearsal", _("rehearsal of the rollback")

    change = models.ForeignKey(
        ChangeRequest, models.PROTECT, related_name="test_runs", verbose_name=_("change")
    )
    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose.choices, default=Purpose.TEST)
    plan_hash = models.CharField(_("hash of the plan"), max_length=64, editable=False)
    environment = models.CharField(_("environment"), max_length=200)
    has_passed = models.BooleanField(_("passed"))
    cases = models.JSONField(_("cases"), default=list, blank=True)
    files = models.JSONField(_("files"), default=list, blank=True)
    measured_minutes = models.PositiveIntegerField(
        _("took, in minutes"),
        null=True,
        blank=True,
        help_text=_("How long the rehearsed rollback took; it is held against the planned maximum."),
    )
    note = models.TextField(_("note"), blank=True)
    tester = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("tester")
    )
    run_at = models.DateTimeField(_("run"), db_default=models.functions.Now(), editable=False)

    __test__ = False  # pytest: not a test class

    class Meta:
        verbose_name = _("test run")
        verbose_name_plural = _("test runs")
        ordering = ["change", "-id"]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} · {self.environment}"


def plain(number: Decimal | str | float) -> str:
    """A decimal without the zeros that its column adds."""
    return f"{Decimal(str(number)).normalize():f}"


class Comparison(models.TextChoices):
    """How a measured value is held against the target of its criterion."""

    LT = "lt", "<"
    LE = "le", "≤"
    EQ = "eq", "="
    GE = "ge", "≥"
    GT = "gt", ">"


class Criterion(RecordedModel):
    """One measurable statement by which the effect of a change is judged ("error rate < 0.1 %, 5 min")."""

    change = models.ForeignKey(
        ChangeRequest, models.PROTECT, related_name="criteria", verbose_name=_("change")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=1)
    metric = models.CharField(_("metric"), max_length=200)
    comparison = models.CharField(
        _("comparison"), max_length=2, choices=Comparison.choices, default=Comparison.LE
    )
    threshold = models.DecimalField(_("threshold"), max_digits=20, decimal_places=4)
    unit = models.CharField(_("unit"), max_length=20, blank=True)
    observation_minutes = models.PositiveIntegerField(_("observed for, in minutes"), default=0)
    has_auto_rollback = models.BooleanField(_("rolls back by itself"), default=False)
    grace_minutes = models.PositiveIntegerField(
        _("breached after, in minutes"),
        default=0,
        help_text=_("Bad values must last so long; 0: the first bad value breaches it."),
    )
    has_auto_restore = models.BooleanField(
        _("restores the configuration by itself too"),
        default=False,
        help_text=_("After rolling back by itself, the planned operations are taken back at once."),
    )
    is_machine = models.BooleanField(_("measured by machine"), default=False)

    class Meta:
        verbose_name = _("criterion")
        verbose_name_plural = _("criteria")
        ordering = ["change", "position", "id"]

    def clean(self) -> None:
        super().clean()
        if self.has_auto_restore and not self.has_auto_rollback:
            raise ValidationError(
                {
                    "has_auto_restore": _(
                        "Only what rolls back by itself restores the configuration by itself."
                    )
                }
            )

    def __str__(self) -> str:
        bound = f"{self.get_comparison_display()} {plain(self.threshold)} {self.unit}"
        return f"{self.metric} {bound}".strip()


class CriterionResult(RecordedModel):
    """One measured value; PostgreSQL compares it with the criterion. Never edited: the newest one counts.

    `measured_at` is the source's word, held against our clock; `received_at` is ours. `key` makes a repeated
    post the same one.
    """

    criterion = models.ForeignKey(
        Criterion, models.PROTECT, related_name="results", verbose_name=_("criterion")
    )
    value = models.DecimalField(_("value"), max_digits=20, decimal_places=4)
    has_passed = models.BooleanField(_("passed"), default=False, editable=False)
    source = models.CharField(_("source"), max_length=120, blank=True)
    evidence = models.TextField(_("evidence"), blank=True)
    measured_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("measured by"),
    )
    measured_at = models.DateTimeField(_("measured"), db_default=models.functions.Now(), editable=False)
    file = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("file")
    )
    file_name = models.CharField(_("name of the file"), max_length=200, blank=True)
    received_at = models.DateTimeField(_("received"), db_default=models.functions.Now(), editable=False)
    key = models.CharField(_("idempotency key"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("measured value")
        verbose_name_plural = _("measured values")
        ordering = ["criterion", "-measured_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["criterion", "key"],
                condition=~models.Q(key=""),
                name="changes_criterionresult_key_once",
            )
        ]
        indexes = [
            models.Index(fields=["criterion", "-measured_at", "-id"], name="changes_result_newest_first")
        ]

    def __str__(self) -> str:
        return plain(self.value)
