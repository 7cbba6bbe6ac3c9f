"""What was seen, who vouches for it, and what was corrected afterwards."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.step_up import Strength
from audit.recorded.models import RecordedModel
from inspections.clock import WORTH_SHOWING, is_doubted
from inspections.models.runs import InspectionRun, RunTarget, person
from inspections.models.templates import TemplateItem
from inspections.querysets import AmendmentQuerySet, AnswerQuerySet
from inspections.severity import Severity


def label_of(row: Amendment | Answer) -> str:
    """What was entered or proposed, as text."""
    if row.is_na:
        return str(Severity.NA.label)
    if row.value_number is not None:
        return f"{row.value_number.normalize():f}"
    return row.value_choice or row.value_text


class Amendment(RecordedModel):
    """A correction after sign-off: one person proposes it, a reviewer without a part in the run decides.

    The original answer stays; approved, a new one supersedes it. `answer` is the one that was current when it
    was proposed; it is never decided for another (as ODK's `deprecatedID`). PostgreSQL lets only the decision
    be written, once.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Waits for a decision")
        APPROVED = "approved", pgettext_lazy("decision", "Approved")
        REFUSED = "refused", _("Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    answer = models.ForeignKey(
        "Answer", models.PROTECT, related_name="amendments", verbose_name=_("original answer")
    )
    value_number = models.DecimalField(
        _("numeric value"), max_digits=18, decimal_places=6, null=True, blank=True
    )
    value_choice = models.CharField(_("choice"), max_length=60, blank=True)
    value_text = models.TextField(_("text"), blank=True)
    is_na = models.BooleanField(_("not applicable"), default=False)
    comment = models.TextField(_("comment"), blank=True)
    reason = models.TextField(_("reason"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("proposed by")
    )
    at = models.DateTimeField(_("proposed at"), db_default=Now(), editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.PROPOSED)
    decided_by = person(_("decided by"))
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True, editable=False)
    decision_comment = models.TextField(_("why so"), blank=True)

    objects = AmendmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("amendment")
        verbose_name_plural = _("amendments")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["answer"], condition=Q(state__in=["proposed", "approved"]),
                name="inspections_amendment_once_per_answer",
                violation_error_message=_("This answer has an amendment already."),
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="inspections_amendment_has_a_reason"),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_by__isnull=True, decided_at__isnull=True)
                | ~Q(state="proposed") & Q(decided_by__isnull=False, decided_at__isnull=False),
                name="inspections_amendment_decided_by_somebody",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.answer_id} · {self.by}"

    @property
    def value_label(self) -> str:
        """The proposed value as text, without trailing zeros."""
        return label_of(self)


class Answer(RecordedModel):
    """One answer to one item on one target; PostgreSQL grades it and keeps the bounds it used."""

    class Source(models.TextChoices):
        HUMAN = "human", _("Entered by a person")
        MACHINE = "machine", _("Machine")
        CONFIRMED = "confirmed", _("Machine, confirmed by a person")

    target = models.ForeignKey(
        RunTarget, models.PROTECT, related_name="answers", verbose_name=_("inspected CI")
    )
    item = models.ForeignKey(
        TemplateItem, models.PROTECT, related_name="answers", verbose_name=_("check item")
    )
    ci = models.ForeignKey("cmdb.ConfigurationItem", models.PROTECT, related_name="+", verbose_name=_("CI"))
    item_key = models.CharField(_("key of the check item"), max_length=50, editable=False)
    is_current = models.BooleanField(_("current"), default=True)
    value_number = models.DecimalField(
        _("numeric value"), max_digits=18, decimal_places=6, null=True, blank=True
    )
    value_choice = models.CharField(_("choice"), max_length=60, blank=True)
    value_text = models.TextField(_("text"), blank=True)
    is_na = models.BooleanField(_("not applicable"), default=False)
    severity = models.CharField(_("severity"), max_length=8, choices=Severity.choices, editable=False)
    bounds_used = models.JSONField(_("bounds used"), default=dict, editable=False)
    source = models.CharField(
        _("source of the value"), max_length=10, choices=Source.choices, default=Source.HUMAN
    )
    reading = models.ForeignKey(
        "MachineReading", models.PROTECT, null=True, blank=True, related_name="answers",
        verbose_name=_("machine reading"), help_text=_("Confirmed, or overridden with a comment."),
    )  # fmt: skip
    comment = models.TextField(_("comment"), blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("entered by")
    )
    observed_at = models.DateTimeField(
        _("observed at"),
        default=timezone.now,
        help_text=_("The device's time, corrected by its measured skew."),
    )
    device_at = models.DateTimeField(_("time on the device"), null=True, blank=True, editable=False)
    clock_skew_seconds = models.IntegerField(
        _("the device's clock is behind by (seconds)"), null=True, blank=True, editable=False
    )
    device = models.CharField(_("device"), max_length=64, blank=True, editable=False)
    received_at = models.DateTimeField(_("received at (server)"), db_default=Now(), editable=False)
    dwell_seconds = models.PositiveIntegerField(_("seconds on the card"), null=True, blank=True)
    together = models.UUIDField(
        _("given together"), null=True, blank=True, editable=False,
        help_text=_("The operation that declared a whole section normal at once."),
    )  # fmt: skip
    op = models.UUIDField(_("operation key"), default=uuid.uuid4, unique=True, editable=False)
    op_sha256 = models.CharField(_("SHA-256 of the operation"), max_length=64, blank=True, editable=False)
    supersedes = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="superseded_by",
        verbose_name=_("supersedes"),
    )
    amendment = models.OneToOneField(
        Amendment,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="new_answer",
        verbose_name=_("amendment"),
    )

    objects = AnswerQuerySet.as_manager()

    class Meta:
        verbose_name = _("inspection answer")
        verbose_name_plural = _("inspection answers")
        ordering = ["target", "id"]
        indexes = [
            models.Index(fields=["ci", "item_key", "-observed_at"], name="inspections_answer_trend"),
            models.Index(  # one in three hundred: reports and the heat map ask for nothing else
                fields=["target"], name="inspections_answer_not_good",
                condition=Q(is_current=True, severity__in=["crit", "warn", "unknown"]),
            ),
        ]  # fmt: skip
        constraints = [
            models.UniqueConstraint(
                fields=["target", "item"], condition=Q(is_current=True), name="inspections_answer_one_current"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_key}: {self.value_label}"

    @property
    def is_time_doubted(self) -> bool:
        """Whether the device's time could not be true, and the receipt counts in its place."""
        return is_doubted(self.observed_at, self.device_at, self.clock_skew_seconds)

    @property
    def is_clock_corrected(self) -> bool:
        """Whether the device's clock was off by so much that its own time is told too."""
        return abs(self.clock_skew_seconds or 0) > WORTH_SHOWING.total_seconds()

    @property
    def arrived_later(self) -> bool:
        """Whether it was received so long after it was observed that both times are told."""
        return self.received_at - self.observed_at > WORTH_SHOWING

    @property
    def value_label(self) -> str:
        """The value as text, without trailing zeros."""
        return label_of(self)


class Signature(RecordedModel):
    """A person vouches for a run's record, bound to its hash; never changed, never deleted."""

    class Role(models.TextChoices):
        INSPECTOR = "inspector", _("Inspector")
        REVIEWER = "reviewer", _("Reviewer")

    run = models.ForeignKey(
        InspectionRun, models.PROTECT, related_name="signatures", verbose_name=_("inspection run")
    )
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    by = person(_("by"))
    method = models.CharField(
        _("proved by"), max_length=20, choices=Strength.choices, default=Strength.SESSION.value
    )
    proved_at = models.DateTimeField(_("last proved"), null=True, blank=True)
    token_id = models.BigIntegerField(_("number of the API token"), null=True, blank=True)
    is_bulk = models.BooleanField(_("signed together with others"), default=False, db_default=False)
    comment = models.TextField(_("comment"), blank=True)
    signed_at = models.DateTimeField(_("signed at"), db_default=Now(), editable=False)
    record_sha256 = models.CharField(_("SHA-256 of the record"), max_length=64)

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(by__isnull=False), name="inspections_signature_by_somebody")
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()}: {self.by}"
