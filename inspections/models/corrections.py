"""Corrections of the CMDB that inspections propose, with what was seen."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.recorded.models import RecordedModel
from inspections.models.answers import Answer
from inspections.models.evidence import Evidence
from inspections.models.runs import person
from inspections.querysets import CorrectionQuerySet
from inspections.workflow import CorrectionState


class CorrectionProposal(RecordedModel):
    """An answer that differs from the record of its CI (台账更正建议): what stood there, what was seen.

    Somebody other than who answered accepts or refuses it; a later answer about the same field supersedes it.
    """

    answer = models.OneToOneField(
        Answer, models.PROTECT, related_name="correction", verbose_name=_("inspection answer")
    )
    ci = models.ForeignKey(
        "cmdb.ConfigurationItem", models.PROTECT, related_name="corrections", verbose_name=_("CI")
    )
    field = models.CharField(_("field of the CI"), max_length=80)
    was = models.JSONField(pgettext_lazy("value", "recorded"), null=True, blank=True)
    seen = models.JSONField(_("seen"), null=True, blank=True)
    evidence = models.ForeignKey(
        Evidence, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("photo")
    )
    state = models.CharField(
        _("state"), max_length=10, choices=CorrectionState.choices, default=CorrectionState.PROPOSED
    )
    proposed_at = models.DateTimeField(_("proposed at"), db_default=Now(), editable=False)
    decided_by = person(_("decided by"))
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True, editable=False)
    comment = models.TextField(_("comment"), blank=True)
    change = models.ForeignKey(
        "changes.ChangeRequest", models.PROTECT, null=True, blank=True, related_name="corrections",
        verbose_name=_("change request"),
    )  # fmt: skip

    objects = CorrectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("correction proposal")
        verbose_name_plural = _("correction proposals")
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "-id"], name="inspections_correction_list")]
        constraints = [
            models.UniqueConstraint(
                fields=["ci", "field"], condition=Q(state="proposed"), name="inspections_correction_one_open"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["accepted", "refused"])
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="inspections_correction_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state="refused") | ~Q(comment=""),
                name="inspections_correction_refused_with_a_word",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.ci}: {self.key}"

    @property
    def key(self) -> str:
        """The field without its place: "serial", or the key of the attribute."""
        return self.field.removeprefix("attributes.")

    @property
    def as_fields(self) -> dict[str, Any]:
        """What is to be written, as the CMDB's bulk update takes it."""
        return {"serial": self.seen} if self.field == "serial" else {"attributes": {self.key: self.seen}}
