"""One vote after the other: rounds opened by PostgreSQL, seats as they were then, votes never edited."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.recorded.models import RecordedModel
from changes.models.boards import Board, OnTimeout, SeatRelation
from changes.models.proof import Proved
from changes.models.request import ChangeRequest
from changes.querysets import RoundSeatQuerySet, RoundStepQuerySet


class ApprovalRound(RecordedModel):
    """One call to vote on one exact plan; opened and closed by PostgreSQL alone."""

    class Purpose(models.TextChoices):
        APPROVE = "approve", _("approval")
        RATIFY = "ratify", _("ratification")

    class Result(models.TextChoices):
        APPROVED = "approved", pgettext_lazy("round", "approved")
        REJECTED = "rejected", pgettext_lazy("round", "rejected")
        VOID = "void", pgettext_lazy("round", "void")

    change = models.ForeignKey(ChangeRequest, models.PROTECT, related_name="rounds", verbose_name=_("change"))
    purpose = models.CharField(_("purpose"), max_length=8, choices=Purpose.choices)
    plan_hash = models.CharField(_("hash of the plan"), max_length=64)
    opened_at = models.DateTimeField(_("opened"))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    result = models.CharField(_("result"), max_length=8, choices=Result.choices, blank=True)

    class Meta:
        verbose_name = _("round of voting")
        verbose_name_plural = _("rounds of voting")
        ordering = ["change", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["change"],
                condition=models.Q(closed_at__isnull=True),
                name="changes_approvalround_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.change.number} · {self.get_purpose_display()}"


class RoundStep(RecordedModel):
    """One body of a round with its numbers as they were when the round opened."""

    round = models.ForeignKey(ApprovalRound, models.PROTECT, related_name="steps", verbose_name=_("round"))
    position = models.PositiveSmallIntegerField(_("position"))
    board = models.ForeignKey(
        Board, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("board")
    )
    relation = models.CharField(_("relation"), max_length=12, choices=SeatRelation.choices, blank=True)
    need = models.PositiveSmallIntegerField(_("approvals needed"))
    quorum = models.PositiveSmallIntegerField(_("votes needed"))
    due_at = models.DateTimeField(_("due"))
    on_timeout = models.CharField(
        _("when time is up"), max_length=8, choices=OnTimeout.choices, default=OnTimeout.TELL
    )
    fallback_board = models.ForeignKey(
        Board, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("board asked then")
    )

    objects = RoundStepQuerySet.as_manager()

    class Meta:
        verbose_name = _("step of a round")
        verbose_name_plural = _("steps of rounds")
        ordering = ["round", "position", "id"]

    def __str__(self) -> str:
        return str(self.board or self.get_relation_display())

    @property
    def waiting_seats(self) -> models.QuerySet[RoundSeat]:
        """Seats that may still vote."""
        return self.seats.filter(is_barred=False, vote=None).select_related("user")


class RoundSeat(RecordedModel):
    """One seat of a round; barred when its holder takes part in the change, or votes in another seat of it.

    A person has one vote a round, hence one open seat: PostgreSQL allots it when the round opens.
    """

    class Barred(models.TextChoices):
        TAKES_PART = "takes_part", _("takes part in the change")
        OTHER_SEAT = "other_seat", _("votes in another seat")

    step = models.ForeignKey(RoundStep, models.PROTECT, related_name="seats", verbose_name=_("step"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="round_seats", verbose_name=_("person")
    )
    has_veto = models.BooleanField(_("veto"), default=False)
    is_barred = models.BooleanField(_("may not vote"), default=False)
    barred_as = models.CharField(_("may not vote because"), max_length=10, choices=Barred.choices, blank=True)
    is_fallback = models.BooleanField(_("asked when time was up"), default=False)

    objects = RoundSeatQuerySet.as_manager()

    class Meta:
        verbose_name = _("seat of a round")
        verbose_name_plural = _("seats of rounds")
        ordering = ["step", "id"]
        constraints = [models.UniqueConstraint(fields=["step", "user"], name="changes_roundseat_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.step}"


class StepEscalation(RecordedModel):
    """One reminder at half time, or one escalation when time was up, of a step of a round; append-only.

    PostgreSQL writes the second kind with the event `escalate`, and checks the time of both.
    """

    class Kind(models.TextChoices):
        REMINDER = "reminder", _("reminder at half time")
        OVERDUE = "overdue", _("time was up")

    step = models.ForeignKey(
        RoundStep, models.PROTECT, related_name="escalations", verbose_name=_("step of a round")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    happened_at = models.DateTimeField(_("at"), db_default=models.functions.Now(), editable=False)

    class Meta:
        verbose_name = _("escalation of a vote")
        verbose_name_plural = _("escalations of votes")
        ordering = ["step", "id"]
        constraints = [models.UniqueConstraint(fields=["step", "kind"], name="changes_stepescalation_once")]

    def __str__(self) -> str:
        return f"{self.step}: {self.get_kind_display()}"


class Vote(RecordedModel, Proved):
    """One person's word on one plan, in one seat; never edited and never withdrawn."""

    class Choice(models.TextChoices):
        APPROVE = "approve", _("approve")
        REJECT = "reject", _("reject")
        ABSTAIN = "abstain", _("abstain")

    class Channel(models.TextChoices):
        PAGE = "page", _("page")
        API = "api", _("API")
        VERBAL = "verbal", _("by word of mouth")
        CONSENT = "consent", _("consent agenda")

    round = models.ForeignKey(ApprovalRound, models.PROTECT, related_name="votes", verbose_name=_("round"))
    seat = models.OneToOneField(RoundSeat, models.PROTECT, related_name="vote", verbose_name=_("seat"))
    voter = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="change_votes", verbose_name=_("voter")
    )
    on_behalf_of = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("on behalf of"),
    )
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("taken down by"),
    )
    choice = models.CharField(_("vote"), max_length=8, choices=Choice.choices)
    comment = models.TextField(_("comment"), blank=True)
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices, default=Channel.PAGE)
    plan_hash = models.CharField(_("hash of the plan"), max_length=64)
    cast_at = models.DateTimeField(_("cast"), db_default=models.functions.Now(), editable=False)

    class Meta:
        verbose_name = _("vote")
        verbose_name_plural = _("votes")
        ordering = ["round", "id"]
        constraints = [
            models.UniqueConstraint(fields=["round", "voter"], name="changes_vote_one_per_person"),
            models.CheckConstraint(
                condition=models.Q(choice__in=["approve", "reject", "abstain"]),
                name="changes_vote_choice_exists",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.voter}: {self.get_choice_display()}"


class VoteConfirmation(RecordedModel):
    """The voter's own confirmation of a vote that was given by word of mouth."""

    vote = models.OneToOneField(Vote, models.PROTECT, related_name="confirmation", verbose_name=_("vote"))
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("confirmed by")
    )
    confirmed_at = models.DateTimeField(_("confirmed"), db_default=models.functions.Now(), editable=False)

    class Meta:
        verbose_name = _("confirmation of a vote")
        verbose_name_plural = _("confirmations of votes")
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.vote)
