"""What people ask and answer about a change, and when a voter began to read it; never edited."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.recorded.models import RecordedModel
from changes.models.request import ChangeRequest
from changes.models.votes import RoundSeat


class Remark(RecordedModel):
    """One question, answer or note about a change; append-only."""

    class Kind(models.TextChoices):
        QUESTION = "question", _("question")
        ANSWER = "answer", _("answer")
        NOTE = "note", _("note")

    change = models.ForeignKey(
        ChangeRequest, models.PROTECT, related_name="remarks", verbose_name=_("change")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.NOTE)
    answers = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="replies", verbose_name=_("answer to")
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="change_remarks", verbose_name=_("author")
    )
    text = models.TextField(_("text"))
    mentions = ArrayField(
        models.BigIntegerField(), default=list, blank=True, verbose_name=_("people mentioned")
    )
    written_at = models.DateTimeField(_("written"), db_default=models.functions.Now(), editable=False)

    class Meta:
        verbose_name = _("remark on a change")
        verbose_name_plural = _("remarks on changes")
        ordering = ["change", "id"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(text=""), name="changes_remark_says_something"),
            models.CheckConstraint(
                condition=models.Q(kind="answer", answers__isnull=False)
                | ~models.Q(kind="answer") & models.Q(answers__isnull=True),
                name="changes_remark_answer_has_a_question",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.author}: {self.text[:60]}"


class RoundReading(RecordedModel):
    """When a voter first opened the change of a round, for telling a judgement from a rubber stamp.

    Written by the page's own script with POST; the clock is PostgreSQL's. Append-only.
    """

    seat = models.ForeignKey(RoundSeat, models.PROTECT, related_name="readings", verbose_name=_("seat"))
    reader = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("reader")
    )
    first_opened_at = models.DateTimeField(
        _("first opened"), db_default=models.functions.Now(), editable=False
    )

    class Meta:
        verbose_name = _("reading of a change")
        verbose_name_plural = _("readings of changes")
        ordering = ["seat", "id"]
        constraints = [
            models.UniqueConstraint(fields=["seat", "reader"], name="changes_roundreading_first_only")
        ]

    def __str__(self) -> str:
        return str(self.reader)
