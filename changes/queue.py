"""The list of changes as people work through it: one tab per question, a fixed number of queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Count, F, Min, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from changes.collisions import Schedule, found_in, freeze_hits
from changes.collisions.ranges import span_of
from changes.dossier import KIND_ICONS, RISK_TONES, TONES
from changes.models import ChangeItem, ChangeRequest, RoundStep, Vote
from changes.querysets import ChangeQuerySet
from changes.workflow import ENDS, State

PAGE_SIZE = 50


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


def narrowed(changes: ChangeQuerySet, wanted: dict[str, str]) -> ChangeQuerySet:
    """Only those that fit the filters; what is not a value of a filter is passed over."""
    for name in ("kind", "risk", "state"):
        if wanted.get(name) in dict(ChangeRequest._meta.get_field(name).choices):
            changes = changes.filter(**{name: wanted[name]})
    if term := wanted.get("q", "").strip():
        changes = changes.filter(
            Q(number__icontains=term) | Q(title__icontains=term) | Q(service__name__icontains=term)
        )
    return changes


def with_columns(changes: ChangeQuerySet) -> ChangeQuerySet:
    """Each change with what a line of the queue shows: votes, deadline, items."""
    open_steps = RoundStep.objects.filter(round__change=OuterRef("pk"), round__closed_at=None).order_by()
    votes = Vote.objects.filter(round__change=OuterRef("pk"), round__closed_at=None, choice="approve")
    changed = ChangeItem.objects.filter(change=OuterRef("pk"), impact="manual").order_by()
    return changes.select_related("service", "requester").annotate(
        due_at=Coalesce(
            Subquery(open_steps.values("round__change").annotate(due=Min("due_at")).values("due")),
            F("ratify_due_at"),
        ),
        votes_needed=_counted(open_steps.values("round__change").annotate(n=models.Sum("need"))),
        votes_given=_counted(votes.order_by().values("round__change").annotate(n=Count("pk"))),
        item_count=_counted(changed.values("change").annotate(n=Count("pk"))),
    )


def _counted(rows: models.QuerySet) -> Coalesce:
    return Coalesce(Subquery(rows.values("n"), output_field=models.IntegerField()), 0)


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


def decorated(change: Any) -> Any:
    """The change with the tones and the icon that its badges wear."""
    change.tone = TONES[change.state]
    change.risk_tone = RISK_TONES.get(change.risk, "neutral")
    change.kind_icon = KIND_ICONS[change.kind]
    return change


def tab_counts(user: User) -> dict[str, int]:
    """How many changes each working tab holds. Three queries."""
    by_state = dict(ChangeRequest.objects.live().order_by().values_list("state").annotate(n=Count("pk")))
    counts = {tab: sum(by_state.get(state, 0) for state in states) for tab, states in _STATES.items()}
    counts["waiting"] = changes_of_tab("waiting", user).count()
    counts["mine"] = changes_of_tab("mine", user).count()
    counts.pop("decided")
    return counts
