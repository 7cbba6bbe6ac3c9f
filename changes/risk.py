"""The arithmetic of risk: levels, thresholds, and the highest of many."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

LEVELS = ("low", "medium", "high", "very_high")
# Inputs that OpsLedger computes; a question never takes one of their keys.
COMPUTED = (
    "criticality", "affected", "downtime_minutes", "working_hours", "precedents", "failures", "rehearsal",
    "no_return", "critical_item", "outside_maintenance",
)  # fmt: skip
# The fewer the riskier: a threshold is passed from above.
FEWER_IS_WORSE = frozenset({"precedents"})


class Bounds(Protocol):
    """From which value on an input means a level; None: never."""

    medium_from: int | None
    high_from: int | None
    very_high_from: int | None


class RiskInput(NamedTuple):
    """One thing that the risk was computed from; `about` is what its words need."""

    value: Any
    level: str
    about: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        return {"value": self.value, "level": self.level, "about": self.about}


def highest(levels: Iterable[str]) -> str:
    """The highest of the levels; low where there is none."""
    return max(levels, key=LEVELS.index, default="low")


def level_for(key: str, value: int, bounds: Bounds | None) -> str:
    """The level that a measured value means."""
    if bounds is None:
        return "low"
    for level in ("very_high", "high", "medium"):
        bound = getattr(bounds, f"{level}_from")
        if bound is not None and (value < bound if key in FEWER_IS_WORSE else value >= bound):
            return level
    return "low"
