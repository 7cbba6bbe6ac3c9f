"""Fills the database: runs by the product's own action, what people did in them by SQL, set by set.

Everything is written as the application role with every trigger on: PostgreSQL grades each answer, hashes
each record, checks each signature and writes the history of all of it. Only the steps of the people are not
taken by the Python actions (a request for each of 18,200 inspections takes hours), nor are readings judged.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import django
from django.db import connection, transaction
from django.utils import timezone

django.setup()

from accounts.models import User  # noqa: E402
from audit.context import because  # noqa: E402
from audit.postgresql.owner import as_owner  # noqa: E402
from inspections.actions import generate_runs  # noqa: E402
from inspections.actions.findings import open_findings  # noqa: E402
from inspections.actions.generation import advance_runs  # noqa: E402
from inspections.models import Answer, InspectionPlan  # noqa: E402
from tests.bench.year import setup  # noqa: E402

CHUNK = 14
READINGS_OF, READINGS_EACH = 100, 3_000

# Nobody came to one run in 130; one in ten is late.
STARTED = """
UPDATE inspections_inspectionrun
   SET state = 'in_progress',
       started_by_id = (%(people)s::bigint[])[1 + abs(hashint8(id)) %% array_length(%(people)s::bigint[], 1)]
 WHERE plan_id = %(plan)s AND slot_at >= %(start)s AND slot_at < %(end)s AND state = 'open'
   AND abs(hashint8(id)) %% 130 <> 0
"""
OPENED = """
UPDATE inspections_inspectionrun SET state = 'open'
 WHERE plan_id = %(plan)s AND slot_at >= %(start)s AND slot_at < %(end)s AND state = 'scheduled'
"""
# Three hundred pairs of CI and item are bad now and then.
ANSWERED = """
INSERT INTO inspections_answer
       (row_version, target_id, item_id, ci_id, item_key, is_current, value_number, value_choice, value_text,
        is_na, severity, bounds_used, source, comment, answered_by_id, observed_at, device, dwell_seconds,
        op, op_sha256)
SELECT 1, t.id, i.id, t.ci_id, i.key, true,
       CASE WHEN i.kind <> 'number' THEN NULL WHEN d.is_bad THEN i.warn_high
            ELSE round(i.warn_high * (40 + d.chance %% 50) / 100) END,
       CASE WHEN i.kind <> 'pass_fail' THEN '' WHEN d.is_bad THEN 'fail' ELSE 'pass' END,
       '', false, 'ok', '{}', 'human', CASE WHEN d.is_bad THEN 'seen on the round' ELSE '' END,
       r.started_by_id, r.slot_at + make_interval(mins => 20, secs => t.position * 40 + i.position * 4),
       'bench', 4, gen_random_uuid(), ''
  FROM inspections_inspectionrun r
  JOIN inspections_runtarget t ON t.run_id = r.id
  JOIN inspections_templateitem i ON i.version_id = r.version_id
 CROSS JOIN LATERAL (SELECT abs(hashint8(t.id * 64 + i.position)) AS chance,
       abs(hashint8(t.ci_id * 64 + i.position)) %% 100 < 6
           AND abs(hashint8(t.id * 64 + i.position)) %% 20 = 0 AS is_bad) d
 WHERE r.plan_id = %(plan)s AND r.slot_at >= %(start)s AND r.slot_at < %(end)s AND r.state = 'in_progress'
 ORDER BY r.slot_at, t.id, i.position
"""
SUBMITTED = """
UPDATE inspections_inspectionrun SET state = 'submitted', submitted_by_id = started_by_id,
       completed_at = CASE WHEN abs(hashint8(id)) %% 10 = 0 THEN due_at + interval '1 hour'
                           ELSE slot_at + interval '2 hours' END
 WHERE plan_id = %(plan)s AND slot_at >= %(start)s AND slot_at < %(end)s AND state = 'in_progress'
"""
VOUCHED = """
INSERT INTO inspections_signature (row_version, run_id, role, by_id, method, comment, record_sha256)
SELECT 1, id, %(role)s, CASE %(role)s WHEN 'inspector' THEN submitted_by_id ELSE %(reviewer)s END,
       'session', '', ''
  FROM inspections_inspectionrun
 WHERE plan_id = %(plan)s AND slot_at >= %(start)s AND slot_at < %(end)s AND state = 'submitted'
"""
SIGNED = """
UPDATE inspections_inspectionrun SET state = 'signed'
 WHERE plan_id = %(plan)s AND slot_at >= %(start)s AND slot_at < %(end)s AND state = 'submitted'
"""
READ = """
INSERT INTO inspections_machinereading
       (source_id, ci_id, metric, value, problem, unit, observed_at, external_id, payload_sha256)
SELECT %(source)s, c.id, 'temperature', 18 + abs(hashint8(c.id * 10000 + n)) %% 8, '', '℃',
       now() - make_interval(mins => n * 170), c.id || ':' || n, ''
  FROM (SELECT id FROM cmdb_configurationitem WHERE name LIKE 'inspected-%%' ORDER BY name LIMIT %(items)s) c
 CROSS JOIN generate_series(1, %(each)s) n
"""


@contextmanager
def timed(words: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    print(f"{words}: {time.perf_counter() - started:.1f} s", file=sys.stderr, flush=True)


def lived(
    plan: InspectionPlan, start: datetime, end: datetime, who: dict[str, User], *, is_signed: bool
) -> None:
    """The runs of these days were carried out, and signed."""
    inspectors = [user.pk for name, user in who.items() if name.startswith("inspector")]
    given = {
        "plan": plan.pk,
        "start": start,
        "end": end,
        "people": inspectors,
        "reviewer": who["reviewer"].pk,
    }
    with transaction.atomic(), because(user=who["inspector0"]), connection.cursor() as cursor:
        for statement in (OPENED, STARTED, ANSWERED, SUBMITTED):
            cursor.execute(statement, given)
        cursor.execute(VOUCHED, given | {"role": "inspector"})
        bad = Answer.objects.filter(target__run__plan=plan, severity__in=["warn", "crit"])
        for n in range((end - start).days):  # as the hand-ins came: each item of a CI once a day
            day = start + timedelta(days=n)
            of_day = bad.filter(
                target__run__slot_at__gte=day, target__run__slot_at__lt=day + timedelta(days=1)
            )
            open_findings(of_day)
        if is_signed:
            cursor.execute(VOUCHED, given | {"role": "reviewer"})
            cursor.execute(SIGNED, given)


def fill(days: int) -> None:
    who = setup.people()
    setup.items(who["config"])
    version = setup.check_list(who["reviewer"])
    now = timezone.now()
    today = timezone.localdate()
    plan = setup.plan(version, "rooms", "location", today - timedelta(days=days))
    first = timezone.make_aware(datetime.combine(plan.starts_on, datetime.min.time()))
    midnight = timezone.make_aware(datetime.combine(today, datetime.min.time()))
    with timed(f"{days} days of {setup.ROOMS} runs, generated as if they lay ahead"):
        generate_runs(now=first, until=now)
    begin = 0
    while begin < days - 1:
        size = min(CHUNK if begin else 1, days - 1 - begin)
        start = first + timedelta(days=begin)
        with timed(f"days {begin + 1} to {begin + size}"):
            lived(plan, start, start + timedelta(days=size), who, is_signed=True)
        if not begin:
            analyse()
        begin += size
    with timed("yesterday, handed in but not signed"):
        lived(plan, midnight - timedelta(days=1), midnight, who, is_signed=False)
    advance_runs()
    with timed(f"{READINGS_OF * READINGS_EACH:,} machine readings"), connection.cursor() as cursor:
        source = setup.source(who["monitor"])
        cursor.execute(READ, {"source": source.pk, "items": READINGS_OF, "each": READINGS_EACH})
    analyse()


def analyse() -> None:
    """Statistics, as autovacuum makes them after a minute: the first rows were planned with none."""
    with timed("VACUUM ANALYZE"), as_owner(connection), connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


if __name__ == "__main__":
    fill(int(sys.argv[1]))
