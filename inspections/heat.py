"""The heat map: what was seen on each configuration item on each day, the worst of it first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db import connection
from django.utils import timezone

from cmdb.models import ConfigurationItem
from inspections.models import RunTarget
from inspections.severity import Severity

# From the worst; a missed inspection is worse than an unknown value, for nobody looked at all.
STATES = ("crit", "warn", "missed", "unknown", "ok", "cancelled", "open")

# One row for each CI, day and run: the worst answer, or what became of the run without any.
WORST = """
SELECT t.ci_id, (r.slot_at AT TIME ZONE %(zone)s)::date AS day, r.number,
       CASE WHEN max(inspections_severity_rank_v1(a.severity)) = 3 THEN 'crit'
            WHEN max(inspections_severity_rank_v1(a.severity)) = 2 THEN 'warn'
            WHEN r.state IN ('missed', 'cancelled') THEN r.state
            WHEN t.result <> 'found' OR max(inspections_severity_rank_v1(a.severity)) = 1 THEN 'unknown'
            WHEN r.state IN ('submitted', 'signed') THEN 'ok'
            ELSE 'open' END,
       count(a.id) FILTER (WHERE a.severity IN ('warn', 'crit'))
  FROM inspections_runtarget t
  JOIN inspections_inspectionrun r ON r.id = t.run_id
  LEFT JOIN inspections_answer a ON a.target_id = t.id AND a.is_current
 WHERE t.ci_id = ANY(%(cis)s) AND r.slot_at >= %(start)s AND r.slot_at < %(end)s
   AND (%(plan)s::bigint IS NULL OR r.plan_id = %(plan)s)
 GROUP BY t.id, r.id
"""


@dataclass
class Cell:
    """One day of one item: the worst state, how many answers were bad, and the run to open."""

    day: date
    state: str = ""
    bad: int = 0
    number: str = ""
    runs: int = 0

    def add(self, state: str, bad: int, number: str) -> None:
        self.runs += 1
        self.bad += bad
        if not self.state or STATES.index(state) < STATES.index(self.state):
            self.state, self.number = state, number


@dataclass
class Row:
    """One item with a cell for each day of the period."""

    item: ConfigurationItem
    cells: list[Cell] = field(default_factory=list)


def span_of(first: date, last: date) -> tuple[datetime, datetime]:
    """The instants of these days, the last one included, in the reader's zone."""
    start = timezone.make_aware(datetime.combine(first, time()))
    return start, timezone.make_aware(datetime.combine(last + timedelta(days=1), time()))


def inspected_items(first: date, last: date, *, plan: int | None = None, only_bad: bool = False) -> Iterable:
    """The items that runs of these days name, as a queryset; with `only_bad` those with a bad answer."""
    start, end = span_of(first, last)
    targets = RunTarget.objects.filter(run__slot_at__gte=start, run__slot_at__lt=end)
    if plan:
        targets = targets.filter(run__plan=plan)
    if only_bad:
        bad = [Severity.WARN, Severity.CRIT]
        targets = targets.filter(answers__is_current=True, answers__severity__in=bad)
    return ConfigurationItem.objects.filter(pk__in=targets.values("ci"))


def heat_of(
    items: Sequence[ConfigurationItem], first: date, last: date, *, plan: int | None = None
) -> list[Row]:
    """A row for each item in its order, a cell for each day from first to last. One statement."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    rows = {item.pk: Row(item, [Cell(day) for day in days]) for item in items}
    start, end = span_of(first, last)
    with connection.cursor() as cursor:
        cursor.execute(
            WORST,
            {
                "zone": timezone.get_current_timezone_name(), "cis": list(rows), "start": start, "end": end,
                "plan": plan,
            },
        )  # fmt: skip
        for ci, day, number, state, bad in cursor.fetchall():
            if 0 <= (place := (day - first).days) < len(days):
                rows[ci].cells[place].add(state, bad, number)
    return list(rows.values())
