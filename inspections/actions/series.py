"""Series of readings against bounds, with hysteresis: findings are opened, repeated, verified."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.core.exceptions import ValidationError
from django.db import connection

from cmdb.models import ConfigurationItem
from inspections.actions.finding_changes import draft_changes
from inspections.models import Finding, InspectionPlan, TemplateItem
from inspections.scope import skipped_items_of
from inspections.workflow import VersionState

# Bad readings that are not stale on arrival; `completed`: the last of as many in a row as the item asks for.
BAD = """
SELECT r.id, i.id, graded.severity = 'crit',
       i.bad_readings = 1 OR inspections_readings_agree_v1(r.id, i, '{warn,crit}', i.bad_readings)
  FROM unnest(%(cis)s::bigint[], %(items)s::bigint[]) AS watched(ci, item)
  JOIN inspections_templateitem i ON i.id = watched.item
  JOIN inspections_machinereading r
       ON r.id = ANY(%(readings)s) AND r.ci_id = watched.ci
      AND r.metric = coalesce(nullif(i.metric, ''), i.key)
 CROSS JOIN LATERAL (SELECT inspections_grade_reading_v1(r, i) AS severity OFFSET 0) graded
 WHERE graded.severity IN ('warn', 'crit')
   AND r.observed_at >= r.received_at - make_interval(mins => i.max_age_minutes)
"""
GIVEN = """
WITH bad AS (
    SELECT b.*, r.ci_id, r.observed_at, r.received_at, r.source_id, i.key
      FROM unnest(%(bad)s::bigint[], %(of)s::bigint[], %(crit)s::bool[], %(completed)s::bool[])
           AS b(reading, item, is_crit, completed)
      JOIN inspections_machinereading r ON r.id = b.reading
      JOIN inspections_templateitem i ON i.id = b.item
)"""
# Every newer bad reading counts; a fix has failed only when enough in a row are bad, all newer than the fix.
# What was accepted as a risk is open again when it gets worse.
REPEAT = """{GIVEN}, seen AS (
    SELECT f.id, count(*) AS times, bool_or(b.is_crit) AS is_crit,
           (array_agg(b.reading ORDER BY b.observed_at DESC, b.reading DESC))[1] AS reading,
           (array_agg(b.item ORDER BY b.observed_at DESC, b.reading DESC))[1] AS item,
           bool_or(f.state <> 'fixed' OR inspections_readings_agree_v1(
               b.reading, i, '{warn,crit}', i.bad_readings, f.fixed_at)) AS counts
      FROM bad b
      JOIN inspections_templateitem i ON i.id = b.item
      JOIN inspections_finding f
           ON f.ci_id = b.ci_id AND f.item_key = b.key AND f.state NOT IN ('verified', 'duplicate')
      LEFT JOIN inspections_machinereading l ON l.id = f.last_reading_id
     WHERE b.observed_at > coalesce(l.observed_at, f.opened_at)
       AND (f.state <> 'fixed' OR (b.observed_at > f.fixed_at AND b.received_at > f.fixed_at))
     GROUP BY f.id
)
UPDATE inspections_finding f
   SET count = f.count + seen.times, last_reading_id = seen.reading, item_id = seen.item,
       severity = CASE WHEN seen.is_crit THEN 'crit' ELSE f.severity END,
       (state, state_by_id, state_comment) = (
           SELECT CASE WHEN reopens THEN 'open' ELSE f.state END,
                  CASE WHEN reopens THEN s.account_id ELSE f.state_by_id END,
                  CASE WHEN reopens THEN '' ELSE f.state_comment END
             FROM inspections_machinereading r JOIN inspections_readingsource s ON s.id = r.source_id,
                  (SELECT f.state = 'fixed' OR (f.state, f.severity, seen.is_crit)
                                               = ('accepted_risk', 'warn', true) AS reopens) judged
            WHERE r.id = seen.reading)
  FROM seen WHERE f.id = seen.id AND seen.counts
""".replace("{GIVEN}", GIVEN)
# The newest readings, all good and newer than the fix (invariant 10); an open finding is never verified.
VERIFY = """
UPDATE inspections_finding f
   SET state = 'verified', verified_reading_id = r.id, last_reading_id = r.id, item_id = i.id,
       state_by_id = r.account_id, state_comment = ''
  FROM unnest(%(cis)s::bigint[], %(items)s::bigint[]) AS watched(ci, item)
  JOIN inspections_templateitem i ON i.id = watched.item
 CROSS JOIN LATERAL (
    SELECT r.id, s.account_id FROM inspections_machinereading r
      JOIN inspections_readingsource s ON s.id = r.source_id AND s.kind = i.reading_source
     WHERE r.ci_id = watched.ci AND r.metric = coalesce(nullif(i.metric, ''), i.key)
     ORDER BY r.observed_at DESC, r.id DESC LIMIT 1) r
 WHERE f.ci_id = watched.ci AND f.item_key = i.key AND f.state = 'fixed'
   AND r.account_id <> f.fixed_by_id
   AND inspections_readings_agree_v1(r.id, i, '{ok}', i.good_readings, f.fixed_at)
"""
# A bad reading from before a finding was verified says nothing new.
OPEN = """{GIVEN}, first AS (
    SELECT DISTINCT ON (b.ci_id, b.key) b.* FROM bad b
     WHERE b.completed
       AND NOT EXISTS (
           SELECT FROM inspections_finding f
             LEFT JOIN inspections_machinereading vr ON vr.id = f.verified_reading_id
             LEFT JOIN inspections_answer va ON va.id = f.verified_answer_id
            WHERE f.ci_id = b.ci_id AND f.item_key = b.key
              AND (f.state NOT IN ('verified', 'duplicate') OR f.state = 'verified'
                   AND coalesce(vr.observed_at, va.observed_at, f.closed_at) >= b.observed_at))
     ORDER BY b.ci_id, b.key, b.observed_at, b.reading
)
INSERT INTO inspections_finding
       (row_version, number, label, label_zh, ci_id, item_key, severity, state, state_comment, state_by_id,
        first_reading_id, last_reading_id, item_id, count, opened_at, response_due_at, due_at,
        policy_used)
SELECT 1, '', i.label, i.label_zh, first.ci_id, first.key,
       CASE WHEN since.is_crit THEN 'crit' ELSE 'warn' END, 'open', '', s.account_id,
       first.reading, since.last, first.item, since.times,
       first.observed_at, first.observed_at, first.observed_at, '{}'
  FROM first
  JOIN inspections_templateitem i ON i.id = first.item
  JOIN inspections_readingsource s ON s.id = first.source_id
 CROSS JOIN LATERAL (
    SELECT count(*) AS times, bool_or(b.is_crit) AS is_crit,
           (array_agg(b.reading ORDER BY b.observed_at DESC, b.reading DESC))[1] AS last
      FROM bad b WHERE b.ci_id = first.ci_id AND b.item = first.item
       AND (b.observed_at, b.reading) >= (first.observed_at, first.reading)) since
    ON CONFLICT (ci_id, item_key) WHERE NOT (state IN ('verified', 'duplicate')) DO NOTHING
RETURNING id
""".replace("{GIVEN}", GIVEN)


def watched_items(cis: Iterable[int], metrics: Iterable[str], kind: str) -> list[tuple[int, TemplateItem]]:
    """(CI, item) for every machine item of an enabled plan that reads one of the metrics there.

    Once per CI and key of an item. One statement, and two per plan with such items.
    """
    cis, metrics = list(cis), set(metrics)
    wanted = TemplateItem.objects.filter(
        kind=TemplateItem.Kind.MACHINE, reading_source=kind, version__state=VersionState.PUBLISHED,
        version__template__plans__is_enabled=True,
    )  # fmt: skip
    by_template: dict[int, list[TemplateItem]] = defaultdict(list)
    for item in wanted.distinct().order_by("id").select_related("version"):
        if (item.metric or item.key) in metrics:
            by_template[item.version.template_id].append(item)
    plans = InspectionPlan.objects.filter(is_enabled=True, template__in=by_template).order_by("id")
    found: dict[tuple[int, str], TemplateItem] = {}
    for plan in plans if by_template else []:
        items = by_template[plan.template_id]
        try:
            inside = ConfigurationItem.objects.live().filter(pk__in=cis).matching(plan.scope)
            scoped = list(inside.order_by().values_list("pk", flat=True))
        except ValidationError:  # a scope that cannot be read watches nothing, and its plan says so
            continue
        skipped = skipped_items_of(items, scoped)
        for pk in scoped:
            for item in items:
                if item.key not in skipped.get(pk, ()):
                    found.setdefault((pk, item.key), item)
    return [(pk, item) for (pk, _key), item in found.items()]


def judge_readings(readings: Sequence[int], watched: list[tuple[int, TemplateItem]]) -> list[int]:
    """Findings follow the new readings; returns those that were opened. Four statements, however many.

    As many bad ones in a row as the item asks for open one finding per CI and item, every newer one repeats
    it; as many good ones newer than the fix verify what is fixed. Every step is guarded by PostgreSQL too.
    """
    judged = [(ci, item) for ci, item in watched if item.finding != item.FindingRule.NONE]
    if not readings or not judged:
        return []
    given = {
        "readings": list(readings),
        "cis": [ci for ci, _item in judged],
        "items": [item.pk for _ci, item in judged],
    }
    with connection.cursor() as cursor:
        cursor.execute(BAD, given)
        rows = cursor.fetchall()
        names = ("bad", "of", "crit", "completed")
        given |= {name: [row[place] for row in rows] for place, name in enumerate(names)}
        if rows:
            cursor.execute(REPEAT, given)
        cursor.execute(VERIFY, given)
        if not rows:
            return []
        cursor.execute(OPEN, given)
        opened = [pk for (pk,) in cursor.fetchall()]
    draft_changes(Finding.objects.filter(pk__in=opened))
    return opened
