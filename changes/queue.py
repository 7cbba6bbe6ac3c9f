"""The list of changes as people work through it: one tab per question, a fixed number of queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import models
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Case, Count, F, Min, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from changes.collisions import Schedule, found_in, freeze_hits
from changes.collisions.ranges import span_of
from changes.dossier import KIND_ICONS, RISK_TONES, TONES
from changes.models import ChangeItem, ChangeRequest, RoundSeat, RoundStep, Vote
from changes.models.request import Risk
from changes.querysets import ChangeQuerySet
from changes.workflow import ENDS, State

PAGE_SIZE = 50
NEVER = datetime(9000, 1, 1, tzinfo=UTC)
# How a list can be sorted: the keys of a page, each ascending or descending, the number last.
SORTS: dict[str, tuple[tuple[str, bool], ...]] = {
    "due": (("due_key", False), ("risk_rank", True), ("pk", True)),
    "window": (("window_key", False), ("pk", True)),
    "risk": (("risk_rank", True), ("pk", True)),
    "newest": (("pk", True),),
}
SORT_LABELS = {
    "due": _("deadline, then risk"),
    "window": _("start of the window"),
    "risk": _("highest risk"),
    "newest": _("newest"),
}
MOST_COMPARED = 400  # changes of a tab that the filter "has a conflict" compares with each other


@dataclass(frozen=True)
class Tab:
    """One question a person comes with; `icon` and `empty` are what an empty answer shows."""

    key: str
    label: str | Promise
    empty: str | Promise


TABS = (
    Tab("waiting", _("Waiting for my vote"), _("No change waits for your vote.")),
    Tab("mine", _("My changes"), _("You have no part in a change that is still open.")),
    Tab("approving", _("On the board's table"), _("No change is being voted on.")),
    Tab("scheduled", _("Scheduled"), _("No change is scheduled.")),
    Tab("progress", _("In progress"), _("No change is being implemented or rolled back.")),
    Tab("verify", _("To verify"), _("No change waits to be verified.")),
    Tab("ratify", _("To ratify"), _("No emergency waits to be ratified.")),
    Tab("decided", _("Ended"), _("No change has ended yet.")),
    Tab("all", _("All"), _("There is no change that fits.")),
)
_STATES = {
    "approving": [State.APPROVING],
    "scheduled": [State.SCHEDULED],
    "progress": [State.IMPLEMENTING, State.ROLLING_BACK],
    "verify": [State.VERIFYING, State.ROLLED_BACK],
    "ratify": [State.RATIFYING],
    "decided": list(ENDS),
}


def changes_of_tab(tab: str, user: User) -> ChangeQuerySet:
    """The changes that answer the tab's question for this person."""
    everything = ChangeRequest.objects.all()
    if tab == "waiting":
        return everything.filter(pk__in=everything.waiting_for_vote_of(user).values("pk"))
    if tab == "mine":
        return everything.filter(pk__in=everything.live().involving(user).values("pk"))
    if tab in _STATES:
        return everything.filter(state__in=_STATES[tab])
    return everything


def narrowed(changes: ChangeQuerySet, wanted: dict[str, str], user: User) -> ChangeQuerySet:
    """Only those that fit the filters; what is not a value of a filter is passed over."""
    for name in ("kind", "risk", "state"):
        if wanted.get(name) in dict(ChangeRequest._meta.get_field(name).choices):
            changes = changes.filter(**{name: wanted[name]})
    if term := wanted.get("q", "").strip():
        changes = changes.filter(
            Q(number__icontains=term) | Q(title__icontains=term) | Q(service__name__icontains=term)
        )
    if wanted.get("mine"):
        changes = changes.filter(pk__in=ChangeRequest.objects.involving(user).values("pk"))
    if wanted.get("board"):
        open_steps = RoundStep.objects.filter(round__closed_at=None, board__key=wanted["board"])
        changes = changes.filter(pk__in=open_steps.values("round__change"))
    if wanted.get("week"):
        today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        monday = today - timedelta(days=today.weekday())
        changes = changes.filter(window__overlap=DateTimeTZRange(monday, monday + timedelta(days=7)))
    if wanted.get("conflict"):
        changes = changes.filter(pk__in=in_conflict(changes))
    return changes


def comparable(changes: ChangeQuerySet) -> ChangeQuerySet:
    """Those that could be in conflict: live, with a window."""
    return changes.exclude(state__in=ENDS).exclude(window=None)


def left_uncompared(changes: ChangeQuerySet) -> int:
    """How many of the changes the filter "has a conflict" does not look at: too old, of too many."""
    return max(0, comparable(changes).count() - MOST_COMPARED)


def in_conflict(changes: ChangeQuerySet) -> set[int]:
    """Those of the newest few hundred that collide, or meet a freeze. Statements do not grow with them."""
    rows = list(comparable(changes).order_by("-pk")[:MOST_COMPARED])
    return {row.pk for row in flagged(rows) if row.collides or row.is_frozen}


def flagged(changes: list[Any]) -> list[Any]:
    """The changes of one page; `collides`, `is_stopped` and `is_frozen` say what their own pages say.

    Found for all of them together, by the same search, freezes through the graph included.
    """
    live = [change for change in changes if change.state not in ENDS and span_of(change.window)]
    schedule = Schedule([(change, change.window) for change in live])
    frozen = freeze_hits([(change, span) for change in live if (span := span_of(change.window))])
    met = found_in(schedule)
    for change in changes:
        open_ = [each for each in met.get(change.pk, []) if not each.is_accepted]
        change.collides = len({each.other.pk for each in open_})
        change.is_stopped = any(each.blocks for each in open_)
        hits = frozen.get(change.pk, [])
        change.is_frozen = len({hit.freeze.pk for hit in hits})
        change.is_frozen_hard = any(hit.blocks for hit in hits)
    return changes


def with_columns(changes: ChangeQuerySet) -> ChangeQuerySet:
    """Each change with what a line of the queue shows, and the keys of its order."""
    open_steps = RoundStep.objects.filter(round__change=OuterRef("pk"), round__closed_at=None).order_by()
    votes = Vote.objects.filter(round__change=OuterRef("pk"), round__closed_at=None, choice="approve")
    changed = ChangeItem.objects.filter(change=OuterRef("pk"), impact="manual").order_by()
    ranks = [When(risk=risk, then=Value(rank)) for rank, risk in enumerate(Risk.values, start=1)]
    due = Coalesce(
        Subquery(open_steps.values("round__change").annotate(due=Min("due_at")).values("due")),
        F("ratify_due_at"),
    )
    return changes.select_related("service", "requester").annotate(
        due_at=due,
        due_key=Coalesce(due, Value(NEVER)),
        window_key=Coalesce("window__startswith", Value(NEVER)),
        risk_rank=Case(*ranks, default=Value(0)),
        votes_needed=_counted(open_steps.values("round__change").annotate(n=models.Sum("need"))),
        votes_given=_counted(votes.order_by().values("round__change").annotate(n=Count("pk"))),
        item_count=_counted(changed.values("change").annotate(n=Count("pk"))),
    )


def page_of(changes: ChangeQuerySet, sort: str, after: str) -> tuple[list[Any], str]:
    """One page after the key `after` ("" for the first), and the key of the next page, "" at the end."""
    keys = SORTS[sort]
    values = _key_values(keys, after)
    if values:
        changes = changes.filter(_beyond(keys, values))
    order = [f"-{name}" if is_falling else name for name, is_falling in keys]
    rows = list(changes.order_by(*order)[: PAGE_SIZE + 1])
    if len(rows) <= PAGE_SIZE:
        return rows, ""
    last = rows[PAGE_SIZE - 1]
    told = [getattr(last, name) for name, _falling in keys]
    return rows[:PAGE_SIZE], "~".join(
        each.isoformat() if hasattr(each, "isoformat") else str(each) for each in told
    )


def _key_values(keys: tuple[tuple[str, bool], ...], after: str) -> list[Any]:
    """The values of a page's key; none where it is not one of this order."""
    parts = after.split("~")
    if len(parts) != len(keys):
        return []
    values: list[Any] = []
    for (name, _falling), part in zip(keys, parts, strict=True):
        try:
            value = parse_datetime(part) if name.endswith("_key") else int(part[:18])
        except ValueError:
            return []
        if value is None or (isinstance(value, datetime) and timezone.is_naive(value)):
            return []
        values.append(value)
    return values


def _beyond(keys: tuple[tuple[str, bool], ...], values: list[Any]) -> Q:
    """Rows that come after the key in the order of the keys."""
    beyond, same = Q(pk__in=[]), Q()
    for (name, is_falling), value in zip(keys, values, strict=True):
        beyond |= same & Q(**{f"{name}__{'lt' if is_falling else 'gt'}": value})
        same &= Q(**{name: value})
    return beyond


def _counted(rows: models.QuerySet) -> Coalesce:
    return Coalesce(Subquery(rows.values("n"), output_field=models.IntegerField()), 0)


def decorated(rows: list[Any], user: User) -> list[Any]:
    """The changes with tones and icons, what is in their way, and the seats that the reader may use."""
    flagged(rows)
    seats = RoundSeat.objects.filter(
        step__round__change__in=[row.pk for row in rows],
        step__round__closed_at=None,
        is_barred=False,
        vote=None,
    ).usable_by(user)
    mine: dict[int, list[RoundSeat]] = {}
    for seat in seats.select_related("user", "step__round", "step__board"):
        mine.setdefault(seat.step.round.change_id, []).append(seat)
    now = timezone.now()
    for change in rows:
        change.tone = TONES[change.state]
        change.risk_tone = RISK_TONES.get(change.risk, "neutral")
        change.kind_icon = KIND_ICONS[change.kind]
        own = [seat for seat in mine.get(change.pk, []) if seat.user_id == user.pk]
        change.my_seats = own or mine.get(change.pk, [])
        change.hides_votes = any(seat.step.board and seat.step.board.hides_votes for seat in change.my_seats)
        left = (change.due_at - now) if change.due_at else None
        is_soon = left is not None and left < timedelta(hours=24)
        change.due_tone = "late" if left is not None and left < timedelta(0) else "soon" if is_soon else ""
    return rows


def tab_counts(user: User) -> dict[str, int]:
    """How many changes each working tab holds. Three queries."""
    by_state = dict(ChangeRequest.objects.live().order_by().values_list("state").annotate(n=Count("pk")))
    counts = {tab: sum(by_state.get(state, 0) for state in states) for tab, states in _STATES.items()}
    counts["waiting"] = changes_of_tab("waiting", user).count()
    counts["mine"] = changes_of_tab("mine", user).count()
    counts.pop("decided")
    return counts
