"""Meetings of a board: what was on the agenda, who was there, what was said; kept as it was once ended."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import URLValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.recorded.models import RecordedModel
from changes.models.boards import Board
from changes.models.request import ChangeRequest


class BoardMeeting(RecordedModel):
    """One meeting of one board. PostgreSQL lets nothing of it be edited once it has ended.

    `minutes_sha256` names the minutes as a kept file (audit.StoredFile).
    """

    class State(models.TextChoices):
        PLANNED = "planned", pgettext_lazy("meeting", "planned")
        OPEN = "open", pgettext_lazy("meeting", "going on")
        ENDED = "ended", pgettext_lazy("meeting", "ended")

    board = models.ForeignKey(Board, models.PROTECT, related_name="meetings", verbose_name=_("board"))
    starts_at = models.DateTimeField(_("begins"))
    place = models.CharField(_("place"), max_length=120, blank=True)
    link = models.CharField(
        _("link to the call"),
        max_length=300,
        blank=True,
        validators=[URLValidator(schemes=["http", "https"])],
    )
    state = models.CharField(
        _("state"), max_length=8, choices=State.choices, default=State.PLANNED, editable=False
    )
    chair = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("chair")
    )
    opened_at = models.DateTimeField(_("opened"), null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True, editable=False)
    minutes_sha256 = models.CharField(_("hash of the minutes"), max_length=64, blank=True, editable=False)

    class Meta:
        verbose_name = _("meeting of a board")
        verbose_name_plural = _("meetings of boards")
        ordering = ["-starts_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["planned", "open", "ended"]),
                name="changes_boardmeeting_state_exists",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="ended")
                | models.Q(ended_at__isnull=False) & models.Q(minutes_sha256__regex=r"^[0-9a-f]{64}$"),
                name="changes_boardmeeting_ended_with_minutes",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.board} {self.starts_at:%Y-%m-%d}"


class AgendaItem(RecordedModel):
    """One change on the agenda of a meeting; `decision` is computed from the votes until the meeting ends."""

    meeting = models.ForeignKey(
        BoardMeeting, models.PROTECT, related_name="agenda", verbose_name=_("meeting")
    )
    change = models.ForeignKey(
        ChangeRequest, models.PROTECT, related_name="agenda_items", verbose_name=_("change")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=1)
    note = models.TextField(_("note"), blank=True)
    is_deferred = models.BooleanField(_("deferred"), default=False)
    seconds = models.PositiveIntegerField(_("seconds spent"), default=0)
    decision = models.CharField(_("decision"), max_length=12, blank=True, editable=False)
    tally = models.JSONField(_("votes when the meeting ended"), default=dict, blank=True, editable=False)

    class Meta:
        verbose_name = _("item of an agenda")
        verbose_name_plural = _("items of agendas")
        ordering = ["meeting", "position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["meeting", "change"], name="changes_agendaitem_once"),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.change}"


class Attendance(RecordedModel):
    """Whether the holder of a seat was at a meeting, or who came for them."""

    class Status(models.TextChoices):
        PRESENT = "present", _("present")
        ABSENT = "absent", _("absent")
        DEPUTY = "deputy", _("represented")

    meeting = models.ForeignKey(
        BoardMeeting, models.PROTECT, related_name="attendance", verbose_name=_("meeting")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("person")
    )
    status = models.CharField(_("attendance"), max_length=8, choices=Status.choices, default=Status.ABSENT)
    deputy = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("deputy"),
    )

    class Meta:
        verbose_name = _("attendance at a meeting")
        verbose_name_plural = _("attendance at meetings")
        ordering = ["meeting", "id"]
        constraints = [
            models.UniqueConstraint(fields=["meeting", "user"], name="changes_attendance_once"),
            models.CheckConstraint(
                condition=models.Q(status="deputy", deputy__isnull=False)
                | ~models.Q(status="deputy") & models.Q(deputy__isnull=True),
                name="changes_attendance_deputy_only_when_represented",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_status_display()}"
