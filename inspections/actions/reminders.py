"""What people are told about rounds, plans and calendars; nobody is told the same thing twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, F, Max, Min, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.actions import notify
from accounts.models import Notice, TeamMember, User
from accounts.querysets import holders_of
from accounts.roles import Right
from inspections import notices
from inspections.models import InspectionPlan, InspectionRun, PlanMember
from inspections.workflow import RunState
from inspections.working_hours import uncovered_years

SOON = timedelta(minutes=15)
LATE_NEWS = timedelta(days=2)  # older than this it is no news


@dataclass(frozen=True)
class Round:
    """The runs of one plan and slot that share a piece of news."""

    plan: int
    slot: datetime
    count: int
    number: str
    people: frozenset[int]
    unassigned: bool
    at: datetime

    @property
    def what(self) -> str:
        """The run's number, or how many there are."""
        return self.number if self.count == 1 else f"× {self.count}"

    @property
    def path(self) -> str:
        if self.count == 1:
            return reverse("inspections:run", args=[self.number])
        return f"{reverse('inspections:list')}?plan={self.plan}&day={timezone.localdate(self.slot)}"


def tell_of_rounds(*, now: datetime | None = None) -> int:
    """People know which of their rounds open soon, are late or were missed; a plan's owner of those missed.

    Returns how many were told. Four queries, and those of `notify` for each round that is news.
    """
    now = now or timezone.now()
    runs = InspectionRun.objects
    begun = [RunState.OPEN, RunState.IN_PROGRESS]
    opening = runs.filter(
        state__in=[RunState.SCHEDULED, RunState.OPEN], opens_at__gt=now - SOON * 4, opens_at__lte=now + SOON
    )
    late = runs.filter(state__in=begun, due_at__lte=now, due_at__gt=now - LATE_NEWS)
    missed = runs.filter(
        expires_at__gt=F("created_at"), state=RunState.MISSED, expires_at__range=(now - LATE_NEWS, now)
    )
    told = 0
    for found, moment, kind, subject, text in (
        (opening, "opens_at", notices.OPENING, _("%(plan)s %(what)s opens %(at)s"), _("Due %(due)s.")),
        (late, "due_at", notices.DUE, _("%(plan)s %(what)s was due %(at)s"), _("It is not handed in yet.")),
        (
            missed,
            "expires_at",
            notices.MISSED,
            _("%(plan)s %(what)s was missed"),
            _("It was open until %(at)s."),
        ),
    ):
        told += _tell(found, moment, kind, subject, text)
    return told + _escalate(missed) + _tell_of_catch_up(now)


def _rounds(runs: QuerySet, moment: str) -> list[Round]:
    """One entry for each plan and slot among the runs. One query."""
    grouped = runs.order_by().values("plan", "slot_at")
    rows = grouped.annotate(
        n=Count("pk"), first=Min("number"), at_=Max(moment), holders=ArrayAgg("assignee", distinct=True),
        deputies=ArrayAgg("deputy", distinct=True),
    )  # fmt: skip
    return [
        Round(
            row["plan"], row["slot_at"], row["n"], row["first"],
            frozenset({*row["holders"], *row["deputies"]} - {None}), None in row["holders"], row["at_"],
        )
        for row in rows
    ]  # fmt: skip


def _news(rounds: Iterable[Round], kind: str) -> list[Round]:
    """Those of which nobody was told yet. One query."""
    rounds = list(rounds)
    keys = {_key(kind, each) for each in rounds}
    told = (
        set(Notice.objects.filter(kind=kind, key__in=keys).values_list("key", flat=True)) if keys else set()
    )
    return [each for each in rounds if _key(kind, each) not in told]


def _key(kind: str, news: Round) -> str:
    return f"{kind}-{news.plan}-{news.slot:%Y%m%d%H%M}"


def _tell(runs: QuerySet, moment: str, kind: str, subject: Promise, text: Promise) -> int:
    news = _news(_rounds(runs, moment), kind)
    if not news:
        return 0
    plans = InspectionPlan.objects.in_bulk({each.plan for each in news})
    of_team = _takers(plans.values())
    told = 0
    for each in news:
        plan = plans[each.plan]
        people = set(each.people) | (of_team.get(plan.pk, set()) if each.unassigned else set())
        due = each.slot + timedelta(minutes=plan.due_minutes)
        words = {"plan": plan, "what": each.what, "at": each.at, "due": due}
        told += notify(
            User.objects.filter(pk__in=people), kind, subject=subject, text=text, words=words,
            path=each.path, about=plan, key=_key(kind, each), to_self=True,
        )  # fmt: skip
    return told


def _takers(plans: Iterable[InspectionPlan]) -> dict[int, set[int]]:
    """Who may make a round that nobody has, by plan: its members and its team. Two queries."""
    plans = list(plans)
    found: dict[int, set[int]] = {}
    for pk, user in PlanMember.objects.filter(plan__in=plans).values_list("plan", "user"):
        found.setdefault(pk, set()).add(user)
    of_team: dict[int, set[int]] = {}
    teams = {plan.team_id for plan in plans} - {None}
    for team, user in TeamMember.objects.filter(team__in=teams).values_list("team", "user"):
        of_team.setdefault(team, set()).add(user)
    for plan in plans:
        found.setdefault(plan.pk, set()).update(of_team.get(plan.team_id or 0, set()))
    return found


def watchers_of(plan: InspectionPlan) -> list[User]:
    """Who looks after a plan: its owner, else everybody who defines inspections."""
    if plan.owner is not None and plan.owner.is_active:
        return [plan.owner]
    return list(holders_of(Right.INSPECT_MANAGE).filter(is_superuser=False))


def _escalate(missed: QuerySet) -> int:
    news = _news(_rounds(missed, "expires_at"), notices.ESCALATED)
    plans = InspectionPlan.objects.select_related("owner").in_bulk({each.plan for each in news})
    return sum(
        notify(
            watchers_of(plans[each.plan]), notices.ESCALATED,
            subject=_("Missed: %(plan)s %(what)s"),
            text=_("Nobody handed it in by %(at)s. Who will see to it?"),
            words={"plan": plans[each.plan], "what": each.what, "at": each.at},
            path=each.path, about=plans[each.plan], key=_key(notices.ESCALATED, each), to_self=True,
        )
        for each in news
    )  # fmt: skip


def _tell_of_catch_up(now: datetime) -> int:
    """Rounds that were over before their runs could be made: one notice a plan, to who looks after it."""
    late = InspectionRun.objects.filter(
        state=RunState.MISSED, created_at__gt=now - LATE_NEWS, expires_at__lte=F("created_at")
    )
    rows = late.order_by().values("plan").annotate(n=Count("pk"), first=Min("slot_at"), last=Max("slot_at"))
    found = {row["plan"]: row for row in rows}
    plans = InspectionPlan.objects.select_related("owner").in_bulk(found)
    return sum(
        notify(
            watchers_of(plan), notices.ESCALATED,
            subject=_("%(plan)s: %(count)s runs were missed while no scheduler ran"),
            text=_("From %(first)s to %(last)s. They are on record as missed."),
            words={"plan": plan, "count": row["n"], "first": row["first"], "last": row["last"]},
            path=reverse("inspections:plan", args=[plan.key]), about=plan,
            key=f"catch-up-{plan.pk}-{row['last']:%Y%m%d%H%M}", to_self=True,
        )
        for plan, row in ((plans[pk], row) for pk, row in found.items())
    )  # fmt: skip


def tell_of_trouble(*, now: datetime | None = None) -> int:
    """Who looks after a plan in trouble is told, again every day until it is over. Returns how many."""
    now = now or timezone.now()
    plans = InspectionPlan.objects.filter(is_enabled=True).exclude(trouble="").select_related("owner")
    return sum(
        notify(
            watchers_of(plan), notices.PLAN_TROUBLE,
            subject=_("The plan %(plan)s needs you"), text=_("%(trouble)s %(detail)s"),
            words={"plan": plan, "trouble": plan.get_trouble_display(), "detail": plan.trouble_detail},
            path=reverse("inspections:plan", args=[plan.key]), about=plan,
            key=f"trouble-{plan.pk}-{plan.trouble}-{timezone.localdate(now)}", to_self=True,
        )
        for plan in plans
    )  # fmt: skip


def warn_of_calendars(*, now: datetime | None = None) -> int:
    """Who defines inspections knows which calendars lack the holidays ahead, again every week."""
    now = now or timezone.now()
    people: list[Any] = []
    told = 0
    for calendar, years in uncovered_years(timezone.localdate(now)):
        people = people or list(holders_of(Right.INSPECT_MANAGE).filter(is_superuser=False))
        told += notify(
            people, notices.CALENDAR_GAP,
            subject=_("The calendar %(calendar)s knows no holidays of %(years)s"),
            text=_("Plans and deadlines go by the plain week there. Load the days once they are known."),
            words={"calendar": calendar, "years": ", ".join(map(str, years))},
            path=reverse("inspections:calendar", args=[calendar.key]), about=calendar,
            key=f"calendar-{calendar.pk}-{years[0]}-{timezone.localdate(now):%G%V}", to_self=True,
        )  # fmt: skip
    return told
