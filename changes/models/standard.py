"""Standard changes: templates in versions, and the votes of the board that approve them."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.labelled import Labelled
from audit.recorded.models import RecordedModel
from changes.standard import content_faults


class StandardTemplate(RecordedModel, Labelled):
    """One version of a pre-approved kind of change (ITIL 4, "standard change").

    `parameters` is {name: {"kind", "label", "label_zh", "required", …}}; `skeleton` the plan with {name}
    where a parameter goes (changes.standard says both). An approved version never changes; it is approved by
    the votes of its board, and suspended when its changes fail. PostgreSQL keeps all of that.
    """

    key = models.SlugField(_("key"), max_length=60)
    version = models.PositiveIntegerField(_("version"), default=1)
    description = models.TextField(_("description"), blank=True)
    parameters = models.JSONField(_("parameters"), default=dict, blank=True)
    scope_types = models.JSONField(
        _("types in scope"),
        default=list,
        blank=True,
        help_text=_('Keys of CI types, as ["host"]; empty: none.'),
    )
    scope_environments = models.JSONField(
        _("environments in scope"),
        default=list,
        blank=True,
        help_text=_('As ["staging", "test"]; empty: every one.'),
    )
    scope_filter = models.JSONField(
        _("filter of the items in scope"),
        default=dict,
        blank=True,
        help_text=_('As {"criticality_max": 2, "owner_team": "unix", "name_prefix": "web-"}.'),
    )
    skeleton = models.JSONField(_("skeleton of the plan"), default=dict, blank=True)
    board = models.ForeignKey(
        "changes.Board",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("board"),
        help_text=_("Whose members approve it; empty: the change advisory board."),
    )
    approvals_needed = models.PositiveSmallIntegerField(_("approvals needed"), default=2)
    suspend_after_failures = models.PositiveSmallIntegerField(_("suspended after failures"), default=1)
    suspend_within_days = models.PositiveSmallIntegerField(_("failures counted within, in days"), default=90)
    copied_from = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("made from")
    )
    proposed_at = models.DateTimeField(_("proposed"), null=True, blank=True, editable=False)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("proposed by"),
    )
    ballot = models.PositiveIntegerField(_("ballot"), default=0, editable=False)
    turned_down = models.TextField(_("turned down because"), blank=True, editable=False)
    content_hash = models.CharField(_("hash of the content"), max_length=64, blank=True, editable=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("approved by"),
    )
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True, editable=False)
    is_active = models.BooleanField(_("active"), default=False)
    has_auto_verify = models.BooleanField(_("verified by machine"), default=False)
    suspended_reason = models.CharField(_("why suspended"), max_length=200, blank=True, editable=False)
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("standard change template")
        verbose_name_plural = _("standard change templates")
        ordering = ["key", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["key", "version"], name="changes_standardtemplate_version_once"),
            models.CheckConstraint(
                condition=models.Q(is_active=False) | models.Q(approved_at__isnull=False),
                name="changes_standardtemplate_active_only_when_approved",
            ),
            models.CheckConstraint(
                condition=models.Q(approvals_needed__gte=1),
                name="changes_standardtemplate_needs_one_at_least",
            ),
            models.CheckConstraint(
                condition=models.Q(suspend_after_failures__gte=1),
                name="changes_standardtemplate_suspended_after_one_at_least",
            ),
        ]

    def clean(self) -> None:
        """Raises ValidationError by field for content that could not be used."""
        if self.is_active and self.suspended_reason:
            words = _("A suspended template is used again only after a new approval.")
            raise ValidationError({"is_active": words})
        if faults := content_faults(self):
            raise ValidationError(faults)

    @property
    def state(self) -> str:
        """draft, proposed, active, idle (switched off), suspended or retired."""
        if self.retired_at:
            return "retired"
        if self.proposed_at:
            return "proposed"
        if self.suspended_reason:
            return "suspended"
        return "active" if self.is_active else "idle" if self.approved_at else "draft"


class TemplateVote(RecordedModel):
    """One board member's word on one version of a template, in one ballot; never edited."""

    class Choice(models.TextChoices):
        APPROVE = "approve", _("approve")
        REJECT = "reject", _("reject")

    template = models.ForeignKey(
        StandardTemplate, models.PROTECT, related_name="votes", verbose_name=_("template")
    )
    ballot = models.PositiveIntegerField(_("ballot"), default=0)
    voter = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("voter")
    )
    choice = models.CharField(_("vote"), max_length=8, choices=Choice.choices)
    comment = models.TextField(_("comment"), blank=True)
    content_hash = models.CharField(_("hash of the content"), max_length=64)
    cast_at = models.DateTimeField(_("cast"), db_default=models.functions.Now(), editable=False)

    class Meta:
        verbose_name = _("vote on a template")
        verbose_name_plural = _("votes on templates")
        ordering = ["template", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["template", "ballot", "voter"], name="changes_templatevote_one_per_person"
            ),
            models.CheckConstraint(
                condition=models.Q(choice__in=["approve", "reject"]),
                name="changes_templatevote_choice_exists",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.voter}: {self.get_choice_display()}"
