"""What an import of past changes did, or would do: one answer per row."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext


class Outcome(StrEnum):
    """What becomes of one row. A conflict is a row that differs from the change recorded before: it stays."""

    CREATE = "create"
    UNCHANGED = "unchanged"
    CONFLICT = "conflict"
    SKIPPED = "skipped"
    ERROR = "error"

    @property
    def label(self) -> str:
        return {
            Outcome.CREATE: _("create"),
            Outcome.UNCHANGED: _("unchanged"),
            Outcome.CONFLICT: _("conflict"),
            Outcome.SKIPPED: _("skipped"),
            Outcome.ERROR: _("error"),
        }[self]


class Warned(StrEnum):
    """What is odd about a row that is imported all the same."""

    EMPTY_WINDOW = "empty_window"
    LONG_WINDOW = "long_window"
    CREATED_AFTER_START = "created_after_start"
    UNKNOWN_ITEM = "unknown_item"
    NEW_ITEM = "new_item"
    FORMULA = "formula"

    @property
    def label(self) -> str:
        return {
            Warned.EMPTY_WINDOW: _("The window is empty: it ends when it starts, and overlaps nothing."),
            Warned.LONG_WINDOW: _("The window is longer than a year."),
            Warned.CREATED_AFTER_START: _("It was created after its start."),
            Warned.UNKNOWN_ITEM: _("An item is unknown: the change keeps its name, without a link."),
            Warned.NEW_ITEM: _("An item is unknown: it is created, as retired."),
            Warned.FORMULA: _("A text begins like a formula: it is kept as text and never computed."),
        }[self]


@dataclass
class ChangeRow:
    """One row of the file: its key, what becomes of it, what is odd, what is wrong, what differs."""

    line: int
    key: str
    outcome: Outcome = Outcome.CREATE
    record: dict[str, Any] = field(default_factory=dict)
    warnings: dict[Warned, list[str]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    differences: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    #: type:name of each item the row names → the entry of the mapping by which it was read.
    parts: dict[str, Any] = field(default_factory=dict)

    def refuse(self, reason: Any) -> None:
        self.outcome = Outcome.ERROR
        self.errors.append(str(reason))

    def warn(self, about: Warned, *details: str) -> None:
        self.warnings.setdefault(about, []).extend(details)

    @property
    def warned(self) -> list[str]:
        """The warnings in words."""
        return [f"{about.label} {', '.join(details)}".strip() for about, details in self.warnings.items()]

    def as_json(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"line": self.line, "key": self.key, "outcome": str(self.outcome)}
        if self.warnings:
            shown["warnings"] = {str(about): details for about, details in self.warnings.items()}
        if self.errors:
            shown["errors"] = self.errors
        if self.differences:
            shown["differences"] = {
                name: {"recorded": recorded, "file": found}
                for name, (recorded, found) in self.differences.items()
            }
        return shown


@dataclass
class ChangeReport:
    """The whole answer. `refusal` says why nothing was written although every row is right by itself."""

    name: str
    rows: list[ChangeRow] = field(default_factory=list)
    refusal: str = ""
    is_applied: bool = False
    skips_errors: bool = False
    new_items: list[str] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        counted = Counter(row.outcome for row in self.rows)
        answer = {str(outcome): counted[outcome] for outcome in Outcome}
        return answer | {"warned": sum(bool(row.warnings) for row in self.rows)}

    @property
    def warning_counts(self) -> dict[Warned, int]:
        counted = Counter(about for row in self.rows for about in row.warnings)
        return {about: counted[about] for about in Warned if counted[about]}

    @property
    def has_errors(self) -> bool:
        return bool(self.refusal) or any(row.outcome == Outcome.ERROR for row in self.rows)

    @property
    def is_stopped(self) -> bool:
        """Nothing may be written."""
        return bool(self.refusal) or (self.has_errors and not self.skips_errors)

    @property
    def summary(self) -> str:
        """As "738 created, 0 unchanged, 0 conflicts, 0 errors, 136 warned"."""
        counts = self.counts
        text = (
            _("%(create)d created, %(unchanged)d unchanged, %(conflict)d conflicts, %(error)d errors")
            % counts
        )
        parts = [str(text)]
        if counts["skipped"]:
            parts.append(_("%d skipped") % counts["skipped"])
        if counts["warned"]:
            parts.append(
                ngettext("%d with a warning", "%d with warnings", counts["warned"]) % counts["warned"]
            )
        return ", ".join(parts)

    def as_json(self) -> dict[str, Any]:
        return {
            "file": self.name,
            "applied": self.is_applied,
            "summary": self.counts,
            "warnings": {str(about): count for about, count in self.warning_counts.items()},
            "new_items": self.new_items,
            "refusal": self.refusal,
            "rows": [row.as_json() for row in self.rows],
        }
