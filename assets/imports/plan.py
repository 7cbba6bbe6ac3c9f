"""What an import would do, row by row, before anything is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from assets.imports.cells import CellRefused
from cmdb.imports.reading import FileRefused, Row

CREATE, UPDATE, UNCHANGED, DUPLICATE, ERROR = "create", "update", "unchanged", "duplicate", "error"


@dataclass(frozen=True)
class Column:
    """One column of a file: the field it fills, the headers it goes by, and how its cells are read."""

    name: str
    headers: tuple[str, ...]
    clean: Callable[[str], Any]
    required: bool = False


@dataclass
class Line:
    """One row of the file: what it says, and what becomes of it."""

    number: int
    label: str
    values: dict[str, Any]
    errors: list[str] = field(default_factory=list)
    deed: str = UNCHANGED
    differences: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    note: str = ""


@dataclass
class Plan:
    """Every row of the file with its outcome, and the rows to write."""

    lines: list[Line]
    unused_headers: list[str]
    creates: list[models.Model] = field(default_factory=list)
    updates: list[models.Model] = field(default_factory=list)

    @property
    def counts(self) -> Counter[str]:
        return Counter(line.deed for line in self.lines)

    @property
    def errors(self) -> list[Line]:
        return [line for line in self.lines if line.deed == ERROR]


def read_lines(rows: Iterable[Row], columns: tuple[Column, ...]) -> tuple[list[Line], list[str]]:
    """The rows as values by field, an empty cell saying nothing; with the headers nobody reads.

    Raises FileRefused if a required column is missing.
    """
    rows = iter(rows)
    fields, unused = _match(list(next(rows).cells), columns)
    lines = [_read(row, fields, columns) for row in rows]
    if not lines:
        raise FileRefused(_("The file has a header line and no rows."))
    return lines, unused


def _match(headers: list[str], columns: tuple[Column, ...]) -> tuple[dict[str, Column], list[str]]:
    names = {alias.lower(): column for column in columns for alias in (column.name, *column.headers)}
    fields = {header: names[header.strip().lower()] for header in headers if header.strip().lower() in names}
    missing = [column for column in columns if column.required and column not in fields.values()]
    if missing:
        raise FileRefused(
            _("The file lacks the column %(missing)s. It has: %(present)s.")
            % {
                "missing": ", ".join(" / ".join((column.name, *column.headers)) for column in missing),
                "present": ", ".join(headers),
            }
        )
    return fields, [header for header in headers if header not in fields]


def _read(row: Row, fields: dict[str, Column], columns: tuple[Column, ...]) -> Line:
    line = Line(number=row.line, label="", values={}, errors=list(row.errors))
    for header, column in fields.items():
        cell = row.cells.get(header, "").strip()
        if not cell:
            continue
        try:
            line.values[column.name] = column.clean(cell)
        except CellRefused as refused:
            line.errors.append(f"{header}: {refused}")
    for column in columns:
        if column.required and column.name not in line.values and not line.errors:
            line.errors.append(_("%s is empty") % column.name)
    return line


def mark_duplicates(lines: list[Line], key: Callable[[dict[str, Any]], Any]) -> list[Line]:
    """The lines to plan: without errors, each key once; a repeated key is passed over and says so."""
    seen: dict[Any, Line] = {}
    fresh: list[Line] = []
    for line in lines:
        if line.errors:
            line.deed = ERROR
            continue
        first = seen.setdefault(key(line.values), line)
        if first is line:
            fresh.append(line)
            continue
        line.deed = DUPLICATE
        differing = sorted(
            name for name in {*first.values, *line.values} if first.values.get(name) != line.values.get(name)
        )
        line.note = _("the same as line %(number)d, which counts; they differ in: %(fields)s") % {
            "number": first.number,
            "fields": ", ".join(differing) or _("nothing"),
        }
    return fresh


def settle(plan: Plan, line: Line, found: models.Model | None, make: Callable[[], models.Model]) -> None:
    """Decides create, update or unchanged for a line, and puts the row to write into the plan."""
    if found is None:
        line.deed = CREATE
        plan.creates.append(make())
        return
    line.differences = {
        name: (getattr(found, name), value)
        for name, value in line.values.items()
        if getattr(found, name) != value
    }
    if not line.differences:
        return
    line.deed = UPDATE
    for name, (_before, after) in line.differences.items():
        setattr(found, name, after)
    plan.updates.append(found)
