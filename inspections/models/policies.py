"""How fast findings are answered and fixed, as data."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from audit.recorded.models import RecordedModel
from inspections.models.calendars import WorkCalendar
from inspections.models.templates import BAD_CHOICES


class FindingPolicy(RecordedModel):
    """What is promised for findings of one severity (seed 002: urgent within 2 hours, ordinary within 24).

    PostgreSQL reads it when a finding begins (sql/policy_v1.sql); a later edit moves no deadline that stands.
    """

    severity = models.CharField(_("severity"), max_length=8, choices=BAD_CHOICES, unique=True)
    response_minutes = models.PositiveIntegerField(_("answered within (minutes)"))
    fix_minutes = models.PositiveIntegerField(_("fixed within (minutes)"))
    calendar = models.ForeignKey(
        WorkCalendar, models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("work calendar"),
        help_text=_("Only working minutes count. Empty: the clock never stops."),
    )  # fmt: skip
    escalate_after_minutes = models.PositiveIntegerField(
        _("goes to the team after (minutes past the deadline)"), default=60
    )
    escalate_to_team = models.ForeignKey(
        "accounts.Team", models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("escalates to"),
        help_text=_("Empty: the reviewers of inspections."),
    )  # fmt: skip
    longest_risk_days = models.PositiveIntegerField(_("a risk is accepted for at most (days)"), default=180)

    class Meta:
        verbose_name = _("finding policy")
        verbose_name_plural = _("finding policies")
        ordering = ["severity"]
        constraints = [
            models.CheckConstraint(
                condition=Q(response_minutes__gt=0) & Q(response_minutes__lte=F("fix_minutes")),
                name="inspections_findingpolicy_answered_before_fixed",
                violation_error_message=_("A finding is answered before it is fixed."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.get_severity_display())
