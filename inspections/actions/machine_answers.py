"""Good readings answer by themselves where the check list lets them, while a run is in progress."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

# The answer is that of the source's account: no person, so that nobody is kept from reviewing. PostgreSQL
# takes it only while it is fresh and good, rounded too, and never over what somebody has answered.
ANSWER = """
INSERT INTO inspections_answer
       (row_version, target_id, item_id, ci_id, item_key, is_current, value_number, value_choice, value_text,
        is_na, severity, bounds_used, source, comment, answered_by_id, observed_at, op, op_sha256, device,
        reading_id)
SELECT 1, t.id, i.id, t.ci_id, i.key, true, round(r.value, i.decimals), '', '',
       false, 'ok', '{}', 'machine', '', r.account_id, r.observed_at, gen_random_uuid(), '', '', r.id
  FROM inspections_inspectionrun run
  JOIN inspections_runtarget t ON t.run_id = run.id AND t.result = 'found'
  JOIN inspections_templateitem i ON i.version_id = run.version_id AND i.kind = 'machine'
       AND i.confirm = 'auto_if_ok' AND NOT t.skipped_items ? i.key
 CROSS JOIN LATERAL (
    SELECT r.*, s.account_id, inspections_grade_reading_v1(
               jsonb_populate_record(r, jsonb_build_object('value', round(r.value, i.decimals))), i) AS grade
      FROM inspections_machinereading r
      JOIN inspections_readingsource s ON s.id = r.source_id AND s.kind = i.reading_source
     WHERE r.ci_id = t.ci_id AND r.metric = coalesce(nullif(i.metric, ''), i.key)
     ORDER BY r.observed_at DESC, r.id DESC LIMIT 1) r
 WHERE run.state = 'in_progress' AND {which}
   AND r.grade = 'ok' AND abs(r.value) < 1000000000000
   AND r.observed_at > clock_timestamp() - make_interval(mins => i.max_age_minutes, secs => -10)
   AND NOT EXISTS (SELECT FROM inspections_answer a WHERE a.target_id = t.id AND a.item_id = i.id)
 ORDER BY t.id, i.position
    ON CONFLICT DO NOTHING
"""


def answer_run_by_machines(run_id: int) -> int:
    """The fresh, good readings of the run's auto-confirmed items stand as answers. One statement."""
    return _answer("run.id = %s", run_id)


def answer_by_machines(cis: Iterable[int]) -> int:
    """The same, for every run in progress that these CIs stand in. One statement."""
    wanted = list(cis)
    return _answer("t.ci_id = ANY(%s)", wanted) if wanted else 0


def _answer(which: str, parameter: object) -> int:
    with connection.cursor() as cursor:
        cursor.execute(ANSWER.replace("{which}", which), [parameter])
        return cursor.rowcount
