"""Who is told what of a step that a change took; in the transaction of the step, so nothing untrue is mailed.

Telling decides nothing and stops nothing: a fault in it is logged, and the step stands.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.actions import notify, settle
from accounts.models import User
from accounts.querysets import holders_of
from accounts.roles import Right
from changes import notices
from changes.models import ChangeEvent, ChangeRequest, Remark, Risk, RoundSeat, Vote, VoteDelegation
from changes.workflow import EDITABLE, Kind, Relation, State, find_step

logger = logging.getLogger(__name__)

Text = str | Promise
# Whose turn it is in a state, and in which words.
TURNS: dict[str, tuple[str, Text]] = {
    State.ASSESSING: ("assessor", _("To assess: %(change)s")),
    State.TESTING: ("tester", _("To test: %(change)s")),
    State.SCHEDULED: ("implementer", _("To implement: %(change)s")),
    State.IMPLEMENTING: ("implementer", _("To implement now: %(change)s")),
    State.VERIFYING: ("verifier", _("To verify: %(change)s")),
    State.ROLLING_BACK: ("implementer", _("To roll back now: %(change)s")),
    State.ROLLED_BACK: ("verifier", _("To check after the rollback: %(change)s")),
    State.REVIEWING: ("manager", _("To review and close: %(change)s")),
}
# How a step is told to everybody else with a part in the change.
NEWS: dict[str, tuple[str, Text]] = {
    "approve": (notices.DECIDED, _("Approved: %(change)s")),
    "reject": (notices.DECIDED, _("Rejected: %(change)s")),
    "ratify": (notices.DECIDED, _("Ratified: %(change)s")),
    "not_ratified": (notices.DECIDED, _("Not ratified: %(change)s")),
    "reschedule": (notices.RESCHEDULED, _("New window: %(change)s")),
    "expire": (notices.WINDOW_MISSED, _("Window missed: %(change)s")),
    "rollback": (notices.ROLLED_BACK, _("Rolled back: %(change)s")),
    "auto_rollback": (notices.ROLLED_BACK, _("Rolled back by a breached criterion: %(change)s")),
    "rollback_failed": (notices.ROLLED_BACK, _("The rollback failed: %(change)s")),
    "restore_bad": (notices.ROLLED_BACK, _("Not restored, rolled back again: %(change)s")),
    "break_glass": (notices.BREAK_GLASS, _("The glass was broken: %(change)s")),
    **dict.fromkeys(
        ("return", "rework", "test_failed", "downgrade", "replan", "convert"),
        (notices.SENT_BACK, _("Sent back: %(change)s")),
    ),
    **dict.fromkeys(("withdraw", "cancel", "abort"), (notices.CANCELLED, _("Will not be done: %(change)s"))),
}
CLOSED = (notices.ENDED, _("Closed: %(change)s"))
WENT_ON = (notices.MOVED, _("Now “%(state)s”: %(change)s"))
STAYED = (notices.MOVED, _("%(step)s: %(change)s"))
# Told by the reminders, or of no concern to anybody.
UNTOLD = frozenset({"ratify_overdue", "escalate", "record_import"})
FOR_MANAGERS = frozenset({"expire", "rollback_failed", "auto_rollback", "break_glass", "record_retro"})
BODY = _("Step “%(step)s” by %(by)s; the change is now: %(state)s.")
WINDOW = _("Window: %(window)s")
ASKED = _("Until %(due)s, for: %(board)s. Kind: %(nature)s; risk: %(risk)s.")
SYSTEM = _("OpsLedger itself")
MENTIONS_AN_HOUR = 20


def tell_people(
    change: ChangeRequest,
    people: Iterable[User],
    kind: str,
    subject: Text,
    *texts: Text,
    key: str = "",
    **words: object,
) -> int:
    """Each of the people has the notice about the change; the texts are its lines. Returns how many."""
    text = format_lazy("\n".join(["{}"] * len(texts)), *texts) if texts else ""
    return notify(
        people,
        kind,
        subject=subject,
        text=text,
        words={"change": change, "number": change.number, **words},
        path=path_of(change),
        about=change,
        key=key,
    )


def path_of(change: ChangeRequest) -> str:
    """The page of the change."""
    return reverse("changes:change", args=[change.number])


def never_in_the_way(tell: Callable[..., None]) -> Callable[..., None]:
    """What goes wrong in telling is logged, and the deed stands: no rollback waits for a notice."""

    @wraps(tell)
    def safely(*args: Any) -> None:
        try:
            with transaction.atomic():
                tell(*args)
        except Exception:
            logger.exception("Nobody was told: %s%r", tell.__name__, args)

    return safely


@never_in_the_way
def tell_step(event: ChangeEvent) -> None:
    """Whoever the step concerns is told of it; `event` is as PostgreSQL completed it. A few queries."""
    if event.event in UNTOLD:
        return
    change, parts = event.change, parts_of(event.change)
    change.refresh_from_db()
    step = find_step(event.event, event.source, event.kind)
    words: dict[str, Any] = {
        "step": step.label if step else event.event,
        "by": event.actor or SYSTEM,
        "state": State(event.target).label,
        "comment": event.comment,
    } | window_words(change)
    texts: list[Text] = [BODY]
    if event.comment.strip():
        texts.append("“%(comment)s”")
    if "window" in words:
        texts.append(WINDOW)
    if event.target != event.source or event.event == "new_round":
        settle(path_of(change), notices.WAITING)
    told = _tell_turn(event, parts, texts, words)
    plain = STAYED if event.target == event.source else WENT_ON
    kind, subject = NEWS.get(event.event, CLOSED if event.target == State.CLOSED else plain)
    audience = set().union(*parts.values()) - told
    if event.event in FOR_MANAGERS:
        audience |= set(managers()) - told
    if event.event == "break_glass":
        audience |= set(holders_of(Right.USER_MANAGE)) | set(_last_board(change))
        second = User.objects.filter(pk=event.data.get("second_person") or 0)
        there = _("%(by)s names you as the second person who was there. Confirm it.")
        tell_people(
            change, second, notices.PRESENCE, _("Confirm that you were there: %(change)s"), there, **words
        )
    tell_people(change, audience, kind, subject, *texts, **words)
    if step and step.opens:
        tell_seats(change)
    if change.state in EDITABLE:
        tell_voided(change)
    if change.template is not None and change.template.suspended_reason:
        tell_suspended(change)


def _tell_turn(
    event: ChangeEvent, parts: dict[str, set[User]], texts: list[Text], words: dict[str, Any]
) -> set[User]:
    """Whoever has to act next; change managers where nobody is named for it. Returns those told."""
    if event.target not in TURNS or event.target == event.source:
        return set()
    if event.target == State.IMPLEMENTING and event.event == "start":
        return set()
    part, subject = TURNS[State(event.target)]
    people = parts.get(part, set()) or set(managers())
    kind = notices.ROLLED_BACK if event.target == State.ROLLING_BACK else notices.YOUR_TURN
    tell_people(event.change, people, kind, subject, *texts, **words)
    return people


def parts_of(change: ChangeRequest) -> dict[str, set[User]]:
    """Who takes which part in the change. One query, and one each for requester and owner."""
    parts: dict[str, set[User]] = defaultdict(set)
    parts[Relation.REQUESTER].add(change.requester)
    if change.owner is not None:
        parts[Relation.OWNER].add(change.owner)
    for row in change.assignments.select_related("user"):
        parts[row.role].add(row.user)
    return parts


def managers() -> list[User]:
    """Everybody who runs the change process."""
    return list(holders_of(Right.CHANGE_MANAGE))


def _last_board(change: ChangeRequest) -> list[User]:
    seats = RoundSeat.objects.filter(step__round__in=change.rounds.order_by("-id")[:1])
    return [seat.user for seat in seats.select_related("user")]


def window_words(change: ChangeRequest) -> dict[str, Any]:
    """The change's window as words of a notice; none where it has none."""
    window = change.window
    return {} if window is None or window.isempty else {"window": (window.lower, window.upper)}


def tell_seats(change: ChangeRequest) -> int:
    """Everybody who may vote in the open round has been asked to, once a seat; deputies of the day too."""
    seats = RoundSeat.objects.filter(
        step__round__change=change, step__round__closed_at=None, is_barred=False, vote=None
    ).select_related("user", "step__round", "step__board")
    nature = {
        "nature": Kind(change.kind).label,
        "risk": Risk(change.risk).label if change.risk else _("not assessed"),
    }
    count = 0
    for seat in seats:
        words = {
            "due": seat.step.due_at,
            "board": seat.step,
            "holder": seat.user,
            **nature,
            **window_words(change),
        }
        lines: list[Text] = [ASKED]
        if "window" in words:
            lines.append(WINDOW)
        subject = _("Your vote is asked for: %(change)s")
        key = f"seat:{seat.pk}"
        count += tell_people(change, [seat.user], notices.VOTE, subject, *lines, key=key, **words)
        deputies = deputies_of(seat)
        if deputies:
            subject = _("A vote for %(holder)s is asked for: %(change)s")
            count += tell_people(change, deputies, notices.VOTE, subject, *lines, key=key, **words)
    return count


@never_in_the_way
def settle_vote(change: ChangeRequest, person: User) -> None:
    """Nobody asks the person for a vote on the change any more: it was given."""
    settle(path_of(change), [notices.VOTE, notices.VOTE_REMINDER, notices.VOTE_OVERDUE], person=person)


def deputies_of(seat: RoundSeat) -> list[User]:
    """Who may vote in this seat today for its holder; nobody with a seat of their own in the round."""
    now = timezone.now()
    today = VoteDelegation.objects.filter(person=seat.user_id, starts_at__lte=now, ends_at__gt=now)
    own = RoundSeat.objects.filter(step__round=seat.step.round_id).values("user")
    return [row.deputy for row in today.exclude(deputy__in=own).select_related("deputy")]


def tell_voided(change: ChangeRequest) -> int:
    """Who voted in a round that was voided since yesterday knows that the vote counts no more; once."""
    recent = Q(result="void", closed_at__gt=timezone.now() - timedelta(days=1))
    count = 0
    for round_ in change.rounds.filter(recent):
        votes = Vote.objects.filter(round=round_).select_related("voter")
        count += tell_people(
            change,
            [vote.voter for vote in votes],
            notices.PLAN_EDITED,
            _("Your vote is void: %(change)s"),
            _("The plan was edited or sent back after you voted. You are asked again when it is ready."),
            key=f"void:{round_.pk}",
        )
    return count


def tell_suspended(change: ChangeRequest) -> None:
    """Change managers and who approved the template know that nobody may use it any more; once a version."""
    template = change.template
    approver = [template.approved_by] if template.approved_by else []
    tell_people(
        change,
        [*managers(), *approver],
        notices.TEMPLATE_SUSPENDED,
        _("Standard template suspended: %(template)s"),
        _("A change of this template failed: %(change)s. It is used again only after a new approval."),
        key=f"template:{template.pk}",
        template=template,
    )


@never_in_the_way
def tell_remark(remark: Remark) -> None:
    """Who is mentioned, whose change is asked about and whose question is answered have heard of it.

    Beyond twenty mentions an hour by one author nobody is told any more; the remark stands all the same.
    """
    change = remark.change
    words = {"by": remark.author, "comment": remark.text}
    line = "“%(comment)s”"
    if remark.kind == Remark.Kind.ANSWER:
        asked, subject = {remark.answers.author}, _("%(by)s answers: %(change)s")
    elif remark.kind == Remark.Kind.QUESTION:
        asked, subject = {change.requester, change.owner} - {None}, _("%(by)s asks: %(change)s")
    else:
        asked, subject = set(), ""
    asked -= {remark.author}
    if asked:
        tell_people(change, asked, notices.DISCUSSED, subject, line, key=f"remark:{remark.pk}", **words)
    recent = Remark.objects.filter(author=remark.author, written_at__gt=timezone.now() - timedelta(hours=1))
    if sum(len(mentions) for mentions in recent.values_list("mentions", flat=True)) > MENTIONS_AN_HOUR:
        return
    named = User.objects.filter(pk__in=remark.mentions).exclude(pk=remark.author_id)
    tell_people(
        change,
        set(named) - asked,
        notices.MENTIONED,
        _("%(by)s mentions you: %(change)s"),
        line,
        key=f"remark:{remark.pk}",
        **words,
    )
