"""Thresholds of one CI that differ from those of its check list, for a time and with somebody's approval."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.recorded.models import RecordedModel
from inspections.models.runs import person
from inspections.models.templates import ChecklistTemplate, bound, disordered
from inspections.querysets import OverrideQuerySet
from inspections.workflow import OverrideState


class ThresholdOverride(RecordedModel):
    """Other bounds for one item on one CI (阈值例外): they take the place of all four of the check list's.

    In force on the days from `valid_from_on` to `valid_until_on`, once somebody other than who asked has
    approved it, and until it is withdrawn; of several in force the one approved last counts.
    """

    template = models.ForeignKey(
        ChecklistTemplate, models.PROTECT, related_name="overrides", verbose_name=_("check list")
    )
    item_key = models.CharField(_("key of the check item"), max_length=50)
    ci = models.ForeignKey(
        "cmdb.ConfigurationItem", models.PROTECT, related_name="threshold_overrides", verbose_name=_("CI")
    )
    crit_low = bound(_("critical at or below"))
    warn_low = bound(_("warning at or below"))
    warn_high = bound(_("warning at or above"))
    crit_high = bound(_("critical at or above"))
    reason = models.TextField(_("reason"))
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("requested by")
    )
    requested_at = models.DateTimeField(_("requested at"), db_default=Now(), editable=False)
    valid_from_on = models.DateField(_("valid from"), default=timezone.localdate)
    valid_until_on = models.DateField(_("valid until"))
    approved_by = person(_("approved by"), editable=False)
    approved_at = models.DateTimeField(_("approved at"), null=True, blank=True, editable=False)
    refused_by = person(_("refused by"), editable=False)
    refused_at = models.DateTimeField(_("refused at"), null=True, blank=True, editable=False)
    decision_comment = models.TextField(_("comment on the decision"), blank=True, editable=False)
    withdrawn_by = person(_("withdrawn by"), editable=False)
    withdrawn_on = models.DateField(_("withdrawn on"), null=True, blank=True, editable=False)
    withdrawn_reason = models.TextField(_("why it was withdrawn"), blank=True, editable=False)

    objects = OverrideQuerySet.as_manager()

    class Meta:
        verbose_name = _("threshold override")
        verbose_name_plural = _("threshold overrides")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["ci", "item_key"], name="inspections_override_in_force",
                condition=Q(approved_at__isnull=False),
            ),
        ]  # fmt: skip
        constraints = [
            models.UniqueConstraint(
                fields=["template", "item_key", "ci"], name="inspections_override_one_waiting",
                condition=Q(approved_at=None, refused_at=None, withdrawn_on=None),
            ),
            models.CheckConstraint(
                condition=~Q(crit_low=None, warn_low=None, warn_high=None, crit_high=None),
                name="inspections_override_has_a_bound",
            ),
            models.CheckConstraint(
                condition=~Q(crit_low__gt=F("warn_low"))
                & ~Q(warn_low__gte=F("warn_high"))
                & ~Q(warn_high__gt=F("crit_high"))
                & ~Q(crit_low__gte=F("crit_high"))
                & ~Q(crit_low__gte=F("warn_high"))
                & ~Q(warn_low__gte=F("crit_high")),
                name="inspections_override_bounds_in_order",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="inspections_override_for_a_reason"),
            models.CheckConstraint(
                condition=Q(valid_until_on__gte=F("valid_from_on")),
                name="inspections_override_ends_after_start"
            ),
            models.CheckConstraint(
                condition=~Q(approved_by=F("requested_by")), name="inspections_override_approved_by_another"
            ),
            models.CheckConstraint(
                condition=Q(approved_at__isnull=True, approved_by__isnull=True)
                | Q(approved_at__isnull=False, approved_by__isnull=False),
                name="inspections_override_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(refused_at__isnull=True, refused_by__isnull=True)
                | Q(refused_at__isnull=False, refused_by__isnull=False, approved_at=None),
                name="inspections_override_approved_or_refused",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_on__isnull=True, withdrawn_by__isnull=True)
                | Q(withdrawn_on__isnull=False, withdrawn_by__isnull=False) & ~Q(withdrawn_reason=""),
                name="inspections_override_withdrawn_by_somebody",
            ),
        ]  # fmt: skip

    def clean(self) -> None:
        """Says what PostgreSQL would refuse, in words and at its field."""
        faults: dict[str, str] = disordered(self)
        if all(getattr(self, name) is None for name in ("crit_low", "warn_low", "warn_high", "crit_high")):
            faults["warn_high"] = _("Name at least one threshold.")
        if self.valid_until_on and self.valid_from_on and self.valid_until_on < self.valid_from_on:
            faults["valid_until_on"] = _("It ends before it begins.")
        if faults:
            raise ValidationError(faults)

    def __str__(self) -> str:
        return f"{self.item_key} · {self.ci}"

    def state_on(self, day: date) -> str:
        """Waiting, approved but not yet begun, in force, expired, refused or withdrawn on that day."""
        if self.refused_at:
            return OverrideState.REFUSED
        if self.withdrawn_on and (self.withdrawn_on <= day or not self.approved_at):
            return OverrideState.WITHDRAWN
        if self.valid_until_on < day:
            return OverrideState.EXPIRED
        if not self.approved_at:
            return OverrideState.WAITING
        return OverrideState.ACTIVE if self.valid_from_on <= day else OverrideState.COMING

    @property
    def state(self) -> str:
        """Its state today."""
        return self.state_on(timezone.localdate())
