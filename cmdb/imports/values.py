"""From the text of a cell to the value of an attribute or field."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cmdb.attributes import from_text
from cmdb.imports.mapping import Cell

# Only forms in which day and month cannot be confused; others are named in the mapping under `dates`.
PLAIN_DATES = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d")


class Unreadable(Exception):  # noqa: N818 (reads as the sentence it raises)
    """The text is no value of its kind; the message says which kind was expected."""


def attribute_value(spec: dict[str, Any], text: str, cell: Cell) -> Any:
    """The value as it is stored, by the kind in the compiled schema. A text that stands for none comes back
    as it is, for `attribute_faults` to name; raises Unreadable for a date of another form."""
    if spec["kind"] == "list" and cell.split:
        return [part.strip() for part in text.split(cell.split) if part.strip()]
    if spec["kind"] == "choice":
        return option_meant(text, spec)
    reader = {"date": day, "datetime": instant}.get(spec["kind"])
    return reader(text, cell) if reader else from_text(spec, text)


def option_meant(text: str, spec: dict[str, Any]) -> str:
    """The value of the choice with this value or label, in either language and any case; else the text."""
    for option in spec.get("choices", []):
        if text.casefold() in {str(word).casefold() for word in option.values()}:
            return option["value"]
    return text


def day(text: str, cell: Cell) -> str:
    return read_moment(text, cell).date().isoformat()


def instant(text: str, cell: Cell) -> str:
    return read_instant(text, cell).isoformat().replace("+00:00", "Z")


def read_instant(text: str, cell: Cell) -> datetime:
    """The instant, in the server's time zone where the text names none."""
    moment = read_moment(text, cell)
    return (moment if moment.tzinfo else timezone.make_aware(moment)).astimezone(UTC)


def read_moment(text: str, cell: Cell) -> datetime:
    for form in cell.dates or PLAIN_DATES:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 (the zone is added by the caller)
        except ValueError:
            continue
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        expected = ", ".join(cell.dates) or date(2026, 12, 31).isoformat()
        raise Unreadable(
            _("“%(text)s” is not a date of the form %(form)s.") % {"text": text, "form": expected}
        ) from None


def chosen(text: str, options: list[tuple[Any, ...]]) -> Any:
    """The stored value of the option with this value or label, in either language and any case."""
    for option in options:
        if text.casefold() in {str(word).casefold() for word in option if word != ""}:
            return option[0]
    raise Unreadable(
        _("“%(text)s” is not one of: %(options)s.")
        % {"text": text, "options": ", ".join(str(option[0]) for option in options)}
    )
