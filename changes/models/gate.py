"""What pipelines asked, and what they were told."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from changes.models.request import ChangeRequest


class GateDecision(models.TextChoices):
    """Whether a pipeline may go on; there is no third answer."""

    ALLOW = "allow", pgettext_lazy("gate", "Allowed")
    DENY = "deny", pgettext_lazy("gate", "Denied")


class GateAnswer(models.Model):
    """One question of a pipeline with the answer it got; append-only.

    `reasons` is [{"code", "message", "fix"}], empty when it was allowed; `change` the one that was judged.
    """

    asked_at = models.DateTimeField(_("asked"), db_default=Now())
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("asked by")
    )
    token_name = models.CharField(_("token"), max_length=80, blank=True)
    pipeline = models.CharField(_("pipeline"), max_length=200, blank=True)
    purpose = models.CharField(_("purpose"), max_length=10, blank=True)
    items = models.JSONField(_("items"), default=list)
    service = models.CharField(_("service"), max_length=300, blank=True)
    change_number = models.CharField(_("change asked for"), max_length=40, blank=True)
    environment = models.CharField(_("environment"), max_length=40, blank=True)
    artifact_sha256 = models.CharField(_("hash of the artifact"), max_length=64, blank=True)
    decision = models.CharField(_("decision"), max_length=5, choices=GateDecision.choices)
    change = models.ForeignKey(
        ChangeRequest, models.PROTECT, null=True, related_name="gate_answers", verbose_name=_("change")
    )
    reasons = models.JSONField(_("reasons"), default=list)
    expires_at = models.DateTimeField(_("valid until"), null=True)

    class Meta:
        verbose_name = _("answer of the gate")
        verbose_name_plural = _("answers of the gate")
        default_permissions = ("view",)
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(decision=GateDecision.DENY, expires_at=None)
                | models.Q(
                    decision=GateDecision.ALLOW,
                    expires_at__isnull=False,
                    change__isnull=False,
                    reasons=[],
                ),
                name="changes_gateanswer_allows_only_with_a_change",
            ),
        ]
        indexes = [
            models.Index(fields=["asked_by", "-asked_at"], name="changes_gateanswer_by_asker"),
            models.Index(fields=["decision", "-id"], name="changes_gateanswer_by_decision"),
        ]

    def __str__(self) -> str:
        return f"{self.get_decision_display()}: {self.pipeline}"
