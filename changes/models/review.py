"""What is learned from a change: the incidents it caused, and what was agreed to do about it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.recorded.models import RecordedModel
from changes.models.request import ChangeRequest, IncidentPriority


class CausedIncident(RecordedModel):
    """One incident that a change caused, by its reference in the incident system."""

    change = models.ForeignKey(
        ChangeRequest, models.PROTECT, related_name="incidents", verbose_name=_("change")
    )
    reference = models.CharField(_("reference"), max_length=80, help_text=_("For example INC-2041."))
    severity = models.CharField(
        _("severity"), max_length=2, choices=IncidentPriority.choices, default=IncidentPriority.P3
    )
    note = models.TextField(_("note"), blank=True)
    link = models.URLField(_("link"), blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )
    recorded_at = models.DateTimeField(_("recorded"), db_default=models.functions.Now(), editable=False)

    class Meta:
        verbose_name = _("incident caused by a change")
        verbose_name_plural = _("incidents caused by changes")
        ordering = ["change", "id"]
        constraints = [
            models.UniqueConstraint(fields=["change", "reference"], name="changes_causedincident_once"),
            models.CheckConstraint(
                condition=models.Q(severity__in=IncidentPriority.values) & ~models.Q(reference=""),
                name="changes_causedincident_has_reference_and_severity",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} · {self.get_severity_display()}"


class ReviewAction(RecordedModel):
    """One thing agreed in a post-implementation review: who does it, and by when."""

    change = models.ForeignKey(
        ChangeRequest, models.PROTECT, related_name="review_actions", verbose_name=_("change")
    )
    text = models.CharField(_("what is to be done"), max_length=300)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="review_actions", verbose_name=_("who does it")
    )
    due_on = models.DateField(_("done by"))
    agreed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("agreed by")
    )
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("done by whom"),
    )
    done_note = models.TextField(_("how it was done"), blank=True)

    class Meta:
        verbose_name = _("action of a review")
        verbose_name_plural = _("actions of reviews")
        ordering = ["due_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(done_at__isnull=True, done_by__isnull=True)
                | models.Q(done_at__isnull=False, done_by__isnull=False),
                name="changes_reviewaction_done_by_somebody",
            ),
            models.CheckConstraint(
                condition=~models.Q(text=""), name="changes_reviewaction_says_what_is_to_be_done"
            ),
        ]
        indexes = [models.Index(fields=["owner", "due_on"], name="changes_reviewaction_by_owner")]

    def __str__(self) -> str:
        return self.text

    @property
    def is_overdue(self) -> bool:
        """Past its date and not done."""
        return self.done_at is None and self.due_on < timezone.localdate()


# What a post-implementation review asks: key and question; the answers stand on the change by key.
REVIEW_QUESTIONS: tuple[tuple[str, str | Promise], ...] = (
    ("goal", _("Was the goal reached, and how do we know?")),
    ("plan", _("Where did the work differ from the plan, in steps, time or people?")),
    ("tests", _("What did the tests not show?")),
    ("rollback", _("Would the way back have worked, or did it?")),
    ("impact", _("Who noticed it, and were they told before?")),
    ("next_time", _("What do we do otherwise next time?")),
)
