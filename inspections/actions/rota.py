"""The rota: filled forward by turns, duties swapped for a reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import BigIntegerField, Case, F, Value, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actions import notify
from accounts.models import User
from accounts.roles import Right, has_right, require_right
from audit.context import because
from inspections import guards, notices, reasons
from inspections.actions.following import follow_rota
from inspections.models import RosterEntry, Shift

DAY = timedelta(days=1)
LONGEST_FILL = 366


def fill_rota(
    shift: Shift, people: Sequence[User], *, first: date, last: date, by: User, days_each: int = 1
) -> int:
    """Every day from `first` to `last` has its duties: the people in turn, `days_each` days on end.

    The next in turn has B duty where the shift has one. Duties that stand stay; only gaps are filled. Returns
    how many. Raises RightMissing, ValidationError. Locks the shift; the statements do not grow with the days.
    """
    require_right(by, Right.INSPECT_MANAGE)
    people = list(dict.fromkeys(people))
    if not people:
        raise ValidationError(_("Name the people who take turns, in their order."))
    if not 0 <= (last - first).days < LONGEST_FILL:
        raise ValidationError(_("The last day is not before the first, and within a year."))
    roles = ("A", "B") if shift.has_deputy and len(people) > 1 else ("A",)
    with transaction.atomic(), because(reasons.ROTA_FILLED, user=by):
        Shift.objects.select_for_update().get(pk=shift.pk)
        stands = _standing(shift, first, last)
        new = []
        for n in range((last - first).days + 1):
            on, turn = first + n * DAY, n // max(days_each, 1)
            taken = stands.setdefault(on, {})
            for place, role in enumerate(roles):
                if role in taken:
                    continue
                order = (people[(turn + place + i) % len(people)] for i in range(len(people)))
                person = next((p for p in order if p.pk not in taken.values()), None)
                if person is not None:
                    taken[role] = person.pk
                    new.append(RosterEntry(shift=shift, on=on, role=role, user=person))
        RosterEntry.objects.bulk_create(new)
        follow_rota(shift, {entry.on for entry in new}, by=by, reason=_("The rota was filled"))
    return len(new)


def _standing(shift: Shift, first: date, last: date) -> dict[date, dict[str, int]]:
    """The duties of these days: role → person. One query."""
    found: dict[date, dict[str, int]] = {}
    for on, role, user in shift.roster.filter(on__range=(first, last)).values_list("on", "role", "user"):
        found.setdefault(on, {})[role] = user
    return found


def give_duty(entry: RosterEntry, *, to: User, by: User, reason: str) -> RosterEntry:
    """Another person has the duty; who has the other duty of that day changes places. Both are told.

    Raises Refused. Locks the duties of the day.
    """
    with transaction.atomic():
        mine = RosterEntry.objects.select_for_update().select_related("shift", "user").get(pk=entry.pk)
        other = (
            RosterEntry.objects.select_for_update().filter(shift=mine.shift_id, on=mine.on, user=to).first()
        )
        return _change([(mine, to)] + ([(other, mine.user)] if other else []), by=by, reason=reason)[0]


def swap_duties(one: RosterEntry, other: RosterEntry, *, by: User, reason: str) -> None:
    """The people of two duties change places; both are told. Raises Refused. Locks both duties."""
    with transaction.atomic():
        pks = sorted((one.pk, other.pk))
        rows = (
            RosterEntry.objects.select_for_update(of=("self",)).select_related("shift", "user").in_bulk(pks)
        )
        first, second = rows[one.pk], rows[other.pk]
        _change([(first, second.user), (second, first.user)], by=by, reason=reason)


def _change(moves: list[tuple[RosterEntry, User]], *, by: User, reason: str) -> list[RosterEntry]:
    reason = reason.strip()
    refusals = [each for entry, to in moves for each in guards.against_changing_duty(entry, to, by, reason)]
    own = any(entry.user_id == by.pk for entry, _to in moves)
    if not own and not has_right(by, Right.INSPECT_MANAGE):
        message = _("Who has the duty or who defines inspections changes it.")
        refusals.append(guards.Refusal("right", message))
    guards.refuse_if(list(dict.fromkeys(refusals)), "change duty", by=by, target=moves[0][0])
    former = {entry.pk: entry.user for entry, _to in moves}
    with because(reason, user=by):
        # One statement: for a moment of two, one person would have both duties of a day.
        person = Case(
            *(When(pk=entry.pk, then=Value(to.pk)) for entry, to in moves),
            default=F("user_id"),
            output_field=BigIntegerField(),
        )
        RosterEntry.objects.filter(pk__in=former).update(user=person, reason=reason[:200])
        for shift in {entry.shift for entry, _to in moves}:
            days = {entry.on for entry, _to in moves if entry.shift == shift}
            follow_rota(shift, days, by=by, reason=reason)
        for entry, to in moves:
            _tell(entry, former[entry.pk], to, by, reason)
    return [RosterEntry.objects.get(pk=entry.pk) for entry, _to in moves]


def _tell(entry: RosterEntry, former: User, to: User, by: User, reason: str) -> None:
    notify(
        [former, to],
        notices.ROTA,
        subject=gettext_lazy("%(shift)s on %(on)s: %(to)s instead of %(former)s"),
        text=gettext_lazy("%(by)s: %(reason)s"),
        words={"shift": entry.shift, "on": entry.on, "to": to, "former": former, "by": by, "reason": reason},
        path=f"/inspections/rota/?shift={entry.shift.key}&day={entry.on}",
        about=entry.shift,
    )


def remove_duty(entry: RosterEntry, *, by: User) -> None:
    """The duty, which lies ahead, is a gap again. Raises RightMissing, Refused for a duty of the past."""
    require_right(by, Right.INSPECT_MANAGE)
    guards.refuse_if(guards.against_removing_duty(entry), "remove duty", by=by, target=entry)
    with transaction.atomic(), because(reasons.DUTY_REMOVED, user=by):
        entry.delete()
