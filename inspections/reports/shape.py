"""What a report is before it is a page, a PDF or a spreadsheet: one record of plain data in one language."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import get_language

SCHEMA = "opsledger/inspection-report/1"
#: More rows than these are a matter for the worker.
LONG = 100
Record = dict[str, Any]


@dataclass(frozen=True)
class Report:
    """The record, what it is about, and the files that its pages show, by SHA-256."""

    subject: str
    record: Record
    record_sha256: str = ""
    photos: tuple[str, ...] = field(default=())

    @property
    def as_json(self) -> bytes:
        """The record as bytes: the same record gives the same bytes."""
        return canonical(self.record)


def canonical(record: Record) -> bytes:
    return json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def header(kind: str, title: str, subject: str, zone: ZoneInfo, made_at: datetime) -> Record:
    """What every record begins with."""
    return {
        "schema": SCHEMA,
        "kind": kind,
        "language": get_language() or "en",
        "title": title,
        "subject": subject,
        "time_zone": zone.key,
        "made": moment(made_at, zone),
    }


def moment(at: datetime | None, zone: ZoneInfo) -> Record | None:
    """A time for programs and for people; nothing where there is none."""
    if at is None:
        return None
    local = at.astimezone(zone)
    return {"at": local.isoformat(timespec="seconds"), "text": f"{local:%Y-%m-%d %H:%M}"}


def offset_of(zone: ZoneInfo, at: datetime) -> str:
    """The zone as readers know it: Asia/Shanghai (UTC+8)."""
    seconds = int((at.astimezone(zone).utcoffset() or at - at).total_seconds())
    hours, minutes = divmod(abs(seconds) // 60, 60)
    sign = "-" if seconds < 0 else "+"
    return f"{zone.key} (UTC{sign}{hours}" + (f":{minutes:02d})" if minutes else ")")


def fact(key: str, label: object, value: object) -> Record:
    """One line of the head: a stable key for programs, a label and a text for people."""
    return {"key": key, "label": str(label), "text": str(value) if value not in (None, "") else "—"}


def basis(lines: list[tuple[str, str, int]]) -> str:
    """What the report rests on, as one hash: (run, hash of its record, how many amendments) of each run."""
    text = "".join(f"{number} {sha256} {amended}\n" for number, sha256, amended in sorted(lines))
    return hashlib.sha256(text.encode()).hexdigest()
