"""Reports that left the house: who took which out when, what it said, and who gets one regularly."""

from __future__ import annotations

from datetime import time

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.labelled import Labelled
from audit.models import StoredFile
from audit.recorded.models import RecordedModel
from inspections.models.runs import InspectionRun, person

SHA256 = r"^[0-9a-f]{64}$"
NUMBER = r"^RP-\d{6}-\d{4,}$"


class Kind(models.TextChoices):
    """What a report is about."""

    RUN = "run", _("One inspection")
    PERIOD = "period", _("A period")


class Format(models.TextChoices):
    """What a report is a file of; a page takes the place of PDF where the server has no Pango."""

    PDF = "pdf", "PDF"
    XLSX = "xlsx", "XLSX"
    JSON = "json", "JSON"
    PAGE = "page", _("Page to print")


LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]


class Asked(models.Model):
    """What is wanted of a report: about what, in which language, as which file."""

    kind = models.CharField(_("kind"), max_length=6, choices=Kind.choices)
    run = models.ForeignKey(
        InspectionRun, models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("inspection run"),
    )  # fmt: skip
    parameters = models.JSONField(
        _("parameters"), default=dict, blank=True,
        help_text=_("Of a period: from, to, client, site, plan, rows."),
    )  # fmt: skip
    language = models.CharField(_("language"), max_length=10, choices=LANGUAGES)
    format = models.CharField(_("file format"), max_length=4, choices=Format.choices)

    class Meta:
        abstract = True


class ReportIssue(RecordedModel, Asked):
    """One report that somebody took out (报告台账): its hash, and the record from which it is made again."""

    number = models.CharField(_("report number"), max_length=24, unique=True)
    subject = models.CharField(_("subject"), max_length=200)
    record_sha256 = models.CharField(
        _("SHA-256 of the record"), max_length=64, blank=True,
        help_text=_("Of a run: the hash that its signatures are bound to."),
    )  # fmt: skip
    data = models.ForeignKey(
        StoredFile, models.PROTECT, related_name="+", verbose_name=_("record that it was made from")
    )
    file = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("kept file"),
        help_text=_("Of long reports only; others are made again from their record."),
    )  # fmt: skip
    file_sha256 = models.CharField(_("SHA-256 of the file"), max_length=64)
    size = models.PositiveIntegerField(_("size in bytes"))
    made_with = models.CharField(
        _("made with"), max_length=120, help_text=_("Versions on which the bytes depend.")
    )
    watermark = models.CharField(_("watermark"), max_length=200)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("issued to")
    )
    issued_at = models.DateTimeField(_("issued at"))
    schedule = models.ForeignKey(
        "ReportSchedule", models.PROTECT, null=True, blank=True, related_name="issues",
        verbose_name=_("schedule"),
    )  # fmt: skip

    class Meta:
        verbose_name = _("issued report")
        verbose_name_plural = _("issued reports")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["file_sha256"], name="inspections_issue_file"),
            models.Index(fields=["issued_by", "-id"], name="inspections_issue_person"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(number__regex=NUMBER), name="inspections_issue_number_shape"),
            models.CheckConstraint(
                condition=Q(file_sha256__regex=SHA256), name="inspections_issue_has_a_hash"
            ),
            models.CheckConstraint(
                condition=Q(kind="run", run__isnull=False) | Q(kind="period", run=None),
                name="inspections_issue_of_a_run_names_it",
            ),
            models.CheckConstraint(condition=~Q(watermark=""), name="inspections_issue_names_a_person"),
        ]

    def __str__(self) -> str:
        return self.number


class ReportOrder(RecordedModel, Asked):
    """A report that takes the worker a while; it holds its number from the beginning."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Being made")
        READY = "ready", _("Ready")
        FAILED = "failed", pgettext_lazy("report", "Failed")

    number = models.CharField(_("report number"), max_length=24, unique=True)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.QUEUED)
    percent = models.PositiveSmallIntegerField(_("percent done"), default=0)
    trouble = models.TextField(_("what went wrong"), blank=True)
    ordered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("ordered by")
    )
    ordered_at = models.DateTimeField(_("ordered at"), db_default=Now(), editable=False)
    issue = models.OneToOneField(
        ReportIssue, models.PROTECT, null=True, blank=True, related_name="order", verbose_name=_("report")
    )

    class Meta:
        verbose_name = _("ordered report")
        verbose_name_plural = _("ordered reports")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(number__regex=NUMBER), name="inspections_order_number_shape"),
            models.CheckConstraint(
                condition=Q(state="ready", issue__isnull=False) | ~Q(state="ready") & Q(issue=None),
                name="inspections_order_ready_with_a_report",
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(trouble=""), name="inspections_order_failed_for_a_reason"
            ),
            models.CheckConstraint(condition=Q(percent__lte=100), name="inspections_order_percent"),
        ]

    def __str__(self) -> str:
        return self.number


class ReportSchedule(RecordedModel, Labelled):
    """A report that goes out by itself (定期报告): what, how often, to whom."""

    class Every(models.TextChoices):
        DAY = "day", _("Daily")
        WEEK = "week", _("Weekly")
        MONTH = "month", _("Monthly")

    class Covers(models.TextChoices):
        COMPLETE = "complete", _("The last complete period")
        SO_FAR = "so_far", _("The present period so far")

    class Delivery(models.TextChoices):
        ATTACHED = "attached", _("By mail, the file attached")
        LINK = "link", _("As a notice with a link")

    every = models.CharField(_("how often"), max_length=5, choices=Every.choices, default=Every.DAY)
    at = models.TimeField(_("at"), default=time(18))
    weekday = models.PositiveSmallIntegerField(
        _("day of the week"), default=1, choices=[
            (1, _("Monday")), (2, _("Tuesday")), (3, _("Wednesday")), (4, _("Thursday")), (5, _("Friday")),
            (6, _("Saturday")), (7, _("Sunday")),
        ],
    )  # fmt: skip
    monthday = models.PositiveSmallIntegerField(
        _("day of the month"), default=1, help_text=_("1 to 28: every month has it.")
    )
    time_zone = models.CharField(_("time zone"), max_length=64, default="Asia/Shanghai")
    covers = models.CharField(_("covers"), max_length=8, choices=Covers.choices, default=Covers.COMPLETE)
    client = models.CharField(_("client"), max_length=120, blank=True)
    site = models.ForeignKey(
        "cmdb.ConfigurationItem", models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("site"), help_text=_("A place: the report covers what stands in it."),
    )  # fmt: skip
    plan = models.ForeignKey(
        "InspectionPlan", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("plan")
    )
    has_all_rows = models.BooleanField(
        _("every row"), default=False, help_text=_("Also what was normal, not only what was not.")
    )
    language = models.CharField(_("language"), max_length=10, choices=LANGUAGES, default="zh-hans")
    format = models.CharField(
        _("file format"), max_length=4, default=Format.PDF,
        choices=[(Format.PDF, "PDF"), (Format.XLSX, "XLSX")],
    )  # fmt: skip
    delivery = models.CharField(
        _("delivery"), max_length=8, choices=Delivery.choices, default=Delivery.ATTACHED
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("looked after by")
    )
    is_enabled = models.BooleanField(_("enabled"), default=True)
    disabled_by = person(_("disabled by"), editable=False)
    disabled_reason = models.TextField(_("why it is disabled"), blank=True)
    counts_from_at = models.DateTimeField(_("sends what is due after"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("report schedule")
        verbose_name_plural = _("report schedules")
        ordering = ["label", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(weekday__range=(1, 7)) & Q(monthday__range=(1, 28)),
                name="inspections_schedule_day_exists",
                violation_error_message=_("Choose a day of the month from 1 to 28."),
            ),
            models.CheckConstraint(
                condition=Q(is_enabled=True) | (~Q(disabled_reason="") & Q(disabled_by__isnull=False)),
                name="inspections_schedule_disabled_by_somebody_for_a_reason",
            ),
        ]


class ReportRecipient(RecordedModel):
    """A person who gets the reports of one schedule."""

    schedule = models.ForeignKey(
        ReportSchedule, models.CASCADE, related_name="recipients", verbose_name=_("report schedule")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("person")
    )

    class Meta:
        verbose_name = _("recipient of reports")
        verbose_name_plural = _("recipients of reports")
        ordering = ["schedule", "id"]
        constraints = [
            models.UniqueConstraint(fields=["schedule", "user"], name="inspections_recipient_once")
        ]

    def __str__(self) -> str:
        return f"{self.user}"


class ReportSending(RecordedModel):
    """One report on its way to one person, once per schedule and moment."""

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("report", "Waiting")
        SENDING = "sending", _("On its way")
        SENT = "sent", _("Sent")
        FAILED = "failed", pgettext_lazy("report", "Failed")

    schedule = models.ForeignKey(
        ReportSchedule, models.PROTECT, related_name="sendings", verbose_name=_("report schedule")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("person")
    )
    slot_at = models.DateTimeField(_("due at"))
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    issue = models.ForeignKey(
        ReportIssue, models.PROTECT, null=True, blank=True, related_name="sendings", verbose_name=_("report")
    )
    trouble = models.TextField(_("what went wrong"), blank=True)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    tried_at = models.DateTimeField(_("last tried at"), null=True, blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)

    class Meta:
        verbose_name = _("sent report")
        verbose_name_plural = _("sent reports")
        ordering = ["-slot_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["schedule", "user", "slot_at"], name="inspections_sending_once_per_person_and_moment"
            ),
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(issue__isnull=False, sent_at__isnull=False),
                name="inspections_sending_sent_with_a_report",
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(trouble=""), name="inspections_sending_failed_for_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.schedule} · {self.user} · {self.slot_at:%Y-%m-%d}"
