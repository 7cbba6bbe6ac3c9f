"""Small CSV files that people bring (days of a calendar, a rota): checked whole, then written or not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from cmdb.imports.reading import FileRefused, Row, rows_of

LARGEST = 500_000
DATE_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日")


@dataclass
class Line:
    """One line of the file: what it says and what becomes of it (create, update, unchanged or error)."""

    number: int
    text: str = ""
    outcome: str = ""
    note: str = ""
    errors: list[str] = field(default_factory=list)


@dataclass
class Loaded:
    """What a file holds and what was written; nothing is while one line is wrong, or in a dry run."""

    lines: list[Line] = field(default_factory=list)
    is_written: bool = False

    @property
    def errors(self) -> list[Line]:
        return [line for line in self.lines if line.errors]

    @property
    def counts(self) -> Counter[str]:
        return Counter(line.outcome for line in self.lines)

    @property
    def summary(self) -> str:
        words = {
            "create": _("new"),
            "update": pgettext("imported row", "changed"),
            "unchanged": _("as before"),
            "error": _("wrong"),
        }
        return ", ".join(f"{self.counts[key]} {word}" for key, word in words.items())


def table_of(
    data: bytes, names: Mapping[str, tuple[str, ...]], *, may_lack: tuple[str, ...]
) -> Iterator[Row]:
    """The rows with our column names; `names` lists the headers that mean each column.

    UTF-8 with or without BOM, else GB18030 (Chinese Excel). Raises ValidationError for what is no such table.
    """
    if len(data) > LARGEST:
        raise ValidationError(_("The file is larger than 500 kB: this is no list of days."))
    try:
        data.decode("utf-8-sig")
        encoding = "utf-8"
    except UnicodeDecodeError:
        encoding = "gbk"
    meaning = {alias.lower(): name for name, aliases in names.items() for alias in (name, *aliases)}
    try:
        rows = list(rows_of(BytesIO(data), encoding=encoding))
    except FileRefused as refused:
        raise ValidationError(str(refused)) from None
    columns = {column: meaning.get(column.strip().lower()) for column in rows[0].cells}
    lacking = [name for name in names if name not in columns.values() and name not in may_lack]
    if lacking:
        message = _("The header lacks: %(lacking)s. Columns: %(columns)s.")
        raise ValidationError(message % {"lacking": ", ".join(lacking), "columns": ", ".join(names)})
    for row in rows[1:]:
        cells = {name: row.cells.get(column, "").strip() for column, name in columns.items() if name}
        yield Row(row.line, dict.fromkeys(names, "") | cells, row.errors)


def date_of(text: str) -> date | None:
    """The day, as Excel and people write it: 2026-10-01, 2026/10/1, 20261001, 2026年10月1日."""
    for form in DATE_FORMATS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 (a day has no zone)
        except ValueError:
            continue
    return None
