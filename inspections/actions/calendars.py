"""The days of a work calendar, out of a file."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, require_right
from audit.context import because
from inspections import reasons
from inspections.actions.loading import Line, Loaded, date_of, table_of
from inspections.models import CalendarDay, WorkCalendar

COLUMNS = {
    "date": ("日期", "day", "on"),
    "kind": ("类型", "类别", "type"),
    "label": ("名称", "节日", "说明", "name"),
}
KINDS = {
    "holiday": CalendarDay.Kind.HOLIDAY, "节假日": CalendarDay.Kind.HOLIDAY, "假": CalendarDay.Kind.HOLIDAY,
    "休": CalendarDay.Kind.HOLIDAY, "放假": CalendarDay.Kind.HOLIDAY, "休息": CalendarDay.Kind.HOLIDAY,
    "workday": CalendarDay.Kind.WORKDAY, "班": CalendarDay.Kind.WORKDAY, "上班": CalendarDay.Kind.WORKDAY,
    "调休": CalendarDay.Kind.WORKDAY, "补班": CalendarDay.Kind.WORKDAY, "工作日": CalendarDay.Kind.WORKDAY,
}  # fmt: skip
LONGEST_LABEL = CalendarDay._meta.get_field("label").max_length or 80


def load_days(calendar: WorkCalendar, data: bytes, *, by: User | None, dry_run: bool = False) -> Loaded:
    """The calendar has every day of the CSV file (date, kind, label); days that the file does not name stay.

    All or nothing: with one wrong line, or as a dry run, nothing is written. The same file again changes
    nothing. `by` is None at the command line. Raises RightMissing, or ValidationError for what is no such
    table. Locks the calendar; three statements however long the file.
    """
    if by is not None:
        require_right(by, Right.INSPECT_MANAGE)
    with transaction.atomic(), because(reasons.CALENDAR_LOADED, user=by):
        WorkCalendar.objects.select_for_update().get(pk=calendar.pk)
        known = {day.on: day for day in CalendarDay.objects.filter(calendar=calendar)}
        loaded, new, changed = Loaded(), [], []
        seen: dict[date, int] = {}
        for row in table_of(data, COLUMNS, may_lack=("label",)):
            line, on, kind = (
                Line(row.line, errors=list(row.errors)),
                date_of(row.cells["date"]),
                row.cells["kind"],
            )
            label = row.cells["label"]
            line.text = " ".join(filter(None, row.cells.values()))
            line.errors += list(_wrong(row.cells, on, seen))
            loaded.lines.append(line)
            if line.errors or on is None:
                line.outcome = "error"
                continue
            seen[on] = row.line
            told = CalendarDay(calendar=calendar, on=on, kind=KINDS[kind.lower()], label=label)
            day = known.get(on)
            if day is None:
                line.outcome = "create"
                new.append(told)
            elif (day.kind, day.label) == (told.kind, told.label):
                line.outcome = "unchanged"
            else:
                line.outcome, line.note = "update", f"{day.get_kind_display()} {day.label}".strip()
                day.kind, day.label = told.kind, told.label
                changed.append(day)
        if not loaded.errors and not dry_run:
            CalendarDay.objects.bulk_create(new)
            CalendarDay.objects.bulk_update(changed, ["kind", "label"])
            loaded.is_written = True
    return loaded


def _wrong(cells: dict[str, str], on: date | None, seen: dict[date, int]) -> list[str]:
    """What is wrong with a line, in words."""
    found = []
    if on is None:
        found.append(_("“%s” is no day; write 2026-10-01.") % cells["date"])
    elif on in seen:
        found.append(_("The day stands in line %(line)d already.") % {"line": seen[on]})
    if cells["kind"].lower() not in KINDS:
        found.append(_("The kind is holiday or workday (节假日, 调休), not “%s”.") % cells["kind"])
    if len(cells["label"]) > LONGEST_LABEL:
        found.append(_("The label is longer than %(limit)d characters.") % {"limit": LONGEST_LABEL})
    return found
