"""Who decides on which change: boards, their seats and the policy, all of it data."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.labelled import Labelled
from audit.recorded.models import RecordedModel
from changes.models.request import Risk
from changes.workflow import Kind


class Board(RecordedModel, Labelled):
    """A body that votes on changes (ITIL 4, "change authority")."""

    key = models.SlugField(_("key"), max_length=40, unique=True)
    manager = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="managed_boards",
        verbose_name=_("manager"),
        help_text=_("Is told when a vote of this board is overdue, and may run its meetings."),
    )
    hides_votes = models.BooleanField(
        _("votes are hidden"),
        default=False,
        help_text=_("A member sees the votes of the others only after their own."),
    )

    class Meta:
        verbose_name = _("board")
        verbose_name_plural = _("boards")
        ordering = ["key"]


class BoardSeat(RecordedModel):
    """One person's place on one board; given by somebody else, whom PostgreSQL notes in `seated_by`."""

    board = models.ForeignKey(Board, models.PROTECT, related_name="seats", verbose_name=_("board"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="board_seats", verbose_name=_("person")
    )
    has_veto = models.BooleanField(_("veto"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    seated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("seated by"),
    )

    class Meta:
        verbose_name = _("seat on a board")
        verbose_name_plural = _("seats on boards")
        ordering = ["board", "id"]
        constraints = [models.UniqueConstraint(fields=["board", "user"], name="changes_boardseat_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.board}"


class ApprovalPolicy(RecordedModel):
    """Which steps of approval a kind of change needs at a level of risk; an empty risk stands for any."""

    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    risk = models.CharField(_("risk"), max_length=10, choices=Risk.choices, blank=True)
    allows_skip_test = models.BooleanField(_("may go without a test"), default=False)
    needs_backup = models.BooleanField(
        _("starts only with a backup"),
        default=False,
        help_text=_("Downtime, high risk and critical items ask for one in any case."),
    )
    reschedule_days = models.PositiveSmallIntegerField(
        _("may be moved by so many days"),
        default=7,
        help_text=_("Without a new approval; the window gets no longer."),
    )
    late_minutes = models.PositiveIntegerField(
        _("a missed window is cancelled after, in minutes"), default=60
    )

    class Meta:
        verbose_name = _("approval policy")
        verbose_name_plural = _("approval policies")
        ordering = ["kind", "risk"]
        constraints = [models.UniqueConstraint(fields=["kind", "risk"], name="changes_approvalpolicy_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.get_risk_display() or _('any risk')}"


class SeatRelation(models.TextChoices):
    """Voters who follow from the change instead of sitting on a board."""

    CI_OWNERS = "ci_owners", _("owners of the items")


class OnTimeout(models.TextChoices):
    """What follows when a step is not decided in time; silence never approves."""

    TELL = "tell", _("the board's manager is told")
    FALLBACK = "fallback", _("another board is asked in addition")


class PolicyStep(RecordedModel):
    """One body that must agree: `need` approvals, `quorum` votes; all steps vote side by side."""

    policy = models.ForeignKey(ApprovalPolicy, models.PROTECT, related_name="steps", verbose_name=_("policy"))
    position = models.PositiveSmallIntegerField(_("position"), default=1)
    board = models.ForeignKey(
        Board, models.PROTECT, null=True, blank=True, related_name="policy_steps", verbose_name=_("board")
    )
    relation = models.CharField(_("relation"), max_length=12, choices=SeatRelation.choices, blank=True)
    need = models.PositiveSmallIntegerField(_("approvals needed"), default=1)
    quorum = models.PositiveSmallIntegerField(_("votes needed"), default=1)
    minutes = models.PositiveIntegerField(_("time to vote, in minutes"), default=2880)
    only_in_freeze = models.BooleanField(
        _("only in spite of a freeze"),
        default=False,
        help_text=_("Asked only of a change that says why it goes ahead in spite of a freeze."),
    )
    on_timeout = models.CharField(
        _("when time is up"), max_length=8, choices=OnTimeout.choices, default=OnTimeout.TELL
    )
    fallback_board = models.ForeignKey(
        Board, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("board asked then")
    )

    class Meta:
        verbose_name = _("step of an approval policy")
        verbose_name_plural = _("steps of approval policies")
        ordering = ["policy", "position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(board__isnull=False, relation="")
                | models.Q(board__isnull=True) & ~models.Q(relation=""),
                name="changes_policystep_board_or_relation",
            ),
            models.CheckConstraint(
                condition=models.Q(need__gte=1), name="changes_policystep_needs_one_at_least"
            ),
            models.CheckConstraint(
                condition=~models.Q(on_timeout="fallback") | models.Q(fallback_board__isnull=False),
                name="changes_policystep_fallback_names_a_board",
                violation_error_message=_("Name the board that is asked when time is up."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.board or self.get_relation_display()}: {self.need}"


class VoteDelegation(RecordedModel):
    """One person may vote for another for a while ("B for A")."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="vote_delegations", verbose_name=_("person")
    )
    deputy = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="deputised_votes", verbose_name=_("deputy")
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("delegation of votes")
        verbose_name_plural = _("delegations of votes")
        ordering = ["-starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(starts_at__lt=models.F("ends_at")),
                name="changes_votedelegation_starts_before_end",
            ),
            models.CheckConstraint(
                condition=~models.Q(person=models.F("deputy")),
                name="changes_votedelegation_to_another_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.deputy} ← {self.person}"
