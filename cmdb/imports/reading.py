"""From the bytes of a CSV file to rows, with bounded memory and every refusal in words."""

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from django.utils.translation import gettext_lazy as _

CHUNK = 1 << 16
LONGEST_LINE = 1 << 20
# GB18030 reads every GBK and GB2312 file, and the characters they lack.
CODECS = {"gbk": "gb18030", "gb2312": "gb18030", "utf-8": "utf-8-sig", "utf8": "utf-8-sig"}
NOT_TEXT = {
    b"PK\x03\x04": _("an Excel workbook or a ZIP archive"),
    b"\xd0\xcf\x11\xe0": _("an old Excel workbook"),
    b"%PDF": _("a PDF"),
}


class FileRefused(Exception):  # noqa: N818 (reads as the sentence it raises)
    """The file as a whole cannot be imported; the message says where it is wrong and what to do."""


@dataclass(frozen=True)
class Row:
    """One line of the file: its number, its cells by column, and what is wrong with its shape."""

    line: int
    cells: dict[str, str]
    errors: list[str] = field(default_factory=list)


def rows_of(stream: BinaryIO, *, encoding: str = "", delimiter: str = ",") -> Iterator[Row]:
    """The header as a row of its own, then every row under it; blank lines are passed over.

    Raises FileRefused for an empty file, undecodable bytes, a line over 1 MiB, broken quoting, a bad header.
    Memory: one line.
    """
    reader = csv.reader(lines_of(stream, encoding or "utf-8"), delimiter=delimiter, strict=True)
    records = records_of(reader)
    first, header = next(records, (0, []))
    if not header:
        raise FileRefused(_("The file is empty: it needs a header line and at least one row."))
    columns = [name.strip() for name in header]
    twice = sorted({name for name in columns if columns.count(name) > 1 and name})
    if twice:
        raise FileRefused(_("The header names a column twice: %s.") % ", ".join(twice))
    yield Row(first, dict(zip(columns, columns, strict=True)))
    for line, cells in records:
        yield Row(line, dict(zip(columns, cells, strict=False)), ragged(columns, cells))


def ragged(columns: list[str], cells: list[str]) -> list[str]:
    if len(cells) == len(columns):
        return []
    return [
        _("The row has %(cells)d cells, the header %(columns)d.")
        % {"cells": len(cells), "columns": len(columns)}
    ]


def records_of(reader) -> Iterator[tuple[int, list[str]]]:
    """(line on which it starts, cells) of each record that is not blank."""
    while True:
        start = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as fault:
            raise FileRefused(
                _(
                    "Line %(line)d: %(fault)s. Check the quotes around this record, and that the delimiter "
                    "is the one the mapping names."
                )
                % {"line": start, "fault": fault}
            ) from fault
        if any(cell.strip() for cell in cells):
            yield start, cells


def lines_of(stream: BinaryIO, encoding: str) -> Iterator[str]:
    """Lines ended by LF, CRLF or CR alone, each given with one LF."""
    rest = ""
    number = 1
    for text in decoded(stream, encoding):
        *lines, rest = (rest + text).split("\n")
        for line in lines:
            refuse_long(line, number)
            number += 1
            yield line + "\n"
        refuse_long(rest, number)
    if rest:
        yield rest


def refuse_long(line: str, number: int) -> None:
    if len(line) > LONGEST_LINE:
        raise FileRefused(
            _(
                "Line %(line)d is longer than %(limit)d characters: this is no table with one row per line. "
                "Check the line ends and the quotes."
            )
            % {"line": number, "limit": LONGEST_LINE}
        )


def decoded(stream: BinaryIO, encoding: str) -> Iterator[str]:
    """The text in pieces, line ends made LF; the first undecodable byte refuses the file and is named."""
    try:
        decoder = io.IncrementalNewlineDecoder(incremental_decoder(encoding), translate=True)
    except LookupError:
        raise FileRefused(_("No encoding is called “%s”. Try utf-8, gbk or utf-16.") % encoding) from None
    before = b""
    offset, line = 0, 1
    while chunk := stream.read(CHUNK):
        if not offset:
            refuse_other_formats(chunk, encoding)
        try:
            text = decoder.decode(chunk)
        except UnicodeDecodeError as fault:
            raise undecodable(fault, encoding, offset - len(before), line) from None
        yield text
        offset += len(chunk)
        line += text.count("\n")
        before = decoder.getstate()[0]
    try:
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as fault:
        raise undecodable(fault, encoding, offset - len(before), line) from None


def incremental_decoder(encoding: str) -> codecs.IncrementalDecoder:
    name = encoding.lower()
    return codecs.getincrementaldecoder(CODECS.get(name, name))()


def undecodable(fault: UnicodeDecodeError, encoding: str, offset: int, line: int) -> FileRefused:
    good = fault.object[: fault.start]
    return FileRefused(
        _(
            "Line %(line)d, byte %(byte)d of the file (0x%(value)02x) is not %(encoding)s. "
            "Pass the encoding the file was saved in, e.g. --encoding gbk (Chinese Excel) or "
            "--encoding latin-1 (Western Excel), or save it as UTF-8."
        )
        % {
            "line": line + good.count(b"\n") + (good.count(b"\r") if b"\n" not in good else 0),
            "byte": offset + fault.start + 1,
            "value": fault.object[fault.start],
            "encoding": encoding,
        }
    )


def refuse_other_formats(start: bytes, encoding: str) -> None:
    for signature, name in NOT_TEXT.items():
        if start.startswith(signature):
            raise FileRefused(_("This is %s, no CSV file. Save the sheet as “CSV UTF-8” first.") % name)
    if b"\0" in start and not encoding.lower().replace("_", "-").startswith("utf-16"):
        raise FileRefused(
            _("The file contains NUL bytes: it is no text, or it is UTF-16 (pass --encoding utf-16).")
        )
