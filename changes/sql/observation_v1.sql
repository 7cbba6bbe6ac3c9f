-- Whether a value passes follows from the criterion, not from who measured it. The source says when it measured:
-- up to two minutes ahead of our clock count as now, more is refused; what is older than the work says nothing
-- about it. Who implements a change posts no value of it.
CREATE OR REPLACE FUNCTION changes_judge_result_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE k changes_criterion; c changes_changerequest; at timestamptz := clock_timestamp();
BEGIN
  SELECT * INTO k FROM changes_criterion WHERE id = NEW.criterion_id;
  SELECT * INTO c FROM changes_changerequest WHERE id = k.change_id;
  IF NEW.value = 'NaN' THEN
    PERFORM changes_refuse_v1('value', 'a measured value is a number');
  END IF;
  IF NEW.measured_at > at + interval '2 minutes' THEN
    PERFORM changes_refuse_v1('clock_ahead', 'the value was measured in the future: the clock of its source is wrong');
  END IF;
  IF NEW.measured_at < c.actual_start_at AND NOT c.is_retrospective THEN
    PERFORM changes_refuse_v1('before_the_work', 'the value was measured before the work began');
  END IF;
  IF NEW.measured_by_id IN (SELECT changes_implementers_v1(c.id)) THEN
    PERFORM changes_refuse_v1('implementer_apart', 'who implements a change does not measure its effect');
  END IF;
  NEW.measured_at := least(NEW.measured_at, at);
  NEW.received_at := at;
  NEW.has_passed := CASE k.comparison WHEN 'lt' THEN NEW.value < k.threshold WHEN 'le' THEN NEW.value <= k.threshold
                                      WHEN 'eq' THEN NEW.value = k.threshold WHEN 'ge' THEN NEW.value >= k.threshold
                                      ELSE NEW.value > k.threshold END;
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER judge_result BEFORE INSERT ON changes_criterionresult
  FOR EACH ROW EXECUTE FUNCTION changes_judge_result_v1();

-- The criteria of a change that are breached now: the newest value is bad, every value since the first bad one is
-- bad too, and between those two lie at least the minutes of grace. Times are those of the measurements. Silence
-- neither breaches a criterion nor mends it.
CREATE OR REPLACE FUNCTION changes_breaches_v1(wanted bigint)
RETURNS TABLE (criterion_id bigint, first_id bigint, last_id bigint, since timestamptz, value numeric)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  WITH counting AS (
    SELECT r.*, k.position, k.grace_minutes
      FROM changes_changerequest c JOIN changes_criterion k ON k.change_id = c.id
      JOIN changes_criterionresult r ON r.criterion_id = k.id
     WHERE c.id = wanted AND (c.is_retrospective OR c.actual_start_at IS NULL OR r.measured_at >= c.actual_start_at)),
  good AS (
    SELECT DISTINCT ON (criterion_id) criterion_id, measured_at, id FROM counting WHERE has_passed
     ORDER BY criterion_id, measured_at DESC, id DESC),
  bad AS (
    SELECT b.* FROM counting b LEFT JOIN good g ON g.criterion_id = b.criterion_id
     WHERE NOT b.has_passed AND (g.id IS NULL OR (b.measured_at, b.id) > (g.measured_at, g.id))),
  first_bad AS (SELECT DISTINCT ON (criterion_id) * FROM bad ORDER BY criterion_id, measured_at, id),
  last_bad AS (SELECT DISTINCT ON (criterion_id) * FROM bad ORDER BY criterion_id, measured_at DESC, id DESC)
  SELECT f.criterion_id, f.id, l.id, f.measured_at, l.value
    FROM first_bad f JOIN last_bad l ON l.criterion_id = f.criterion_id
   WHERE l.measured_at - f.measured_at >= make_interval(mins => f.grace_minutes)
   ORDER BY f.position, f.criterion_id;
$$;

-- How long a change was on hold since an instant: its clocks stood still so long.
CREATE OR REPLACE FUNCTION changes_held_since_v1(wanted bigint, since timestamptz) RETURNS interval
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT coalesce(sum(greatest(interval '0',
           coalesce(ended.happened_at, clock_timestamp()) - greatest(h.happened_at, since))), interval '0')
    FROM changes_changeevent h
    LEFT JOIN LATERAL (
      SELECT e.happened_at FROM changes_changeevent e
       WHERE e.change_id = h.change_id AND e.seq > h.seq AND (e.event = 'resume' OR e.source <> e.target)
       ORDER BY e.seq LIMIT 1) AS ended ON true
   WHERE h.change_id = wanted AND h.event = 'hold';
$$;

-- The criteria whose effect is not proved yet: {criterion, from when on a value counts}. A value counts when it was
-- measured after the work ended; where `observed`, after the criterion's own time of observation too.
CREATE OR REPLACE FUNCTION changes_unproved_v1(wanted bigint, observed boolean)
RETURNS TABLE (criterion_id bigint, ready_at timestamptz)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT k.id, ready.at
    FROM changes_changerequest c JOIN changes_criterion k ON k.change_id = c.id
   CROSS JOIN LATERAL (SELECT coalesce(c.actual_end_at, c.state_since_at) AS ended) AS work
   CROSS JOIN LATERAL (SELECT CASE WHEN observed AND k.observation_minutes > 0
     THEN work.ended + make_interval(mins => k.observation_minutes) + changes_held_since_v1(c.id, work.ended)
     ELSE work.ended END AS at) AS ready
   WHERE c.id = wanted
     AND (ready.at > clock_timestamp() OR NOT EXISTS (
       SELECT FROM changes_criterionresult r WHERE r.criterion_id = k.id AND r.measured_at >= ready.at))
   ORDER BY k.position, k.id;
$$;

SELECT audit.protect('changes_criterionbreach');
SELECT audit.protect('changes_deviation');
