"""Punctuality in five numbers, of which the percentage is only the last line.

`due = signed on time + signed late + missed + cancelled + open`: nothing leaves the denominator unseen. What
was handed in and waits for its signature is open; a cancelled run and one that is not yet due count against
nobody (reference/inspections.md §3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import Count, Q
from django.utils import timezone

from inspections.querysets import RunQuerySet
from inspections.workflow import RunState

OPEN = (RunState.SCHEDULED, RunState.OPEN, RunState.IN_PROGRESS, RunState.RETURNED, RunState.SUBMITTED)


@dataclass(frozen=True)
class Punctuality:
    """How many runs of a period ended how; `not_yet_due` are those of `open` whose time has not come."""

    on_time: int = 0
    late: int = 0
    missed: int = 0
    cancelled: int = 0
    open: int = 0
    not_yet_due: int = 0

    @property
    def due(self) -> int:
        return self.on_time + self.late + self.missed + self.cancelled + self.open

    @property
    def counted(self) -> int:
        """What the rate is a part of."""
        return self.due - self.cancelled - self.not_yet_due

    @property
    def rate(self) -> Decimal | None:
        """On-time rate in percent with one decimal; None where nothing was due."""
        if self.counted <= 0:
            return None
        return (Decimal(100 * self.on_time) / self.counted).quantize(Decimal("0.1"), ROUND_HALF_UP)


def counts(now: datetime) -> dict[str, Count]:
    """The aggregates behind a Punctuality, to be given to aggregate() or annotate() of a query of runs."""
    open_ = Q(state__in=OPEN)
    return {
        "on_time": Count("pk", filter=Q(state=RunState.SIGNED, is_late=False)),
        "late": Count("pk", filter=Q(state=RunState.SIGNED, is_late=True)),
        "missed": Count("pk", filter=Q(state=RunState.MISSED)),
        "cancelled": Count("pk", filter=Q(state=RunState.CANCELLED)),
        "open": Count("pk", filter=open_),
        "not_yet_due": Count("pk", filter=open_ & Q(due_at__gt=now)),
    }


def punctuality(runs: RunQuerySet, *, now: datetime | None = None) -> Punctuality:
    """The five numbers of these runs. One statement."""
    return Punctuality(**runs.order_by().aggregate(**counts(now or timezone.now())))


def punctuality_by(runs: RunQuerySet, *fields: str, now: datetime | None = None) -> dict[tuple, Punctuality]:
    """The five numbers for each combination of these fields, in their order. One statement."""
    found: dict[tuple, Punctuality] = {}
    for row in runs.order_by(*fields).values(*fields).annotate(**counts(now or timezone.now())):
        found[tuple(row[name] for name in fields)] = of_row(row)
    return found


def of_row(row: Mapping[str, int]) -> Punctuality:
    """A row of a query that was annotated with `counts`."""
    return Punctuality(**{name: row[name] for name in Punctuality.__dataclass_fields__})
