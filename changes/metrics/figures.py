"""The figures of all measures for chosen changes: one statement for the totals and every month together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import Count, DateField
from django.db.models.functions import TruncMonth
from django.utils import timezone

from changes.metrics.definitions import METRICS, Metric
from changes.models import ChangeRequest, UnauthorisedWrite
from changes.querysets import UNEXPLAINED, UnauthorisedQuerySet

FACTS = (Path(__file__).parents[1] / "sql" / "metrics_facts.sql").read_text(encoding="utf-8")
TOTALS = """SELECT grouping(month), month, count(*), count(*) FILTER (WHERE is_imported), {columns}
  FROM (SELECT *, date_trunc('month', happened_at AT TIME ZONE %s)::date AS month FROM facts) f
 GROUP BY GROUPING SETS ((), (month))"""
BEHIND = (
    """SELECT id FROM facts WHERE {wanted} AND (%s::bigint IS NULL OR id < %s) ORDER BY id DESC LIMIT %s"""
)
HAPPENED = 'coalesce(c.actual_start_at, lower(c."window"), c.created_at)'


@dataclass(frozen=True)
class Choice:
    """Which changes are measured: days `since` up to and with `until` (by start), service, team, kind."""

    since: date | None = None
    until: date | None = None
    service: int | None = None
    team: int | None = None
    kind: str = ""

    def bounds(self) -> tuple[datetime | None, datetime | None]:
        """From the beginning of the first day up to the end of the last one, in the reader's time zone."""
        zone = timezone.get_current_timezone()
        start = self.since and datetime.combine(self.since, time(), tzinfo=zone)
        end = self.until and datetime.combine(self.until + timedelta(days=1), time(), tzinfo=zone)
        return start, end

    def writes(self) -> UnauthorisedQuerySet:
        """Unauthorised writes of the same days, service, team; with a kind, those linked to such changes."""
        wanted = {"service": self.service, "team_id": self.team, "kind": self.kind}
        found = UnauthorisedWrite.objects.between(*self.bounds())
        return found.narrowed({name: str(value) for name, value in wanted.items() if value})

    def condition(self) -> tuple[str, list[Any]]:
        """The same as SQL on changes_changerequest c, with its values."""
        parts, values = ["c.state <> 'draft'"], []
        start, end = self.bounds()
        if start:
            parts.append(f"{HAPPENED} >= %s")
            values.append(start)
        if end:
            parts.append(f"{HAPPENED} < %s")
            values.append(end)
        if self.kind:
            parts.append("c.kind = %s")
            values.append(self.kind)
        changes = ChangeRequest.objects.all()
        if self.service:
            changes = changes.under(self.service)
        if self.team:
            changes = changes.of_team(self.team)
        if self.service or self.team:
            query, more = changes.order_by().values("pk").query.sql_with_params()
            parts.append(f"c.id IN ({query})")
            values += more
        return " AND ".join(parts), values


@dataclass(frozen=True)
class Figure:
    """One measure of one stretch of time: hits and cases, or cases with median and p90 in seconds.

    Of a count, `cases` is the number, and `hits` how many of them still wait for somebody.
    """

    hits: float = 0
    cases: float = 0
    median: float | None = None
    p90: float | None = None

    @property
    def percent(self) -> float | None:
        """The share in per cent to one digit; 100 only for all of them, 0 only for none."""
        if not self.cases:
            return None
        exact = round(100 * self.hits / self.cases, 1)
        if exact == 100 and self.hits != self.cases:
            return 99.9
        return 0.1 if exact == 0 and self.hits else exact


@dataclass(frozen=True)
class Report:
    """Every measure in total and by month, and how many changes were looked at, of them imported."""

    total: dict[str, Figure]
    months: dict[date, dict[str, Figure]] = field(default_factory=dict)
    changes: int = 0
    imported: int = 0

    @cached_property
    def span(self) -> list[date]:
        """Every month from the first to the last with changes, also those without any."""
        if not self.months:
            return []
        first, last, found = min(self.months), max(self.months), []
        while first <= last:
            found.append(first)
            first = (first + timedelta(days=32)).replace(day=1)
        return found

    def by_month(self, metric: Metric) -> list[tuple[date, Figure]]:
        """The measure month by month."""
        return [(month, self.months.get(month, {}).get(metric.key, Figure())) for month in self.span]


def report_on(choice: Choice) -> Report:
    """All measures of the chosen changes, and the writes beside them. Two statements."""
    columns = ", ".join(_columns(metric) for metric in METRICS)
    condition, values = choice.condition()
    query = FACTS.replace("{chosen}", condition) + TOTALS.replace("{columns}", columns)
    with connection.cursor() as cursor:
        cursor.execute(query, [*values, timezone.get_current_timezone_name()])
        rows = cursor.fetchall()
    months = {row[1]: _figures(row[4:]) for row in rows if not row[0] and row[1]}
    total = next((row for row in rows if row[0]), (1, None, 0, 0, *[None] * (3 * len(METRICS))))
    whole = _figures(total[4:])
    _count_writes(choice, whole, months)
    return Report(whole, months, total[2], total[3])


def _count_writes(choice: Choice, total: dict[str, Figure], months: dict[date, dict[str, Figure]]) -> None:
    """Puts the unauthorised writes into the figures of each month, and of all."""
    counts = (
        choice.writes()
        .order_by()
        .values(month=TruncMonth("happened_at", output_field=DateField()))
        .annotate(cases=Count("pk"), hits=Count("pk", filter=UNEXPLAINED))
    )
    cases = hits = 0
    for row in counts:
        months.setdefault(row["month"], {})["unauthorised"] = Figure(row["hits"], row["cases"])
        cases, hits = cases + row["cases"], hits + row["hits"]
    total["unauthorised"] = Figure(hits, cases)


def changes_behind(
    metric: Metric, choice: Choice, *, all_cases: bool = False, before: int | None = None, limit: int = 50
) -> list[int]:
    """Ids of the changes that a measure counts: its hits, or all its cases; newest first. One statement."""
    condition, values = choice.condition()
    wanted = _in_it(metric, all_cases)
    query = FACTS.replace("{chosen}", condition) + BEHIND.replace("{wanted}", wanted)
    with connection.cursor() as cursor:
        cursor.execute(query, [*values, before, before, limit])
        return [pk for (pk,) in cursor.fetchall()]


def _in_it(metric: Metric, all_cases: bool) -> str:
    if metric.unit == "duration":
        return f"({metric.seconds}) IS NOT NULL"
    if metric.unit == "minutes" or all_cases:
        return f"{_number(metric.cases)} > 0"
    return f"{_number(metric.hits)} > 0 AND {_number(metric.cases)} > 0"


def _number(expression: str) -> str:
    """A condition counts as one, a number as itself, nothing as none."""
    counted = "votes" in expression or "CASE" in expression
    return f"coalesce({expression}, 0)" if counted else f"coalesce(({expression})::int, 0)"


def _columns(metric: Metric) -> str:
    """Three columns: hits and cases and nothing, or cases, median and 90th percentile."""
    if metric.unit == "duration":
        return (
            f"count({metric.seconds}), percentile_cont(0.5) WITHIN GROUP (ORDER BY {metric.seconds}),"
            f" percentile_cont(0.9) WITHIN GROUP (ORDER BY {metric.seconds})"
        )
    hits, cases = _number(metric.hits), _number(metric.cases)
    return f"sum({hits}) FILTER (WHERE {cases} > 0), sum({cases}), NULL::int"


def _figures(values: Sequence[Any]) -> dict[str, Figure]:
    found = {}
    for place, metric in enumerate(METRICS):
        one, two, three = (
            None if each is None else float(each) for each in values[3 * place : 3 * place + 3]
        )
        if metric.unit == "duration":
            found[metric.key] = Figure(cases=one or 0, median=two, p90=three)
        else:
            found[metric.key] = Figure(hits=one or 0, cases=two or 0)
    return found
