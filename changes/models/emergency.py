"""Emergencies: who is on duty for a board, and the word of the second person who was there."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.recorded.models import RecordedModel
from changes.models.boards import Board
from changes.models.steps import ChangeEvent


class DutySpell(RecordedModel):
    """A time in which one person is on duty for a board (值班), from its start up to, without, its end."""

    board = models.ForeignKey(Board, models.PROTECT, related_name="duty_spells", verbose_name=_("board"))
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="duty_spells", verbose_name=_("person")
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    note = models.CharField(_("note"), max_length=200, blank=True, help_text=_("For example a phone number."))

    class Meta:
        verbose_name = _("spell of duty")
        verbose_name_plural = _("spells of duty")
        ordering = ["-starts_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(starts_at__lt=models.F("ends_at")),
                name="changes_dutyspell_starts_before_end",
            ),
            models.UniqueConstraint(
                fields=["board", "person", "starts_at"], name="changes_dutyspell_once_at_a_time"
            ),
        ]
        indexes = [models.Index(fields=["board", "ends_at"], name="changes_dutyspell_by_board")]

    def __str__(self) -> str:
        return f"{self.person} · {self.board}"


class PresenceConfirmation(RecordedModel):
    """The second person's own word that they were there when the glass was broken."""

    event = models.OneToOneField(
        ChangeEvent, models.PROTECT, related_name="presence", verbose_name=_("event")
    )
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("confirmed by")
    )
    confirmed_at = models.DateTimeField(_("confirmed"), db_default=models.functions.Now(), editable=False)

    class Meta:
        verbose_name = _("confirmation of presence")
        verbose_name_plural = _("confirmations of presence")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.confirmed_by} · {self.event}"
