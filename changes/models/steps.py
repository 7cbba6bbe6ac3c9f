"""Every step a change took, and the table of steps as PostgreSQL knows it."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.recorded.differences import deed_in_words
from audit.recorded.models import RecordedModel
from changes.models.proof import Proved
from changes.models.request import ChangeRequest
from changes.workflow import Kind, Outcome, State


def _words() -> ArrayField:
    return ArrayField(models.CharField(max_length=30), default=list)


class StepRule(models.Model):
    """One row of changes.workflow.STEPS, as the gate in PostgreSQL reads it; written by migrations alone."""

    event = models.CharField(max_length=30)
    source = models.CharField(max_length=14)
    target = models.CharField(max_length=14)
    kinds = _words()
    who = _words()
    apart = _words()
    apart_if_high = _words()
    decides = models.CharField(max_length=10, blank=True)
    opens = models.CharField(max_length=8, blank=True)
    binds = models.BooleanField(default=False)
    unchanged = models.BooleanField(default=False)
    outcomes = _words()
    on_hold = models.CharField(max_length=4, default="no")
    needs_comment = models.BooleanField(default=False)
    effects = _words()

    class Meta:
        verbose_name = _("rule of a step")
        verbose_name_plural = _("rules of steps")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["event", "source", "kinds"], name="changes_steprule_once")
        ]

    def __str__(self) -> str:
        return f"{self.event}: {self.source} → {self.target}"


class ChangeEvent(RecordedModel, Proved):
    """One step that a change took. Inserting it is the only way to move a change; it is never edited.

    PostgreSQL fills seq, kind, source, target, plan_hash and the time, whatever was sent.
    """

    change = models.ForeignKey(ChangeRequest, models.PROTECT, related_name="events", verbose_name=_("change"))
    seq = models.PositiveIntegerField(_("number"), default=0, editable=False)
    event = models.CharField(_("event"), max_length=30)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, blank=True, editable=False)
    source = models.CharField(_("from"), max_length=14, choices=State.choices, blank=True)
    target = models.CharField(_("to"), max_length=14, choices=State.choices, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="change_events",
        verbose_name=_("by"),
        help_text=_("Empty: OpsLedger itself."),
    )
    comment = models.TextField(_("comment"), blank=True)
    outcome = models.CharField(_("outcome"), max_length=24, choices=Outcome.choices, blank=True)
    data = models.JSONField(_("input"), default=dict, blank=True)
    guard_results = models.JSONField(_("what the guards saw"), default=dict, blank=True)
    plan_hash = models.CharField(_("hash of the plan"), max_length=64, blank=True, editable=False)
    happened_at = models.DateTimeField(_("at"), db_default=models.functions.Now(), editable=False)

    class Meta:
        verbose_name = _("event of a change")
        verbose_name_plural = _("events of changes")
        ordering = ["change", "-seq"]
        constraints = [models.UniqueConstraint(fields=["change", "seq"], name="changes_changeevent_seq_once")]

    def __str__(self) -> str:
        return f"{self.seq}. {deed_in_words(self.event)}"
