"""Who makes a round: fixed people, a rotation, the rota, or whoever takes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from accounts.models import User
from inspections.models import InspectionPlan, RosterEntry, Shift
from inspections.timetable import Timetable

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Crew:
    """One run's people; both may be missing, the team is there then."""

    assignee: User | None = None
    deputy: User | None = None


def crews_of(
    plan: InspectionPlan, timetable: Timetable, ats: list[datetime], *, members: list[User] | None = None
) -> dict[datetime, list[Crew]]:
    """For each round, its runs' people: one crew, or one for each person where all must complete it.

    Three queries at most, however many rounds. People who left are passed over.
    `members` stand in for the plan's own, for a look ahead before it is saved.
    """
    if members is None:
        members = [member.user for member in plan.members.select_related("user")] if plan.pk else []
    people = [user for user in members if user.is_active]
    everyone = plan.must_complete == plan.MustComplete.ALL
    if plan.assign == plan.Assign.ROSTER and plan.shift is not None:
        rota = on_duty_at(plan.shift, ats)
        return {at: _split(rota[at]) if everyone else [_pair(rota[at])] for at in ats}
    if everyone:
        if not people and plan.team is not None:
            people = list(plan.team.users.filter(is_active=True).order_by("pk"))
        return {at: _split(people) for at in ats}
    if plan.assign == plan.Assign.ROTATION and people:
        numbers = timetable.numbers(ats)
        return {at: [_turn(people, number)] for at, number in zip(ats, numbers, strict=True)}
    holder = plan.assignee if plan.assign == plan.Assign.FIXED else None
    one = Crew(holder if holder is not None and holder.is_active else None)
    return {at: [one] for at in ats}


def on_duty_at(shift: Shift, ats: Iterable[datetime]) -> dict[datetime, list[User]]:
    """Who of the rota makes the rounds at these instants, A before B. One query.

    A round outside the hours of the shift belongs to the duty of its day.
    """
    days = {at: duty_day(shift, at) for at in ats}
    entries = RosterEntry.objects.filter(shift=shift, on__in=set(days.values()), user__is_active=True)
    found: dict[date, list[User]] = {}
    for entry in entries.select_related("user").order_by("on", "role"):
        found.setdefault(entry.on, []).append(entry.user)
    return {at: found.get(day, []) for at, day in days.items()}


def duty_day(shift: Shift, at: datetime) -> date:
    """The day whose duty a round at this instant belongs to: that of the night before, until it ends."""
    today = at.astimezone(shift.zone).date()
    first, last = shift.span_on(today - DAY)
    return today - DAY if first <= at < last else today


def _turn(people: list[User], number: int) -> Crew:
    """The one whose turn it is; the next in line is the deputy."""
    deputy = people[(number + 1) % len(people)] if len(people) > 1 else None
    return Crew(people[number % len(people)], deputy)


def _pair(people: list[User]) -> Crew:
    return Crew(*people[:2])


def _split(people: list[User]) -> list[Crew]:
    return [Crew(person) for person in people] or [Crew()]
