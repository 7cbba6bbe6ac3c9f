"""What the clock brings: deadlines remind, and escalate when they have passed. They never decide.

Each is told under a key of what and when, so a job that runs twice, or two workers, tell it once; and a job
that was down tells what still matters, not what is over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.db.models import Count, F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from changes import notices
from changes.actions.announcements import ask_teams, remind_of_actions, tell_of_freezes
from changes.actions.telling import (
    WINDOW,
    deputies_of,
    managers,
    parts_of,
    tell_people,
    tell_seats,
    tell_voided,
    window_words,
)
from changes.models import ApprovalRound, ChangeRequest, RoundStep, Vote
from changes.workflow import EDITABLE, State

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LAST_MINUTES = timedelta(minutes=30)
MOST_DAYS = 14  # an overdue thing is told of once a day, and after two weeks it is for the metrics


def remind(now: datetime | None = None) -> int:
    """Everybody has heard what the clock brought; returns how many notices were new. For a job."""
    now = now or timezone.now()
    return sum(each(now) for each in REMINDERS)


def stage_of(begun: datetime, due: datetime, now: datetime) -> str:
    """The last mark that was passed between the two: "", "half", "hour" or "overdue"."""
    if now >= due:
        return "overdue"
    if due - begun > 2 * HOUR and now >= due - HOUR:
        return "hour"
    return "half" if now >= begun + (due - begun) / 2 else ""


def days_after(due: datetime, now: datetime) -> int:
    """Whole days since the deadline."""
    return (now - due) // DAY


def ask_new_seats(now: datetime) -> int:
    """Who got a seat after the round was opened is asked like the others; voided votes are told of."""
    voting = Q(rounds__isnull=False, rounds__closed_at=None)
    voided = Q(rounds__result="void", rounds__closed_at__gt=now - DAY)
    return sum(
        tell_seats(change) for change in ChangeRequest.objects.filter(voting, on_hold=False).distinct()
    ) + sum(
        tell_voided(change) for change in ChangeRequest.objects.filter(voided, state__in=EDITABLE).distinct()
    )


def remind_of_votes(now: datetime) -> int:
    """Missing votes: at half time and an hour before the end; then once a day, to who looks after it."""
    approvals = Count("seats__vote", filter=Q(seats__vote__choice=Vote.Choice.APPROVE))
    steps = (
        RoundStep.objects.filter(round__closed_at=None, round__change__on_hold=False)
        .annotate(approvals=approvals, votes=Count("seats__vote"))
        .exclude(approvals__gte=F("need"), votes__gte=F("quorum"))
        .select_related("round__change", "board__manager")
    )
    count = 0
    for step in steps:
        stage = stage_of(step.round.opened_at, step.due_at, now)
        if stage:
            count += _remind_of_votes(step, stage, now)
    return count


def _remind_of_votes(step: RoundStep, stage: str, now: datetime) -> int:
    change = step.round.change
    seats = step.seats.filter(is_barred=False, vote=None).select_related("user", "step")
    voters = {seat.user for seat in seats}
    words = {"due": step.due_at, "board": step, "names": ", ".join(sorted(str(voter) for voter in voters))}
    if stage != "overdue":
        waiting = voters.union(*(deputies_of(seat) for seat in seats))
        return tell_people(
            change,
            waiting,
            notices.VOTE_REMINDER,
            _("Your vote is missing: %(change)s"),
            _("The vote of %(board)s is asked for until %(due)s."),
            key=f"vote:{step.pk}:{stage}",
            **words,
        )
    days = days_after(step.due_at, now)
    if days > MOST_DAYS:
        return 0
    lines = (
        _("The vote of %(board)s was asked for until %(due)s. Silence does not approve: the change waits."),
        _("Missing: %(names)s"),
    )
    subject = _("Vote overdue: %(change)s")
    return tell_people(
        change,
        voters | set(_escalation_contacts(step)),
        notices.VOTE_OVERDUE,
        subject,
        *lines,
        key=f"vote:{step.pk}:overdue:{days}",
        **words,
    )


def _escalation_contacts(step: RoundStep) -> list[User]:
    """The manager of the board, and the change managers."""
    manager = step.board.manager if step.board else None
    return [*([manager] if manager else []), *managers()]


def remind_of_starts(now: datetime) -> int:
    """Implementers a day and an hour before the window opens; the verifier a day before."""
    soon = ChangeRequest.objects.filter(
        state=State.SCHEDULED, on_hold=False, window__startswith__gt=now, window__startswith__lte=now + DAY
    )
    count = 0
    for change in soon:
        starts = change.window.lower
        before = HOUR if starts - now <= HOUR else DAY
        if change.state_since_at and change.state_since_at > starts - before:
            continue  # it was scheduled later than that: they have only just heard of it
        parts = parts_of(change)
        people = parts["implementer"] | (parts["verifier"] if before == DAY else set())
        count += tell_people(
            change,
            people,
            notices.STARTS_SOON,
            _("Starts in an hour: %(change)s") if before == HOUR else _("Starts within a day: %(change)s"),
            WINDOW,
            key=f"start:{change.pk}:{starts:%Y%m%dT%H%M}:{before // HOUR}",
            **window_words(change),
        )
    return count


def remind_of_window_ends(now: datetime) -> int:
    """Work under way half an hour before its window closes, and when it has closed."""
    closing = ChangeRequest.objects.filter(
        state__in=[State.IMPLEMENTING, State.ROLLING_BACK],
        window__endswith__lte=now + LAST_MINUTES,
        window__endswith__gt=now - DAY,
    )
    count = 0
    for change in closing.select_related("rollback_owner"):
        parts, is_over = parts_of(change), change.window.upper <= now
        people = parts["implementer"] | parts["owner"] | {change.rollback_owner} - {None}
        if is_over:
            people |= set(managers())
        count += tell_people(
            change,
            people,
            notices.WINDOW_ENDING,
            _("The window is over, the work is not: %(change)s")
            if is_over
            else _("The window closes soon: %(change)s"),
            WINDOW,
            _("Finish, or roll back. Nothing happens by itself."),
            key=f"window:{change.pk}:{change.window.upper:%Y%m%dT%H%M}:{'over' if is_over else 'soon'}",
            **window_words(change),
        )
    return count


def tell_observed(now: datetime) -> int:
    """Verifiers, when the longest observation of the criteria is over."""
    count = 0
    for change in ChangeRequest.objects.filter(state=State.VERIFYING, on_hold=False).prefetch_related(
        "criteria"
    ):
        minutes = max((each.observation_minutes for each in change.criteria.all()), default=0)
        since = change.actual_end_at or change.state_since_at
        if not minutes or since is None or now < since + timedelta(minutes=minutes):
            continue
        count += tell_people(
            change,
            parts_of(change)["verifier"] or managers(),
            notices.OBSERVED,
            _("The observation is over, verify now: %(change)s"),
            _("The effect was observed until %(until)s."),
            key=f"observed:{change.pk}:{since:%Y%m%dT%H%M}",
            until=since + timedelta(minutes=minutes),
        )
    return count


def remind_of_ratifications(now: datetime) -> int:
    """Emergencies: at half time and an hour before the end of the time to ratify; then once a day."""
    count = 0
    emergencies = ChangeRequest.objects.live().filter(ratify_due_at__isnull=False)
    for change in emergencies.exclude(state=State.REVIEWING):
        due = change.ratify_due_at
        stage = stage_of(change.actual_start_at or change.created_at, due, now)
        days = days_after(due, now) if stage == "overdue" else 0
        if not stage or days > MOST_DAYS:
            continue
        people = set(managers()) | set(parts_of(change)["owner"])
        if stage == "overdue":
            voters = User.objects.filter(round_seats__step__round__in=_open_rounds(change))
            people |= set(voters) | {change.requester}
        count += tell_people(
            change,
            people,
            notices.RATIFY_DUE,
            _("Ratification overdue: %(change)s")
            if stage == "overdue"
            else _("Ratification is due: %(change)s"),
            _("It must be ratified until %(due)s; otherwise it counts as unauthorised."),
            key=f"ratify:{change.pk}:{due:%Y%m%dT%H%M}:{stage}:{days}",
            due=due,
        )
    return count


def _open_rounds(change: ChangeRequest) -> Iterable[ApprovalRound]:
    return change.rounds.filter(closed_at=None)


def ask_to_confirm_votes(now: datetime) -> int:
    """Who voted by word of mouth is asked to confirm it."""
    spoken = Vote.objects.filter(channel=Vote.Channel.VERBAL, confirmation=None, cast_at__gt=now - 30 * DAY)
    count = 0
    for vote in spoken.select_related("round__change", "voter", "recorded_by"):
        count += tell_people(
            vote.round.change,
            [vote.voter],
            notices.VERBAL_VOTE,
            _("Confirm your spoken vote: %(change)s"),
            _("%(clerk)s took down that you said: %(choice)s."),
            key=f"verbal:{vote.pk}",
            clerk=vote.recorded_by or "",
            choice=Vote.Choice(vote.choice).label,
        )
    return count


REMINDERS: tuple[Callable[[datetime], int], ...] = (
    ask_new_seats,
    remind_of_votes,
    remind_of_starts,
    remind_of_window_ends,
    tell_observed,
    remind_of_ratifications,
    ask_to_confirm_votes,
    ask_teams,
    remind_of_actions,
    tell_of_freezes,
)
