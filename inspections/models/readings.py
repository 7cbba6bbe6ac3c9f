"""What machines say: where readings and alerts come from, the values, and the alerts."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, URLValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.labelled import Labelled
from accounts.roles import Right, has_right
from audit.recorded.models import RecordedModel
from inspections.models.runs import person
from inspections.models.templates import BAD_CHOICES

LABELS_TO_ITEMS = ["instance", "host", "hostname", "node", "nodename", "serial"]


def default_labels() -> list[str]:
    return list(LABELS_TO_ITEMS)


class ReadingSource(RecordedModel, Labelled):
    """A program that posts readings or alerts, or a Prometheus that is asked; it acts as a user of its own.

    `account` is the user of its API token, and who "answers" where a good value needs no confirmation.
    Secrets are not stored: `credentials_variable` names the environment variable that holds them.
    """

    class Kind(models.TextChoices):
        PUSH = "push", _("Posts readings")
        PROMETHEUS = "prometheus", _("Prometheus, asked by OpsLedger")
        ALERTMANAGER = "alertmanager", _("Alertmanager, posts alerts")

    key = models.SlugField(_("key"), max_length=50, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices, default=Kind.PUSH)
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("service account"),
        help_text=_("The user of its API token; it holds the role “Integration” and nothing else."),
    )  # fmt: skip
    url = models.URLField(
        _("base URL"), blank=True, validators=[URLValidator(schemes=["http", "https"])],
        help_text=_("Of Prometheus, for example https://prometheus.example.org; nothing else is asked."),
    )  # fmt: skip
    credentials_variable = models.CharField(
        _("environment variable with the credentials"), max_length=80, blank=True,
        validators=[RegexValidator(r"^OPSLEDGER_READINGS_[A-Z0-9_]+\Z", _("OPSLEDGER_READINGS_…"))],
        help_text=_("It holds the Authorization header, for example “Bearer …”, which is never stored here."),
    )  # fmt: skip
    item_labels = models.JSONField(
        _("labels that name the CI"), default=default_labels, blank=True,
        help_text=_("Labels of an alert, in order; each is looked up as name, primary IP address or serial."),
    )  # fmt: skip
    is_enabled = models.BooleanField(_("enabled"), default=True)
    last_seen_at = models.DateTimeField(_("last seen"), null=True, blank=True, editable=False)
    last_error = models.TextField(_("last error"), blank=True, editable=False)
    last_error_at = models.DateTimeField(_("last error at"), null=True, blank=True, editable=False)

    unrecorded_fields = ("last_seen_at", "last_error", "last_error_at")  # they tick with every call

    class Meta:
        verbose_name = _("source of readings")
        verbose_name_plural = _("sources of readings")
        ordering = ["key"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind"], name="inspections_source_one_per_account_and_kind"
            ),
            models.CheckConstraint(
                condition=~Q(kind="prometheus") | ~Q(url=""), name="inspections_source_prometheus_has_a_url"
            ),
        ]  # fmt: skip

    def clean(self) -> None:
        if set("@?#") & set(self.url):
            message = _("Only scheme, host, port and path; credentials come from an environment variable.")
            raise ValidationError({"url": message})
        if self.account_id is None:
            return
        rights = [right for right in (Right.INSPECT, Right.INSPECT_REVIEW) if has_right(self.account, right)]
        if rights or not has_right(self.account, Right.READINGS_POST):
            message = _("A service account holds the role “Integration” and takes no part in inspections.")
            raise ValidationError({"account": message})
        labels = self.item_labels
        if not isinstance(labels, list) or not all(isinstance(name, str) and name for name in labels):
            raise ValidationError({"item_labels": _('A list of label names: ["instance", "host"].')})


class MachineReading(models.Model):
    """One value of one metric of one CI, as a machine said it; append-only, so it has no history.

    A value that is no finite number is kept as NULL with the reason in `problem`: it counts as unknown, never
    as good. `observed_at` is the machine's time; PostgreSQL says when it arrived.
    """

    class Problem(models.TextChoices):
        NOT_A_NUMBER = "nan", _("not a number")
        INFINITE = "inf", _("infinite")
        EMPTY = "empty", _("no value")
        SEVERAL = "several", _("several values where one was asked for")
        NO_ANSWER = "no_answer", _("the source did not answer")

    source = models.ForeignKey(
        ReadingSource, models.PROTECT, related_name="readings", verbose_name=_("source of readings")
    )
    ci = models.ForeignKey(
        "cmdb.ConfigurationItem", models.PROTECT, related_name="readings", verbose_name=_("CI")
    )
    metric = models.CharField(_("metric"), max_length=80)
    value = models.DecimalField(_("value"), max_digits=24, decimal_places=6, null=True)
    problem = models.CharField(_("why it is unknown"), max_length=10, choices=Problem.choices, blank=True)
    unit = models.CharField(_("unit"), max_length=16, blank=True)
    observed_at = models.DateTimeField(_("observed at"))
    received_at = models.DateTimeField(_("received at (server)"), db_default=Now(), editable=False)
    external_id = models.CharField(_("id at the source"), max_length=200)
    payload_sha256 = models.CharField(_("SHA-256 of what was sent"), max_length=64)

    class Meta:
        verbose_name = _("machine reading")
        verbose_name_plural = _("machine readings")
        default_permissions = ("view",)
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["ci", "metric", "-observed_at"], name="inspections_reading_trend"),
            models.Index(fields=["source", "-received_at"], name="inspections_reading_arrived"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id"], name="inspections_reading_once_per_source"
            ),
            models.CheckConstraint(
                condition=Q(value__isnull=False, problem="") | (Q(value__isnull=True) & ~Q(problem="")),
                name="inspections_reading_has_a_value_or_says_why_not",
            ),
            models.CheckConstraint(
                condition=~Q(metric="") & ~Q(external_id=""), name="inspections_reading_has_metric_and_id"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        shown = (
            self.get_problem_display() if self.value is None else f"{self.value.normalize():f} {self.unit}"
        )
        return f"{self.metric}: {shown}".rstrip()


class Alert(RecordedModel):
    """An alert of Alertmanager: one row from firing to resolved; on a CI it makes or repeats a finding.

    "Resolved" closes nothing: it is what the machine says, and stands on the alert and on its finding.
    """

    class Status(models.TextChoices):
        FIRING = "firing", _("Firing")
        RESOLVED = "resolved", _("Resolved")

    source = models.ForeignKey(
        ReadingSource, models.PROTECT, related_name="alerts", verbose_name=_("source of readings")
    )
    fingerprint = models.CharField(_("fingerprint"), max_length=64)
    name = models.CharField(_("alert"), max_length=120)
    severity = models.CharField(_("severity"), max_length=8, choices=BAD_CHOICES)
    status = models.CharField(_("status"), max_length=8, choices=Status.choices)
    starts_at = models.DateTimeField(_("firing since"))
    ends_at = models.DateTimeField(_("resolved at"), null=True, blank=True)
    labels = models.JSONField(_("labels"), default=dict)
    annotations = models.JSONField(_("annotations"), default=dict)
    url = models.URLField(_("link"), max_length=500, blank=True)
    ci = models.ForeignKey(
        "cmdb.ConfigurationItem", models.PROTECT, null=True, blank=True, related_name="alerts",
        verbose_name=_("CI"),
    )  # fmt: skip
    matched_by = person(_("matched by hand by"))
    received_at = models.DateTimeField(_("received at (server)"), db_default=Now(), editable=False)
    last_sent_at = models.DateTimeField(_("last sent"), default=timezone.now)

    unrecorded_fields = ("last_sent_at",)  # Alertmanager repeats itself every few minutes

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["ci", "name"], name="inspections_alert_of_a_ci"),
            models.Index(fields=["-id"], name="inspections_alert_without_a_ci", condition=Q(ci=None)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "fingerprint", "starts_at"], name="inspections_alert_once_per_firing"
            ),
            models.CheckConstraint(
                condition=Q(status="firing") | Q(ends_at__isnull=False),
                name="inspections_alert_resolved_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def summary(self) -> str:
        """What the rule's author wrote for people, else the name."""
        return str(self.annotations.get("summary") or self.annotations.get("description") or self.name)
