"""Photos, and the operations by which phones send what was done without a connection."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.models import StoredFile
from audit.recorded.models import RecordedModel
from inspections.clock import WORTH_SHOWING, is_doubted
from inspections.models.runs import InspectionRun, RunTarget, person
from inspections.models.templates import TemplateItem
from inspections.querysets import EvidenceQuerySet


class Evidence(RecordedModel):
    """One photo of one item on one CI; taken back before submission at most, never changed.

    It belongs to target and item, not to an answer: it may arrive before the answer, or after.
    """

    run = models.ForeignKey(
        InspectionRun, models.PROTECT, related_name="photos", verbose_name=_("inspection run")
    )
    target = models.ForeignKey(
        RunTarget, models.PROTECT, related_name="photos", verbose_name=_("inspected CI")
    )
    item = models.ForeignKey(TemplateItem, models.PROTECT, related_name="+", verbose_name=_("check item"))
    file = models.ForeignKey(StoredFile, models.PROTECT, related_name="+", verbose_name=_("file"))
    name = models.CharField(_("file name"), max_length=200)
    media_type = models.CharField(_("type"), max_length=20)
    width = models.PositiveIntegerField(_("width"))
    height = models.PositiveIntegerField(_("height"))
    captured_at = models.DateTimeField(
        _("taken at"), help_text=_("The device's time, corrected by its measured skew.")
    )
    device = models.CharField(_("device"), max_length=64, blank=True)
    op = models.UUIDField(_("operation key"), default=uuid.uuid4, unique=True, editable=False)
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("taken by")
    )
    received_at = models.DateTimeField(_("received at (server)"), db_default=Now(), editable=False)
    withdrawn_by = person(_("taken back by"))
    withdrawn_at = models.DateTimeField(_("taken back at"), null=True, blank=True, editable=False)

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        ordering = ["target", "item", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(media_type__in=["image/jpeg", "image/png", "image/webp"])
                & Q(width__gte=1, height__gte=1),
                name="inspections_evidence_is_a_picture",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_by=None, withdrawn_at=None)
                | Q(withdrawn_by__isnull=False, withdrawn_at__isnull=False),
                name="inspections_evidence_withdrawn_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item} · {self.name}"


class SyncOp(models.Model):
    """One operation of a phone and what it was answered, kept for ever: sent again, it is answered the same.

    Written in the transaction of its effect. Append-only (audit.protect), so it has no history of its own.
    """

    class Kind(models.TextChoices):
        ANSWER = "answer", _("Answer")
        ALL_GOOD = "all_good", _("A section all normal")
        TARGET = "target", _("CI marked")
        PHOTO = "photo", _("Photo")
        WITHDRAW = "withdraw", _("Photo taken back")
        SUBMIT = "submit", _("Submission")

    class Status(models.IntegerChoices):
        DONE = 201, pgettext_lazy("operation", "Done")
        REFUSED = 409, pgettext_lazy("operation", "Refused")
        UNFIT = 422, pgettext_lazy("operation", "Did not fit")

    key = models.UUIDField(_("operation key"), primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("user")
    )
    run = models.ForeignKey(
        InspectionRun, models.PROTECT, related_name="operations", verbose_name=_("inspection run")
    )
    device = models.CharField(_("device"), max_length=64, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    body_sha256 = models.CharField(_("SHA-256 of the operation"), max_length=64)
    made_at = models.DateTimeField(_("done at (by the device)"))
    clock_skew_seconds = models.IntegerField(_("the device's clock is behind by (seconds)"))
    status = models.PositiveSmallIntegerField(_("answered with"), choices=Status.choices)
    response = models.JSONField(_("answer of the server"))
    received_at = models.DateTimeField(_("received at (server)"), db_default=Now(), editable=False)

    class Meta:
        default_permissions = ("view",)
        verbose_name = _("sent operation")
        verbose_name_plural = _("sent operations")
        ordering = ["-received_at", "key"]
        indexes = [
            models.Index(fields=["user", "-received_at"], name="inspections_syncop_of_user"),
            models.Index(fields=["-received_at", "key"], name="inspections_syncop_recent"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=[201, 409, 422]), name="inspections_syncop_was_answered"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.key}"

    @property
    def is_doubted(self) -> bool:
        """Whether the run it submitted counts as of its receipt: the device's time could not be true."""
        return is_doubted(self.run.completed_at, self.made_at, self.clock_skew_seconds)

    @property
    def is_clock_corrected(self) -> bool:
        """Whether the device's clock was off by so much that its own time is told too."""
        return abs(self.clock_skew_seconds) > WORTH_SHOWING.total_seconds()
