"""What an import did, or would do: one answer per row."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _


class Outcome(StrEnum):
    """What becomes of one row."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    ERROR = "error"

    @property
    def label(self) -> str:
        return {
            Outcome.CREATE: _("create"),
            Outcome.UPDATE: _("update"),
            Outcome.UNCHANGED: _("unchanged"),
            Outcome.SKIPPED: _("skipped"),
            Outcome.ERROR: _("error"),
        }[self]


@dataclass
class PlannedRow:
    """One row of the file: what it addresses, what becomes of it, the differences or what is wrong."""

    line: int
    address: str
    outcome: Outcome = Outcome.CREATE
    differences: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    note: str = ""

    def refuse(self, reason: Any) -> None:
        self.outcome = Outcome.ERROR
        self.errors.append(str(reason))

    def as_json(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"line": self.line, "address": self.address, "outcome": str(self.outcome)}
        if self.differences:
            shown["differences"] = {
                key: {"before": before, "after": after} for key, (before, after) in self.differences.items()
            }
        if self.errors:
            shown["errors"] = self.errors
        if self.note:
            shown["note"] = self.note
        return shown


@dataclass
class Report:
    """The whole answer. `refusal` says why nothing was written although every row is right by itself."""

    name: str
    rows: list[PlannedRow] = field(default_factory=list)
    refusal: str = ""
    is_applied: bool = False

    @property
    def counts(self) -> dict[str, int]:
        counted = Counter(row.outcome for row in self.rows)
        return {str(outcome): counted[outcome] for outcome in Outcome}

    @property
    def has_errors(self) -> bool:
        return bool(self.refusal) or any(row.outcome == Outcome.ERROR for row in self.rows)

    @property
    def summary(self) -> str:
        """As "3460 created, 0 updated, 0 unchanged, 0 errors"."""
        text = (
            _("%(create)d created, %(update)d updated, %(unchanged)d unchanged, %(error)d errors")
            % self.counts
        )
        skipped = self.counts["skipped"]
        return f"{text}, {_('%d skipped') % skipped}" if skipped else str(text)

    def as_json(self) -> dict[str, Any]:
        return {
            "file": self.name,
            "applied": self.is_applied,
            "summary": self.counts,
            "refusal": self.refusal,
            "rows": [row.as_json() for row in self.rows],
        }
