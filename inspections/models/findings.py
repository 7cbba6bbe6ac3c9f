"""Findings: what was bad, until somebody else has seen it good again."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.labelled import Labelled, in_active_language
from audit.models import StoredFile
from audit.recorded.models import RecordedModel
from inspections.models.answers import Answer
from inspections.models.readings import Alert, MachineReading
from inspections.models.runs import person
from inspections.models.templates import BAD_CHOICES, TemplateItem
from inspections.querysets import FindingQuerySet
from inspections.workflow import FINDING_CLOSED, FINDING_RUNNING, FindingState


def evidence(model: type[models.Model], related_name: str, label: str) -> models.ForeignKey:
    """What a finding was seen in; kept for ever."""
    return models.ForeignKey(
        model, models.PROTECT, null=True, blank=True, related_name=related_name, verbose_name=label
    )


class Finding(RecordedModel, Labelled):
    """A problem (隐患) on one CI and item; at most one is open, repeats raise its count."""

    number = models.CharField(_("number"), max_length=16, unique=True, editable=False)
    ci = models.ForeignKey(
        "cmdb.ConfigurationItem", models.PROTECT, related_name="findings", verbose_name=_("CI")
    )
    item_key = models.CharField(_("key of the check item"), max_length=50)
    severity = models.CharField(_("severity"), max_length=8, choices=BAD_CHOICES)
    state = models.CharField(
        _("state"), max_length=16, choices=FindingState.choices, default=FindingState.OPEN
    )
    state_by = person(_("moved by"))
    state_comment = models.TextField(_("comment"), blank=True)
    first_answer = evidence(Answer, "findings_opened", _("first answer"))
    last_answer = evidence(Answer, "findings_repeated", _("last answer"))
    verified_answer = evidence(Answer, "findings_verified", _("answer that verified it"))
    first_reading = evidence(MachineReading, "findings_opened", _("first reading"))
    last_reading = evidence(MachineReading, "findings_repeated", _("last reading"))
    verified_reading = evidence(MachineReading, "findings_verified", _("reading that verified it"))
    alert = evidence(Alert, "findings_opened", _("first alert"))
    last_alert = evidence(Alert, "findings_repeated", _("last alert"))
    item = models.ForeignKey(
        TemplateItem, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("check item"),
        help_text=_("By whose bounds the readings were bad."),
    )  # fmt: skip
    count = models.PositiveIntegerField(_("times seen"), default=1)
    opened_at = models.DateTimeField(_("opened at"), default=timezone.now)
    response_due_at = models.DateTimeField(_("response due at"))
    due_at = models.DateTimeField(_("fix due at"))
    owner = person(_("owner"))
    acknowledged_at = models.DateTimeField(_("acknowledged at"), null=True, blank=True)
    fixed_at = models.DateTimeField(_("fixed at"), null=True, blank=True)
    fixed_by = person(_("fixed by"))
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    response_soon_at = models.DateTimeField(_("response soon due at"), null=True, blank=True, editable=False)
    fix_soon_at = models.DateTimeField(_("fix soon due at"), null=True, blank=True, editable=False)
    policy_used = models.JSONField(_("policy used"), default=dict, db_default={}, blank=True, editable=False)
    accepted_until_on = models.DateField(_("risk accepted until"), null=True, blank=True)
    accepted_by = person(_("risk accepted by"))
    duplicate_of = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="duplicates",
        verbose_name=_("duplicate of"),
    )
    change = models.ForeignKey(
        "changes.ChangeRequest", models.PROTECT, null=True, blank=True, related_name="findings",
        verbose_name=_("change request"),
    )  # fmt: skip
    repair = models.ForeignKey(
        "assets.Asset", models.PROTECT, null=True, blank=True, related_name="findings",
        verbose_name=_("asset in repair"),
    )  # fmt: skip

    objects = FindingQuerySet.as_manager()

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["state", "due_at"], name="inspections_finding_board"),
            models.Index(fields=["ci", "item_key", "opened_at"], name="inspections_finding_recurs"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["ci", "item_key"], condition=~Q(state__in=FINDING_CLOSED),
                name="inspections_finding_one_open_per_ci_and_item",
            ),
            models.CheckConstraint(
                condition=~Q(state="accepted_risk") | Q(accepted_until_on__isnull=False),
                name="inspections_finding_risk_accepted_until_a_day",
            ),
            models.CheckConstraint(
                condition=~Q(state="verified") | Q(verified_answer__isnull=False)
                | Q(verified_reading__isnull=False) | Q(alert__isnull=False),
                name="inspections_finding_verified_by_evidence",
            ),
            models.CheckConstraint(
                condition=Q(first_answer__isnull=False, last_answer__isnull=False)
                | Q(first_reading__isnull=False, last_reading__isnull=False, item__isnull=False)
                | Q(alert__isnull=False, last_alert__isnull=False),
                name="inspections_finding_begins_with_evidence",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.number} {super().__str__()}"

    @property
    def title(self) -> str:
        """What is wrong, in the reader's language, without the number."""
        return in_active_language(self.label, self.label_zh)

    @property
    def is_closed(self) -> bool:
        return self.state in FINDING_CLOSED

    @property
    def is_answered(self) -> bool:
        """Whether somebody took it on: the response clock has stopped."""
        return self.acknowledged_at is not None

    @property
    def next_due_at(self) -> datetime:
        """The deadline of the clock that runs now: response until somebody takes it on, then the fix."""
        return self.due_at if self.is_answered else min(self.response_due_at, self.due_at)

    @property
    def is_running(self) -> bool:
        """Whether a clock runs: not while a fix waits for its re-check or a risk is accepted."""
        return self.state in FINDING_RUNNING

    @property
    def is_overdue(self) -> bool:
        """Past the deadline of the clock that runs now."""
        return self.is_running and self.next_due_at < timezone.now()


class FindingEvent(RecordedModel):
    """One thing that happened to a finding; only PostgreSQL writes the kinds of `WRITTEN_BY_POSTGRESQL`.

    The others are written by actions, and PostgreSQL carries them out: a new owner, deadline, change or
    repair comes by no other way. `data` holds for each column [former, new].
    """

    class Kind(models.TextChoices):
        STEP = "step", _("Step")
        REPEAT = "repeat", _("Seen again")
        COMMENT = "comment", _("Comment")
        OWNER = "owner", _("New owner")
        DEADLINE = "deadline", _("New deadline")
        CHANGE = "change", _("Change linked")
        REPAIR = "repair", _("Sent to repair")
        RECHECK = "recheck", _("Re-check planned")
        ESCALATION = "escalation", _("Reminder")

    WRITTEN_BY_POSTGRESQL = (Kind.STEP, Kind.REPEAT)

    finding = models.ForeignKey(Finding, models.PROTECT, related_name="events", verbose_name=_("finding"))
    kind = models.CharField(
        _("kind"), max_length=10, choices=Kind.choices, default=Kind.STEP, db_default="step"
    )
    source_state = models.CharField(_("from"), max_length=16, choices=FindingState.choices, blank=True)
    target_state = models.CharField(_("to"), max_length=16, choices=FindingState.choices, blank=True)
    by = person(_("by"))
    comment = models.TextField(_("comment"), blank=True)
    data = models.JSONField(_("data"), default=dict, db_default={}, blank=True)
    answer = evidence(Answer, "+", _("inspection answer"))
    reading = evidence(MachineReading, "+", _("machine reading"))
    alert = evidence(Alert, "+", _("alert"))
    file = models.ForeignKey(
        StoredFile, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("file")
    )
    file_name = models.CharField(_("name of the file"), max_length=200, blank=True, db_default="")
    mark = models.CharField(_("mark"), max_length=80, blank=True, editable=False, db_default="")
    at = models.DateTimeField(_("at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("finding event")
        verbose_name_plural = _("finding events")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["finding", "mark"],
                condition=~Q(mark=""),
                name="inspections_findingevent_once_per_mark",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.finding_id}: {self.source_state} → {self.target_state}"
