"""Measures pages and statements on a year of inspections, beside the bars of the house plan."""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import django
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

django.setup()

from accounts.models import User  # noqa: E402
from cmdb.models import ConfigurationItem  # noqa: E402
from inspections.actions import generate_runs  # noqa: E402
from inspections.heat import heat_of, inspected_items  # noqa: E402
from inspections.kpi import punctuality, punctuality_by  # noqa: E402
from inspections.models import Answer, InspectionPlan, InspectionRun  # noqa: E402
from inspections.reports.period import Period, period_report  # noqa: E402
from inspections.reports.run import run_report  # noqa: E402
from tests.bench.year import setup  # noqa: E402

TIMES = 7
settings.ALLOWED_HOSTS = ["*"]
TODAY = timezone.localdate()


@dataclass(frozen=True)
class Work:
    """What is measured, and the bar in milliseconds; after it the prototype's figure, where it had one."""

    words: str
    deed: Callable[[], Any]
    bar: str = ""
    times: int = TIMES


def page(path: str, person: str = "inspector0") -> Callable[[], Any]:
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get(username=person))

    def ask() -> None:
        answer = client.get(path)
        if answer.status_code != 200:
            raise SystemExit(f"{path}: {answer.status_code} {answer.headers} {answer.content[:300]!r}")

    return ask


def works() -> dict[str, Work]:
    item = ConfigurationItem.objects.get(name="inspected-0042")
    signed = InspectionRun.objects.filter(state="signed").latest("slot_at")
    trend = Answer.objects.current().filter(ci=item, item_key="temperature").order_by("-observed_at")
    first = TODAY - timedelta(days=20)
    items = list(inspected_items(first, TODAY).order_by("name")[:50])
    year = InspectionRun.objects.filter(slot_at__gte=timezone.now() - timedelta(days=365))
    since = TODAY - timedelta(days=363)
    day = Period.parsed({"day": f"{TODAY - timedelta(days=3)}"})
    month = Period.parsed({"month": f"{TODAY.replace(day=1) - timedelta(days=1):%Y-%m}"})
    return {
        "board": Work("board of the day, the page", page("/inspections/"), "200; 25"),
        "board_missed": Work("its filter: missed", page("/inspections/?state=missed"), "200"),
        "trend": Work(
            "90 answers of one CI and item",
            lambda: list(trend.values_list("observed_at", "value_number")[:90]),
            "50; 0.2–0.9",
        ),
        "trend_page": Work(
            "trend of one CI and item, the page", page(f"/inspections/trend/{item.pk}/temperature/")
        ),
        "heat": Work("heat map, 50 CIs × 21 days, the statement", lambda: heat_of(items, first, TODAY)),
        "heat_page": Work("heat map, the page", page(f"/inspections/heat/?since={first}&until={TODAY}")),
        "figures": Work("punctuality of the year", lambda: punctuality(year)),
        "by_month": Work(
            "the same by plan and month", lambda: punctuality_by(year, "plan", "slot_at__month"), "650"
        ),
        "figures_page": Work(
            "punctuality of the year, the page", page(f"/inspections/figures/?since={since}&until={TODAY}")
        ),
        "bundle": Work("bundle of 50 inspections for a phone", page("/api/inspections/bundle/")),
        "findings": Work("list of findings, the page", page("/inspections/findings/")),
        "record": Work("record of one inspection", page(f"/inspections/runs/{signed.number}/?read=1")),
        "run_report": Work("report of one inspection, not drawn", lambda: run_report(signed)),
        "day_report": Work("report of a day, not drawn", lambda: period_report(day), times=3),
        "month_report": Work("report of a month, not drawn", lambda: period_report(month), times=3),
    }


def measure(work: Work) -> str:
    """One line: median and range in milliseconds, of it in PostgreSQL, statements."""
    work.deed()
    times = []
    for _ in range(work.times):
        start = time.perf_counter()
        work.deed()
        times.append((time.perf_counter() - start) * 1000)
    with CaptureQueriesContext(connection) as counted:
        work.deed()
    inside = sum(float(query["time"]) for query in counted.captured_queries) * 1000
    span = f"{statistics.median(times):.3g} ({min(times):.3g}–{max(times):.3g})"
    return f"| {work.words} | {span} | {inside:.0f} | {len(counted)} | {work.bar} |"


def generation() -> list[str]:
    """One run per CI: a day, the same again, 364 days as after a year without the scheduler; taken back."""
    InspectionPlan.objects.filter(key="rooms").update(
        is_enabled=False, disabled_reason="bench", disabled_by=1
    )
    version = InspectionPlan.objects.get(key="rooms").template.versions.get(state="published")
    lines = []
    with transaction.atomic():
        setup.plan(version, "each", "ci", TODAY)
        for words, bar in (("generate one day, 499 runs", "13"), ("again", "0.6")):
            start = time.perf_counter()
            made = generate_runs(until=timezone.now()).created
            taken = (time.perf_counter() - start) * 1000
            lines.append(f"| {words}: {made:,} | {taken:.3g} | | | {bar} |")
        transaction.set_rollback(True)
    with transaction.atomic():
        setup.plan(version, "each", "ci", TODAY - timedelta(days=363))
        start = time.perf_counter()
        made = generate_runs(until=timezone.now())
        taken = (time.perf_counter() - start) * 1000
        words = f"catch up on 364 days: {made.created:,} runs, {made.missed:,} missed"
        lines.append(f"| {words} | {taken:.3g} | | | 2,700 |")
        transaction.set_rollback(True)
    InspectionPlan.objects.filter(key="rooms").update(is_enabled=True, disabled_reason="", disabled_by=None)
    return lines


def storage() -> str:
    tables = (
        "inspections_answer",
        "inspections_historicalanswer",
        "inspections_inspectionrun",
        "inspections_runtarget",
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM inspections_answer")
        words = [f"{cursor.fetchone()[0]:,} answers"]
        for table in tables:
            cursor.execute("SELECT pg_table_size(%s), pg_indexes_size(%s)", [table, table])
            rows, indexes = cursor.fetchone()
            words.append(f"{table} {(rows + indexes) / 2**20:.0f} MB, of it indexes {indexes / 2**20:.0f}")
        cursor.execute("SELECT pg_database_size(current_database())")
        words.append(f"all {cursor.fetchone()[0] / 2**20:.0f} MB")
    return "; ".join(words)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    names = parser.parse_args().names
    found = works()
    if unknown := set(names) - set(found) - {"generation"}:
        sys.exit(f"unknown: {', '.join(unknown)}; there are: {', '.join(found)}, generation")
    print("| work | ms: median (min–max) | in PostgreSQL | statements | bar; prototype |\n|-|-|-|-|-|")
    for name, work in found.items():
        if not names or name in names:
            print(measure(work), flush=True)
    if not names or "generation" in names:
        print("\n".join(generation()))
    print(f"\n{storage()}; {os.cpu_count()} cores, load {os.getloadavg()[0]:.0f}.")


if __name__ == "__main__":
    main()
