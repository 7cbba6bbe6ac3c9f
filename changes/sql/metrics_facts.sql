-- One row per chosen change with what the measures ask of it; the condition in braces is put in by changes.metrics.
WITH chosen AS MATERIALIZED (
  SELECT c.id, c.kind, c.state, c.outcome, c.is_imported, c.is_retrospective, c.rollback_minutes, c.downtime_minutes,
         c.actual_start_at, c.actual_end_at, c.ratify_due_at, c.import_created_at,
         coalesce(lower(c."window"), CASE WHEN c.is_imported THEN c.actual_start_at END) AS window_start,
         coalesce(c.actual_start_at, lower(c."window"), c.created_at) AS happened_at
    FROM changes_changerequest c
   WHERE {chosen}
), moved AS (
  SELECT e.change_id,
         min(e.happened_at) FILTER (WHERE e.event IN ('submit', 'record_retro')) AS submitted_at,
         min(e.happened_at) FILTER (WHERE e.target = 'implementing' AND e.source <> e.target) AS started_at,
         max(e.happened_at) FILTER (WHERE e.event IN ('rollback', 'auto_rollback')) AS rollback_at,
         max(e.happened_at) FILTER (WHERE e.event = 'rolled_back') AS rolled_back_at,
         min(e.happened_at) FILTER (WHERE e.event IN ('ratify', 'not_ratified')) AS ratified_at,
         bool_or(e.event = 'approve') AS was_approved,
         bool_or(e.event IN ('replan', 'convert')) AS was_planned_again
    FROM changes_changeevent e
   WHERE e.change_id IN (SELECT id FROM chosen)
   GROUP BY e.change_id
), ballots AS (
  SELECT r.change_id, sum(extract(epoch FROM r.closed_at - r.opened_at)) AS approval_seconds
    FROM changes_approvalround r
   WHERE r.change_id IN (SELECT id FROM chosen) AND r.purpose = 'approve' AND r.result IN ('approved', 'rejected')
   GROUP BY r.change_id
), stamps AS (
  SELECT r.change_id, count(*) AS votes_timed,
         count(*) FILTER (WHERE v.cast_at < g.first_opened_at + interval '20 seconds') AS votes_rubber
    FROM changes_approvalround r
    JOIN changes_vote v ON v.round_id = r.id AND v.choice = 'approve'
    JOIN changes_roundreading g ON g.seat_id = v.seat_id AND g.reader_id = v.voter_id
   WHERE r.change_id IN (SELECT id FROM chosen)
   GROUP BY r.change_id
), hurt AS (
  SELECT DISTINCT i.change_id FROM changes_causedincident i
   WHERE i.change_id IN (SELECT id FROM chosen) AND i.severity IN ('p1', 'p2')
), joined AS (
  SELECT c.*, m.submitted_at, coalesce(m.started_at, c.actual_start_at) AS started_at, m.rollback_at, m.rolled_back_at,
         m.ratified_at, coalesce(m.was_approved, false) AS was_approved,
         coalesce(m.was_planned_again, false) AS was_planned_again, b.approval_seconds,
         coalesce(s.votes_timed, 0) AS votes_timed, coalesce(s.votes_rubber, 0) AS votes_rubber,
         h.change_id IS NOT NULL AS has_hurt,
         coalesce(c.import_created_at, CASE WHEN c.is_imported THEN NULL ELSE m.submitted_at END) AS asked_at
    FROM chosen c
    LEFT JOIN moved m ON m.change_id = c.id
    LEFT JOIN ballots b ON b.change_id = c.id
    LEFT JOIN stamps s ON s.change_id = c.id
    LEFT JOIN hurt h ON h.change_id = c.id
), facts AS (
  SELECT j.*,
         CASE WHEN is_imported THEN outcome IN ('successful', 'successful_with_issues', 'rolled_back', 'failed')
              ELSE actual_end_at IS NOT NULL AND outcome NOT IN ('cancelled', 'missed_window') END AS was_implemented
    FROM joined j
)
