"""Thresholds as a picture: a bar from critical over warning to normal, with the numbers where they begin."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from inspections.bounds import Bounds

WIDTH, LABEL, MARGIN = 240, 44, Decimal("0.35")
TONES = ("bad", "warn", "good", "warn", "bad")


@dataclass(frozen=True)
class Part:
    """One stretch of the bar."""

    x: int
    width: int
    tone: str


@dataclass(frozen=True)
class Mark:
    """One number under the bar; `sign` says on which side the alarm is."""

    x: int
    text: str
    anchor: str


@dataclass(frozen=True)
class Scale:
    """The picture, in units of WIDTH."""

    parts: list[Part]
    marks: list[Mark]

    @property
    def view_box(self) -> str:
        """Room for the numbers, which stand outside their bound."""
        left = LABEL if any(mark.anchor == "end" for mark in self.marks) else 0
        return f"{-left} 0 {WIDTH + LABEL + left} 22"


def scale_of(bounds: Bounds) -> Scale | None:
    """The scale of these bounds; None where there is none."""
    edges = [bounds.crit_low, bounds.warn_low, bounds.warn_high, bounds.crit_high]
    known = [edge for edge in edges if edge is not None]
    if not known:
        return None
    span = max(known) - min(known) or abs(known[0]) or Decimal(1)
    first, last = min(known) - span * MARGIN, max(known) + span * MARGIN

    def place(value: Decimal) -> int:
        return round(float((value - first) / (last - first)) * WIDTH)

    stops = [0, *(place(edge) if edge is not None else None for edge in edges), WIDTH]
    parts, begin = [], 0
    for tone, stop in zip(_tones(edges), [stop for stop in stops[1:] if stop is not None], strict=True):
        if stop > begin:
            parts.append(Part(begin, stop - begin, tone))
        begin = stop
    marks = []
    for n, edge in enumerate(edges):
        if edge is not None:
            sign, anchor = ("≤", "end") if n < 2 else ("≥", "start")
            marks.append(Mark(place(edge), f"{sign} {edge.normalize():f}", anchor))
    return Scale(parts, marks)


def _tones(edges: list[Decimal | None]) -> list[str]:
    """The tones of the stretches between the bounds that exist, from the left."""
    low = [tone for tone, edge in zip(TONES[:2], edges[:2], strict=True) if edge is not None]
    high = [tone for tone, edge in zip(TONES[3:], edges[2:], strict=True) if edge is not None]
    return [*low, "good", *high]
