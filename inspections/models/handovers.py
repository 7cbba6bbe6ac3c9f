"""Hand-overs: how a run came into whose hands."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.recorded.models import RecordedModel
from inspections.models.runs import InspectionRun, person
from inspections.models.shifts import RosterEntry


class RunHandover(RecordedModel):
    """A run passed into other hands (交接): PostgreSQL moves the run's people with this row alone."""

    class Kind(models.TextChoices):
        CLAIM = "claim", pgettext_lazy("inspection run", "Taken")
        RELEASE = "release", _("Given back")
        REASSIGN = "reassign", _("Handed over")
        ROTA = "rota", _("By the rota")

    run = models.ForeignKey(
        InspectionRun, models.PROTECT, related_name="handovers", verbose_name=_("inspection run")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    role = models.CharField(
        _("duty"), max_length=1, choices=RosterEntry.Role.choices, default=RosterEntry.Role.A
    )
    former = person(_("before"), editable=False)
    taken_by = person(_("after"))
    by = person(_("by"))
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    at = models.DateTimeField(_("at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("hand-over")
        verbose_name_plural = _("hand-overs")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["claim", "rota"]) | ~Q(reason=""),
                name="inspections_handover_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(kind="rota") | Q(by__isnull=False), name="inspections_handover_by_somebody"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run} → {self.taken_by or '–'}"
