"""The rota out of a file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.querysets import holders_of
from accounts.roles import Right, require_right
from audit.context import because
from inspections import reasons
from inspections.actions.following import follow_rota
from inspections.actions.loading import Line, Loaded, date_of, table_of
from inspections.models import RosterEntry, Shift

Place = tuple[date, str]
COLUMNS = {
    "date": ("日期", "day", "on"),
    "person": ("人员", "姓名", "值班人", "user", "username", "name"),
    "role": ("角色", "岗位", "班", "duty"),
}
ROLES = {"": "A", "a": "A", "b": "B", "a角": "A", "b角": "B", "主班": "A", "副班": "B"}


def load_rota(shift: Shift, data: bytes, *, by: User, dry_run: bool = False) -> Loaded:
    """The shift's rota has every duty of the CSV file (date, person, role A or B); other days stay.

    A person is written as log-in name, display name or e-mail. All or nothing; the same file again changes
    nothing. Raises RightMissing, ValidationError. Locks the shift.
    """
    require_right(by, Right.INSPECT_MANAGE)
    with transaction.atomic(), because(reasons.ROTA_LOADED, user=by):
        Shift.objects.select_for_update().get(pk=shift.pk)
        standing = {(e.on, e.role): e for e in shift.roster.select_related("user")}
        wanted: dict[Place, User] = {}
        places: dict[Place, Line] = {}
        names, loaded = _people_by_name(), Loaded()
        for row in table_of(data, COLUMNS, may_lack=("role",)):
            line = Line(row.line, " ".join(filter(None, row.cells.values())), errors=list(row.errors))
            on, role = date_of(row.cells["date"]), ROLES.get(row.cells["role"].lower())
            people = names.get(row.cells["person"].casefold(), [])
            line.errors += _wrong(row.cells, on, role, people)
            if on is not None and role is not None and not line.errors:
                if (on, role) in wanted:
                    line.errors.append(_("This duty of that day stands in the file already."))
                    loaded.lines.append(line)
                    continue
                entry = standing.get((on, role))
                wanted[on, role], places[on, role] = people[0], line
                line.outcome = "create" if entry is None else "unchanged"
                if entry is not None and entry.user_id != people[0].pk:
                    line.outcome, line.note = "update", str(entry.user)
            loaded.lines.append(line)
        _refuse_doubles(places, wanted, standing)
        for line in loaded.errors:
            line.outcome = "error"
        if not loaded.errors and not dry_run:
            _write(shift, wanted, standing, by)
            loaded.is_written = True
    return loaded


def _people_by_name() -> dict[str, list[User]]:
    """Who may inspect, by every name that a file may use. One query."""
    found: dict[str, list[User]] = {}
    for person in holders_of(Right.INSPECT):
        for name in {person.username, person.display_name, person.email} - {""}:
            found.setdefault(name.casefold(), []).append(person)
    return found


def _wrong(cells: dict[str, str], on: date | None, role: str | None, people: Sequence[User]) -> list[str]:
    """What is wrong with a line, in words."""
    found = []
    if on is None:
        found.append(_("“%s” is no day; write 2026-10-01.") % cells["date"])
    if role is None:
        found.append(_("The duty is A or B, not “%s”.") % cells["role"])
    if not people:
        found.append(_("Nobody who may inspect is called “%s”.") % cells["person"])
    elif len(people) > 1:
        found.append(_("Several people are called “%s”; write the log-in name.") % cells["person"])
    return found


def _refuse_doubles(
    places: dict[Place, Line], wanted: dict[Place, User], standing: dict[Place, RosterEntry]
) -> None:
    """A line error where one person would have both duties of a day."""
    after = {place: entry.user_id for place, entry in standing.items()}
    after |= {place: user.pk for place, user in wanted.items()}
    for (on, _role), line in places.items():
        if after.get((on, "A")) is not None and after.get((on, "A")) == after.get((on, "B")):
            line.errors.append(_("One person cannot have A and B duty of a day."))


def _write(shift: Shift, wanted: dict[Place, User], standing: dict[Place, RosterEntry], by: User) -> None:
    reason, changed, new = _("Rota loaded from a file"), [], []
    for (on, role), user in wanted.items():
        entry = standing.get((on, role))
        if entry is None:
            new.append(RosterEntry(shift=shift, on=on, role=role, user=user))
        elif entry.user_id != user.pk:
            entry.user, entry.reason = user, reason
            changed.append(entry)
    RosterEntry.objects.bulk_update(changed, ["user", "reason"])
    RosterEntry.objects.bulk_create(new)
    follow_rota(shift, {on for on, _role in wanted}, by=by, reason=reason)
