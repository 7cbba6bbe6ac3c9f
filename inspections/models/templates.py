"""Check lists: templates, their immutable versions, and the items of a version."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.labelled import Labelled, in_active_language
from audit.recorded.models import RecordedModel
from cmdb.models import ConfigurationItem
from inspections.severity import Severity
from inspections.workflow import VersionState

BAD_CHOICES = [(Severity.WARN.value, _("Warning")), (Severity.CRIT.value, _("Critical"))]


def bound(label: str) -> models.DecimalField:
    """A threshold: exact decimal, absent where the item has none."""
    return models.DecimalField(label, max_digits=18, decimal_places=6, null=True, blank=True)


def disordered(row: models.Model) -> dict[str, str]:
    """What is wrong with the order of four bounds, by field: low below high, critical outside warning."""
    faults = {}
    for inner, outer in (
        ("warn_low", "crit_low"), ("warn_high", "warn_low"), ("crit_high", "warn_low"),
        ("crit_high", "warn_high"), ("warn_high", "crit_low"), ("crit_high", "crit_low"),
    ):  # fmt: skip
        upper, lower = getattr(row, inner), getattr(row, outer)
        may_touch = inner.split("_")[1] == outer.split("_")[1]
        if upper is None or lower is None or upper > lower or (may_touch and upper == lower):
            continue
        names = {name: row._meta.get_field(name).verbose_name for name in (inner, outer)}
        message = _("“%(upper)s” (%(one)s) must be above “%(lower)s” (%(other)s).")
        words = {"upper": names[inner], "one": f"{upper:f}", "lower": names[outer], "other": f"{lower:f}"}
        faults.setdefault(inner, message % words)
    return faults


def are_choices(choices: object) -> bool:
    """True for two or more rows with different values, each with a severity."""
    if not isinstance(choices, list) or not all(isinstance(each, dict) for each in choices):
        return False
    values = [str(each.get("value") or "") for each in choices]
    severities = {each.get("severity") for each in choices}
    return len(set(values)) == len(values) >= 2 and all(values) and severities <= {"ok", "warn", "crit"}


def is_attribute(name: str) -> bool:
    """True for the fields of a CI that an answer may verify."""
    kind, _dot, key = name.partition(".")
    return name == "serial" or (kind == "attributes" and key.isidentifier())


def condition_fault(conditions: object) -> str:
    """Why this is no filter of configuration items; empty where it is one."""
    if not isinstance(conditions, dict):
        return str(_('A condition is an object such as {"type": "host"}.'))
    try:
        ConfigurationItem.objects.matching(conditions)
    except (ValidationError, TypeError, ValueError) as error:
        return " ".join(getattr(error, "messages", [str(error)]))
    return ""


class ChecklistTemplate(RecordedModel, Labelled):
    """A check list (巡检模板) that exists in versions, for example "Server, daily"."""

    key = models.SlugField(_("key"), max_length=50, unique=True)
    description = models.TextField(_("description"), blank=True)
    description_zh = models.TextField(_("description in Chinese"), blank=True)
    ci_type = models.ForeignKey(
        "cmdb.CIType", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("for CI type")
    )
    owner_team = models.ForeignKey(
        "accounts.Team", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("owner team")
    )

    class Meta:
        verbose_name = _("check list")
        verbose_name_plural = _("check lists")
        ordering = ["key"]

    @property
    def description_label(self) -> str:
        return in_active_language(self.description, self.description_zh)


class TemplateVersion(RecordedModel):
    """One version of a check list; PostgreSQL hashes and freezes it when it is published.

    Published by nobody: it came with OpsLedger.
    """

    template = models.ForeignKey(
        ChecklistTemplate, models.PROTECT, related_name="versions", verbose_name=_("check list")
    )
    number = models.PositiveIntegerField(_("version"), default=1)
    state = models.CharField(
        _("state"), max_length=12, choices=VersionState.choices, default=VersionState.DRAFT, editable=False
    )
    changelog = models.TextField(_("what changed"), blank=True)
    published_at = models.DateTimeField(_("published at"), null=True, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+",
        verbose_name=_("published by"),
    )  # fmt: skip
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True, editable=False)

    class Meta:
        verbose_name = _("check list version")
        verbose_name_plural = _("check list versions")
        ordering = ["template", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["template", "number"], name="inspections_version_number_once"),
            models.UniqueConstraint(
                fields=["template"], condition=Q(state="draft"), name="inspections_version_one_draft"
            ),
            models.UniqueConstraint(
                fields=["template"], condition=Q(state="published"), name="inspections_version_one_published"
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(published_at__isnull=False),
                name="inspections_version_published_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template} v{self.number}"


class TemplateItem(RecordedModel, Labelled):
    """One thing to check; `key` stays the same across versions so that values can be compared."""

    class Kind(models.TextChoices):
        PASS_FAIL = "pass_fail", _("Normal or abnormal")
        NUMBER = "number", _("Numeric value")
        CHOICE = "choice", _("Choice")
        TEXT = "text", _("Text")
        PHOTO = "photo", _("Photo")
        MACHINE = "machine", _("Machine reading")

    class FindingRule(models.TextChoices):
        NONE = "none", _("No finding")
        FINDING = "finding", _("Opens a finding")
        CHANGE = "change", _("Opens a finding and drafts a change")

    class ReadingSource(models.TextChoices):
        PUSH = "push", _("Posted by programs")
        PROMETHEUS = "prometheus", _("Asked of Prometheus")

    class Confirm(models.TextChoices):
        MANUAL = "manual", _("By the engineer")
        AUTO_IF_OK = "auto_if_ok", _("By itself when good")

    version = models.ForeignKey(
        TemplateVersion, models.CASCADE, related_name="items", verbose_name=_("check list version")
    )
    key = models.SlugField(_("key"), max_length=50)
    section = models.CharField(_("section"), max_length=80, blank=True)
    section_zh = models.CharField(_("section in Chinese"), max_length=80, blank=True)
    position = models.PositiveIntegerField(_("position"), default=0)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices, default=Kind.PASS_FAIL)
    help_text = models.TextField(_("what to look at"), blank=True)
    help_text_zh = models.TextField(_("what to look at, in Chinese"), blank=True)
    runbook_url = models.URLField(_("runbook"), blank=True)
    is_required = models.BooleanField(_("required"), default=True)
    is_na_allowed = models.BooleanField(_("may be not applicable"), default=False)
    unit = models.CharField(_("unit"), max_length=16, blank=True, help_text=_("For example ℃, %, GB."))
    decimals = models.PositiveSmallIntegerField(_("decimal places"), default=0)
    crit_low = bound(_("critical at or below"))
    warn_low = bound(_("warning at or below"))
    warn_high = bound(_("warning at or above"))
    crit_high = bound(_("critical at or above"))
    fail_severity = models.CharField(
        _("severity of “abnormal”"), max_length=8, choices=BAD_CHOICES, default=Severity.CRIT.value
    )
    choices = models.JSONField(
        _("choices"), default=list, blank=True,
        help_text=_("A list of {value, label, label_zh, severity}; severity is ok, warn or crit."),
    )  # fmt: skip
    comment_at = models.CharField(
        _("comment required from"), max_length=8, blank=True, choices=BAD_CHOICES, default=Severity.WARN.value
    )
    photo_at = models.CharField(_("photo required from"), max_length=8, blank=True, choices=BAD_CHOICES)
    applies_if = models.JSONField(
        _("only for CIs"), default=dict, blank=True,
        help_text=_("Filter of configuration items, for example {\"type\": \"host\"}; empty: for all."),
    )  # fmt: skip
    metric = models.CharField(
        _("metric"), max_length=80, blank=True, help_text=_("Name under which programs post the value.")
    )
    reading_source = models.CharField(
        _("where readings come from"),
        max_length=10,
        choices=ReadingSource.choices,
        default=ReadingSource.PUSH,
    )
    query = models.TextField(
        _("Prometheus query"),
        blank=True,
        help_text=_("An instant query; {name}, {ip} and {serial} stand for the CI's."),
    )
    max_age_minutes = models.PositiveIntegerField(_("stale after (minutes)"), default=60)
    confirm = models.CharField(
        pgettext_lazy("reading", "confirmed"), max_length=10, choices=Confirm.choices, default=Confirm.MANUAL
    )
    bad_readings = models.PositiveSmallIntegerField(_("bad readings in a row that open a finding"), default=1)
    good_readings = models.PositiveSmallIntegerField(_("good readings in a row that verify a fix"), default=2)
    attribute = models.CharField(
        _("field of the CI"), max_length=80, blank=True,
        help_text=_("The answer verifies it, or proposes a correction: serial, or attributes.cpu_cores."),
    )  # fmt: skip
    finding = models.CharField(
        _("when bad"), max_length=8, choices=FindingRule.choices, default=FindingRule.FINDING
    )

    class Meta:
        verbose_name = _("check list item")
        verbose_name_plural = _("check list items")
        ordering = ["version", "position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["version", "key"], name="inspections_item_key_once_per_version"),
            models.CheckConstraint(condition=Q(decimals__lte=6), name="inspections_item_at_most_6_decimals"),
            models.CheckConstraint(
                condition=Q(kind__in=["number", "machine"])
                | Q(crit_low=None, warn_low=None, warn_high=None, crit_high=None, unit=""),
                name="inspections_item_bounds_are_of_numbers",
            ),
            models.CheckConstraint(
                condition=~Q(kind="machine") | ~Q(metric="") | ~Q(query=""),
                name="inspections_item_of_a_machine_has_a_metric",
            ),
            models.CheckConstraint(
                condition=Q(bad_readings__gte=1) & Q(good_readings__gte=1) & Q(max_age_minutes__gte=1),
                name="inspections_item_counts_from_one",
            ),
            models.CheckConstraint(
                condition=~Q(crit_low__gt=F("warn_low"))
                & ~Q(warn_low__gte=F("warn_high"))
                & ~Q(warn_high__gt=F("crit_high"))
                & ~Q(crit_low__gte=F("crit_high")),
                name="inspections_item_bounds_in_order",
            ),
        ]

    def clean(self) -> None:
        """Says what PostgreSQL would refuse, and what no engineer could answer, each at its field."""
        faults = disordered(self)
        if self.kind == self.Kind.CHOICE and not are_choices(self.choices):
            faults["choices"] = _(
                "A choice item needs at least two different values, each with severity ok, warn or crit."
            )
        if self.kind == self.Kind.MACHINE and not (self.metric or self.query):
            faults["metric"] = _("Name the metric that programs post, or the Prometheus query.")
        if self.reading_source == self.ReadingSource.PROMETHEUS and not self.query:
            faults["query"] = _("Write the Prometheus query.")
        if self.kind not in (self.Kind.NUMBER, self.Kind.MACHINE) and (self.bounds or self.unit):
            faults["unit"] = _("Only numbers and machine readings have a unit and thresholds.")
        if self.kind == self.Kind.PHOTO and self.attribute:
            faults["attribute"] = _("A photo does not verify a field; ask for text, a number or a choice.")
        elif self.attribute and not is_attribute(self.attribute):
            faults["attribute"] = _("Write serial, or attributes. and the key of an attribute.")
        if fault := condition_fault(self.applies_if):
            faults["applies_if"] = fault
        if faults:
            raise ValidationError(faults)

    @property
    def section_label(self) -> str:
        return in_active_language(self.section, self.section_zh)

    @property
    def help_label(self) -> str:
        return in_active_language(self.help_text, self.help_text_zh)

    @property
    def options(self) -> list[tuple[str, str, str]]:
        """(value, label in the reader's language, severity) of each choice."""
        return [
            (
                c["value"],
                in_active_language(c.get("label") or c["value"], c.get("label_zh", "")),
                c["severity"],
            )
            for c in self.choices
        ]

    @property
    def bounds(self) -> dict[str, Decimal]:
        """The bounds that are set, by field name."""
        names = ("crit_low", "warn_low", "warn_high", "crit_high")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}
