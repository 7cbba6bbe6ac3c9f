"""The work as it really went: what deviated from the plan, and which criterion was breached when."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.recorded.models import RecordedModel
from changes.models.evidence import Criterion, CriterionResult
from changes.models.plan import PlanTask
from changes.models.request import ChangeRequest


class Deviation(RecordedModel):
    """One thing that was done otherwise than planned, or a call for the change manager; never edited."""

    class Nature(models.TextChoices):
        DEVIATION = "deviation", _("deviation")
        FORWARD_FIX = "forward_fix", _("forward fix asked for")

    change = models.ForeignKey(
        ChangeRequest, models.PROTECT, related_name="deviation_rows", verbose_name=_("change")
    )
    task = models.ForeignKey(
        PlanTask, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("task")
    )
    nature = models.CharField(_("nature"), max_length=12, choices=Nature.choices, default=Nature.DEVIATION)
    text = models.TextField(_("what was done otherwise"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )
    recorded_at = models.DateTimeField(_("recorded"), db_default=models.functions.Now(), editable=False)

    class Meta:
        verbose_name = _("deviation")
        verbose_name_plural = _("deviations")
        ordering = ["change", "id"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(text=""), name="changes_deviation_says_something")
        ]

    def __str__(self) -> str:
        return self.text[:80]


class CriterionBreach(RecordedModel):
    """One breach of a criterion, as OpsLedger found it: from the first bad value on; answered once."""

    class Answer(models.TextChoices):
        ROLLED_BACK = "rolled_back", _("rolled back by itself")
        PAGED = "paged", _("people were called")

    criterion = models.ForeignKey(
        Criterion, models.PROTECT, related_name="breaches", verbose_name=_("criterion")
    )
    first_result = models.OneToOneField(
        CriterionResult, models.PROTECT, related_name="breach", verbose_name=_("first bad value")
    )
    result = models.ForeignKey(
        CriterionResult, models.PROTECT, related_name="+", verbose_name=_("value that breached it")
    )
    answer = models.CharField(_("answer"), max_length=12, choices=Answer.choices)
    found_at = models.DateTimeField(_("found"), db_default=models.functions.Now(), editable=False)

    class Meta:
        verbose_name = _("breach of a criterion")
        verbose_name_plural = _("breaches of criteria")
        ordering = ["criterion", "id"]

    def __str__(self) -> str:
        return f"{self.criterion}: {self.result}"
