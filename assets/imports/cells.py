"""From the text of one cell to a value: dates, numbers and choices as ledgers write them."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from django.db import models
from django.utils.translation import gettext as _

# Day 60 of Excel's calendar is a 29 February 1900 that never was; later numbers count from here.
EXCEL_EPOCH = datetime.date(1899, 12, 30)
EARLIEST_EXCEL_DAY, LATEST_EXCEL_DAY = 20_000, 80_000
YEAR_FIRST = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]00?:00(?::00)?)?")
YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})")
MONEY = re.compile(r"[¥￥$€£,，\s]")
TRUE = {"true", "yes", "y", "1", "是"}
FALSE = {"false", "no", "n", "0", "否"}


class CellRefused(ValueError):  # noqa: N818 (what happened, in the house's words)
    """A cell does not say what its column needs; the message says why."""


def text(longest: int) -> Callable[[str], str]:
    def clean(cell: str) -> str:
        value = " ".join(cell.split())
        if len(value) > longest:
            raise CellRefused(
                _("%(length)d characters, at most %(longest)d fit")
                % {"length": len(value), "longest": longest}
            )
        if "\x00" in value:
            raise CellRefused(_("contains a NUL character"))
        return value

    return clean


def number(digits: int, places: int) -> Callable[[str], Decimal]:
    """A number not below zero with `places` decimals; currency signs and thousands commas are passed over."""

    def clean(cell: str) -> Decimal:
        try:
            value = Decimal(MONEY.sub("", cell))
        except InvalidOperation:
            raise CellRefused(_("“%s” is not a number") % cell) from None
        if not value.is_finite() or value < 0:
            raise CellRefused(_("“%s” is not a number of zero or more") % cell)
        if value >= Decimal(10) ** (digits - places):
            raise CellRefused(_("“%s” is too large") % cell)
        rounded = value.quantize(Decimal(1).scaleb(-places))
        if rounded != value:
            raise CellRefused(
                _("“%(cell)s” has more than %(places)d decimals") % {"cell": cell, "places": places}
            )
        return rounded

    return clean


def whole(cell: str) -> int:
    return int(number(9, 0)(cell))


def currency(cell: str) -> str:
    """A currency by its three letters (ISO 4217)."""
    if not re.fullmatch(r"[A-Za-z]{3}", cell.strip()):
        raise CellRefused(_("“%s” is not a currency; write it as CNY") % cell)
    return cell.strip().upper()


def boolean(cell: str) -> bool:
    word = cell.strip().lower()
    if word in TRUE or word in FALSE:
        return word in TRUE
    raise CellRefused(_("“%s” is neither yes nor no") % cell)


def choice(choices: type[models.TextChoices]) -> Callable[[str], str]:
    """One of the choices, by its code or its label in the active language or in English."""

    def clean(cell: str) -> str:
        word = cell.strip().lower()
        for value, label in choices.choices:
            if word in {value.lower(), str(label).lower(), value.replace("_", " ")}:
                return value
        raise CellRefused(
            _("“%(cell)s” is none of: %(choices)s") % {"cell": cell, "choices": ", ".join(choices.values)}
        )

    return clean


def day(order: str = "") -> Callable[[str], datetime.date]:
    """A date: year first in any dress, Excel's day number, or day and month first where one is above 12.

    `order` ("dmy" or "mdy") settles what is otherwise ambiguous, e.g. 3/4/2023.
    """

    def clean(cell: str) -> datetime.date:
        word = cell.strip()
        if re.fullmatch(r"\d{8}", word):
            return _date(cell, word[:4], word[4:6], word[6:])
        if found := YEAR_FIRST.fullmatch(word):
            return _date(cell, *found.groups())
        if re.fullmatch(r"\d{5}(\.0)?", word):
            return _excel_day(cell, int(float(word)))
        if found := YEAR_LAST.fullmatch(word):
            return _year_last(cell, *found.groups(), order)
        raise CellRefused(_("“%s” is not a date; write it as 2026-03-31") % cell)

    return clean


def _year_last(cell: str, first: str, second: str, year: str, order: str) -> datetime.date:
    year = year if len(year) == 4 else f"20{year}"
    if int(first) > 12 or order == "dmy" or first == second:
        return _date(cell, year, second, first)
    if int(second) > 12 or order == "mdy":
        return _date(cell, year, first, second)
    raise CellRefused(
        _("“%s” may be day/month or month/day; write it as 2026-03-31 or say --dates dmy or mdy") % cell
    )


def _excel_day(cell: str, days: int) -> datetime.date:
    if not EARLIEST_EXCEL_DAY <= days <= LATEST_EXCEL_DAY:
        raise CellRefused(_("“%s” is not a date; write it as 2026-03-31") % cell)
    return EXCEL_EPOCH + datetime.timedelta(days=days)


def _date(cell: str, year: str, month: str, of_month: str) -> datetime.date:
    try:
        return datetime.date(int(year), int(month), int(of_month))
    except ValueError:
        raise CellRefused(_("“%s” is not a day of the calendar") % cell) from None
