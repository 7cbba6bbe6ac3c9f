"""A report as XLSX: every text is written as text, so that nothing people typed is ever computed."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from io import BytesIO
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _
from django.utils.translation import override

from inspections.reports.columns import Column, fact_lines, sheets_of
from inspections.reports.document import Imprint
from inspections.reports.shape import Record

#: What XML cannot hold.
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
LONGEST = 32_000  # Excel holds 32,767 characters in a cell
TONES = {"crit": "#f8d7da", "warn": "#fff3cd", "unknown": "#e2e3e5", "": "#e2e3e5"}


def as_xlsx(data: bytes, imprint: Imprint) -> bytes:
    """The record as a workbook, the watermark above every sheet; the same arguments give the same bytes."""
    record = json.loads(data)
    made = BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with override(record["language"]), xlsxwriter.Workbook(made, options) as book:
        book.set_properties(
            {
                "title": clean(f"{record['title']} {record['subject']}")[:200],
                "author": clean(imprint.watermark),
                "comments": imprint.number, "created": imprint.issued_at.replace(tzinfo=None),
            }
        )  # fmt: skip
        writer = Writer(book, clean(f"{imprint.number} · {imprint.watermark}"))
        writer.facts(record)
        for title, columns, rows in sheets_of(record):
            if rows:
                writer.table(title, columns, rows)
    return made.getvalue()


class Writer:
    """Sheets of one workbook that look alike."""

    def __init__(self, book: xlsxwriter.Workbook, watermark: str) -> None:
        self.book, self.watermark = book, watermark
        self.bold = book.add_format({"bold": True})
        self.soft = book.add_format({"font_color": "#5b6675", "italic": True})
        self.head = book.add_format(
            {"bold": True, "bg_color": "#e8edf4", "border": 1, "border_color": "#b8c2d0", "text_wrap": True}
        )
        self.text = book.add_format({"text_wrap": True, "valign": "top"})
        self.tones = {code: book.add_format({"bg_color": colour}) for code, colour in TONES.items()}

    def sheet(self, title: str) -> Any:
        sheet = self.book.add_worksheet(title[:31])
        sheet.write_string(0, 0, self.watermark, self.soft)
        sheet.set_footer(f"&L{self.watermark.replace('&', '&&')[:200]}&R&P / &N")
        sheet.set_paper(9)
        return sheet

    def facts(self, record: Record) -> None:
        """The first sheet: head, conclusion, five numbers, signatures, hashes."""
        sheet = self.sheet(_("Report"))
        sheet.set_column(0, 0, 28)
        sheet.set_column(1, 1, 70)
        line = 2
        sheet.write_string(line, 0, f"{clean(record['title'])} {clean(record['subject'])}", self.bold)
        for label, value in fact_lines(record):
            line += 1
            sheet.write_string(line, 0, clean(label), self.bold if not value else None)
            sheet.write_string(line, 1, clean(value), self.text)

    def table(self, title: str, columns: Sequence[Column], rows: Sequence[Record]) -> None:
        """One sheet: frozen header, filter, the result coloured by its word."""
        sheet = self.sheet(title)
        for place, (label, width, _cell) in enumerate(columns):
            sheet.write_string(1, place, clean(label), self.head)
            sheet.set_column(place, place, width)
        for line, row in enumerate(rows, 2):
            for place, (_label, _width, cell) in enumerate(columns):
                self.write(sheet, line, place, cell(row))
        last = len(rows) + 1
        sheet.freeze_panes(2, 2)
        sheet.repeat_rows(1)
        sheet.autofilter(1, 0, last, len(columns) - 1)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        words = {row.get("word", ""): row.get("result", "") for row in rows}
        result = next((n for n, column in enumerate(columns) if column[0] == _("Result")), None)
        for word, code in sorted(words.items()):
            if result is not None and code in self.tones:
                rule = {"type": "cell", "criteria": "==", "value": quoted(word), "format": self.tones[code]}
                sheet.conditional_format(2, result, last, result, rule)

    def write(self, sheet: Any, line: int, place: int, value: Any) -> None:
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            sheet.write_number(line, place, value)
        else:
            sheet.write_string(line, place, clean(value), self.text)


def quoted(word: str) -> str:
    """Our own word as a constant of a condition."""
    return '"' + word.replace('"', '""') + '"'


def clean(value: Any) -> str:
    """Text for a cell, cut where Excel would refuse it, with a sign that it was cut."""
    text = "" if value is None else UNWRITABLE.sub("\ufffd", str(value))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
