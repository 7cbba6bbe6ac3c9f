-- The legal moves of a run (inspections/workflow.py RUN_STEPS; a test asserts that both are equal).
CREATE OR REPLACE FUNCTION inspections_run_may_v1(source text, target text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT (source, target) IN (
        ('scheduled', 'open'), ('open', 'in_progress'), ('in_progress', 'submitted'), ('submitted', 'returned'),
        ('returned', 'in_progress'), ('submitted', 'signed'), ('open', 'missed'), ('in_progress', 'missed'), ('missed', 'in_progress'),
        ('scheduled', 'cancelled'), ('open', 'cancelled'))
$$;

-- What a signature vouches for: run, version hash, targets and every answer before sign-off, superseded ones too.
CREATE OR REPLACE FUNCTION inspections_run_record_v1(wanted bigint) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $$
    SELECT (jsonb_build_object(
        'number', r.number, 'plan', p.key, 'slot', extract(epoch FROM r.slot_at), 'group', r.group_key,
        'version_sha256', r.version_sha256,
        'targets', (SELECT jsonb_agg(jsonb_build_object(
            'ci', t.ci_id, 'snapshot', t.snapshot, 'result', t.result, 'reason', t.reason, 'marked_by', t.marked_by_id)
            || jsonb_strip_nulls(jsonb_build_object('skipped', nullif(t.skipped_items, '[]'),
                'photos', (SELECT jsonb_agg(jsonb_build_object(
                    'id', e.id, 'item', i.key, 'sha256', f.sha256, 'by', e.taken_by_id, 'device', nullif(e.device, ''),
                    'captured', extract(epoch FROM e.captured_at), 'received', extract(epoch FROM e.received_at),
                    'withdrawn', extract(epoch FROM e.withdrawn_at), 'withdrawn_by', e.withdrawn_by_id) ORDER BY e.id)
                    FROM inspections_evidence e JOIN inspections_templateitem i ON i.id = e.item_id
                    JOIN audit_storedfile f ON f.id = e.file_id WHERE e.target_id = t.id))) || jsonb_build_object(
            'answers', (SELECT jsonb_agg(jsonb_build_object(
                'id', a.id, 'item', a.item_key, 'number', trim_scale(a.value_number), 'choice', a.value_choice,
                'text', a.value_text, 'na', a.is_na, 'severity', a.severity, 'bounds', a.bounds_used,
                'source', a.source, 'comment', a.comment, 'by', a.answered_by_id, 'supersedes', a.supersedes_id,
                'observed', extract(epoch FROM a.observed_at), 'received', extract(epoch FROM a.received_at),
                'dwell', a.dwell_seconds) || jsonb_strip_nulls(jsonb_build_object(
                'device', nullif(a.device, ''), 'device_at', extract(epoch FROM a.device_at), 'skew', a.clock_skew_seconds,
                'together', a.together, 'reading', a.reading_id))
                ORDER BY a.id)
                FROM inspections_answer a WHERE a.target_id = t.id AND a.amendment_id IS NULL)) ORDER BY t.id)
            FROM inspections_runtarget t WHERE t.run_id = r.id)
    ) || jsonb_strip_nulls(jsonb_build_object('client', nullif(r.client, ''))))::text
    FROM inspections_inspectionrun r JOIN inspections_inspectionplan p ON p.id = r.plan_id
    WHERE r.id = wanted
$$;

CREATE OR REPLACE FUNCTION inspections_run_sha256_v1(wanted bigint) RETURNS text LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT encode(sha256(convert_to(inspections_run_record_v1(wanted), 'UTF8')), 'hex')
$$;

-- Whether an answer of this severity to an item says why.
CREATE OR REPLACE FUNCTION inspections_wants_comment_v1(item inspections_templateitem, severity text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT item.comment_at <> '' AND inspections_severity_rank_v1(severity) >= inspections_severity_rank_v1(item.comment_at)
$$;

-- What still keeps a run from being submitted (invariant 4): one row per target and item.
CREATE OR REPLACE FUNCTION inspections_run_gaps_v1(wanted bigint)
RETURNS TABLE (target_id bigint, item_id bigint, gap text) LANGUAGE sql STABLE
SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $$
    SELECT t.id, i.id, CASE WHEN a.id IS NULL THEN 'unanswered'
                            WHEN btrim(a.comment) = '' AND g.wants_comment THEN 'comment' ELSE 'photo' END
      FROM inspections_inspectionrun r
      JOIN inspections_runtarget t ON t.run_id = r.id AND t.result = 'found'
      JOIN inspections_templateitem i ON i.version_id = r.version_id AND NOT t.skipped_items ? i.key
      LEFT JOIN inspections_answer a ON a.target_id = t.id AND a.item_id = i.id AND a.is_current
     CROSS JOIN LATERAL (SELECT
           inspections_wants_comment_v1(i, a.severity) AS wants_comment,
           NOT a.is_na AND (i.kind = 'photo' OR i.photo_at <> ''
               AND inspections_severity_rank_v1(a.severity) >= inspections_severity_rank_v1(i.photo_at)) AS wants_photo) g
     WHERE r.id = wanted
       AND ((a.id IS NULL AND i.is_required)
            OR (btrim(a.comment) = '' AND g.wants_comment)
            OR (g.wants_photo AND NOT inspections_has_photo_v1(t.id, i.id)))
     ORDER BY t.position, t.id, i.position, i.id
$$;

CREATE OR REPLACE FUNCTION inspections_guard_run_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    gaps bigint;
    moment timestamptz := clock_timestamp();
    plan inspections_inspectionplan;
    seen timestamptz;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state NOT IN ('scheduled', 'open') THEN
            RAISE EXCEPTION 'inspections: a run begins as scheduled or open, not as %', NEW.state USING ERRCODE = 'check_violation';
        END IF;
        IF NOT EXISTS (SELECT FROM inspections_templateversion v JOIN inspections_inspectionplan p ON p.template_id = v.template_id
                        WHERE v.id = NEW.version_id AND p.id = NEW.plan_id AND v.state IN ('published', 'retired')
                          AND v.sha256 = NEW.version_sha256) THEN
            RAISE EXCEPTION 'inspections: a run pins a published version of its plan''s check list and its hash' USING ERRCODE = 'check_violation';
        END IF;
        -- What the plan asks of its runs is not asked less of one of them.
        SELECT * INTO plan FROM inspections_inspectionplan WHERE id = NEW.plan_id;
        IF (NEW.signoff, NEW.client, NEW.opens_at, NEW.due_at, NEW.expires_at) IS DISTINCT FROM
           (plan.signoff, plan.client, NEW.slot_at + make_interval(mins => plan.opens_minutes),
            NEW.slot_at + make_interval(mins => plan.due_minutes), NEW.slot_at + make_interval(mins => plan.expires_minutes)) THEN
            RAISE EXCEPTION 'inspections: sign-off, client and deadlines of run % are not as its plan says', NEW.number USING ERRCODE = 'check_violation';
        END IF;
        NEW.record_sha256 := '';
        NEW.outcome := '';
        NEW.is_late := false;
        NEW.started_at := NULL;
        NEW.started_by_id := NULL;
        NEW.completed_at := NULL;
        NEW.submitted_at := NULL;
        NEW.submitted_by_id := NULL;
        NEW.signed_at := NULL;
        NEW.created_at := moment;
        RETURN NEW;
    END IF;

    -- Invariant 6 and 12: an ended run is a record.
    IF OLD.state IN ('signed', 'cancelled') OR OLD.state = 'missed' AND NEW.state <> 'in_progress' THEN
        IF to_jsonb(NEW) - 'row_version' = to_jsonb(OLD) - 'row_version' THEN RETURN NEW; END IF;
        RAISE EXCEPTION 'inspections: run % is % and never changes', OLD.number, OLD.state USING ERRCODE = 'restrict_violation';
    END IF;
    IF (NEW.number, NEW.plan_id, NEW.slot_at, NEW.group_key, NEW.version_id, NEW.version_sha256, NEW.signoff,
        NEW.opens_at, NEW.due_at, NEW.expires_at, NEW.created_at, NEW.client)
       IS DISTINCT FROM
       (OLD.number, OLD.plan_id, OLD.slot_at, OLD.group_key, OLD.version_id, OLD.version_sha256, OLD.signoff,
        OLD.opens_at, OLD.due_at, OLD.expires_at, OLD.created_at, OLD.client) THEN
        RAISE EXCEPTION 'inspections: slot, version and deadlines of run % are fixed', OLD.number USING ERRCODE = 'restrict_violation';
    END IF;

    -- A run changes hands by a row that says whose they are, who says so and why (sql/handover_v1.sql).
    IF (NEW.assignee_id, NEW.deputy_id) IS DISTINCT FROM (OLD.assignee_id, OLD.deputy_id)
       AND NOT inspections_is_handed_over_v1(NEW.id, OLD.assignee_id, NEW.assignee_id, OLD.deputy_id, NEW.deputy_id) THEN
        RAISE EXCEPTION 'inspections: run % is handed over by a hand-over', OLD.number USING ERRCODE = 'restrict_violation';
    END IF;

    IF NEW.state = OLD.state THEN
        IF (NEW.record_sha256, NEW.outcome, NEW.is_late, NEW.submitted_at, NEW.submitted_by_id, NEW.completed_at, NEW.signed_at,
            NEW.started_at, NEW.started_by_id)
           IS DISTINCT FROM
           (OLD.record_sha256, OLD.outcome, OLD.is_late, OLD.submitted_at, OLD.submitted_by_id, OLD.completed_at, OLD.signed_at,
            OLD.started_at, OLD.started_by_id) OR NEW.arrived_late_at IS DISTINCT FROM OLD.arrived_late_at THEN
            RAISE EXCEPTION 'inspections: result and hash of run % come with its steps', OLD.number USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NOT inspections_run_may_v1(OLD.state, NEW.state) THEN
        RAISE EXCEPTION 'inspections: run % cannot go from % to %', OLD.number, OLD.state, NEW.state USING ERRCODE = 'check_violation';
    END IF;

    IF NEW.state IN ('in_progress', 'submitted')
       AND EXISTS (SELECT FROM inspections_readingsource s WHERE s.account_id IN (NEW.started_by_id, NEW.submitted_by_id)) THEN
        RAISE EXCEPTION 'inspections: run % is started and submitted by people, not by a source of readings', NEW.number
            USING ERRCODE = 'restrict_violation';
    END IF;
    NEW.record_sha256 := OLD.record_sha256;
    NEW.outcome := OLD.outcome;
    NEW.is_late := OLD.is_late;
    NEW.signed_at := NULL;
    IF NEW.state <> 'submitted' THEN  -- or lateness could be waived by a submission that never was
        NEW.completed_at := OLD.completed_at;
        NEW.submitted_at := OLD.submitted_at;
        NEW.submitted_by_id := OLD.submitted_by_id;
    END IF;
    CASE NEW.state
    WHEN 'in_progress' THEN
        IF NEW.started_by_id IS NULL THEN
            RAISE EXCEPTION 'inspections: somebody starts a run' USING ERRCODE = 'check_violation';
        END IF;
        IF OLD.state = 'missed' THEN  -- the operation that proves it is asked for at the end of the transaction
            IF moment > OLD.expires_at + interval '7 days' THEN
                RAISE EXCEPTION 'inspections: run % was missed more than a week ago, and stays so', OLD.number USING ERRCODE = 'restrict_violation';
            END IF;
            NEW.arrived_late_at := moment;
        END IF;
        -- The first start counts; it lies back only where what was done in time arrives late.
        NEW.started_at := coalesce(OLD.started_at, CASE WHEN OLD.state = 'missed' THEN
            greatest(least(NEW.started_at, OLD.expires_at), least(OLD.created_at, OLD.opens_at)) END, moment);
        NEW.started_by_id := coalesce(OLD.started_by_id, NEW.started_by_id);
    WHEN 'submitted' THEN
        SELECT count(*) INTO gaps FROM inspections_run_gaps_v1(NEW.id);
        IF gaps > 0 THEN
            RAISE EXCEPTION 'inspections: run % lacks % required answers, comments or photos', NEW.number, gaps USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.submitted_by_id IS NULL OR NEW.completed_at IS NULL OR NEW.completed_at > moment + interval '5 minutes' THEN
            RAISE EXCEPTION 'inspections: a run is submitted by somebody, and completed in the past' USING ERRCODE = 'check_violation';
        END IF;
        -- Nobody is done before they have seen; clocks of devices may differ by five minutes.
        SELECT max(a.observed_at) INTO seen FROM inspections_answer a JOIN inspections_runtarget t ON t.id = a.target_id
         WHERE t.run_id = NEW.id AND a.is_current AND a.source <> 'machine';
        IF NEW.completed_at < seen - interval '5 minutes' THEN
            RAISE EXCEPTION 'inspections: run % was not done at %: an answer was observed after that', NEW.number, NEW.completed_at USING ERRCODE = 'check_violation';
        END IF;
        NEW.completed_at := greatest(NEW.completed_at, seen);
        IF OLD.submitted_at IS NULL THEN  -- lateness is that of the first submission
            IF NEW.completed_at > NEW.expires_at THEN
                RAISE EXCEPTION 'inspections: run % expired at % and counts as missed', NEW.number, NEW.expires_at USING ERRCODE = 'check_violation';
            END IF;
            IF NEW.arrived_late_at IS NOT NULL AND EXISTS (
                SELECT FROM inspections_answer a JOIN inspections_runtarget t ON t.id = a.target_id
                 WHERE t.run_id = NEW.id AND a.observed_at > greatest(NEW.completed_at, NEW.expires_at) + interval '5 minutes') THEN
                RAISE EXCEPTION 'inspections: run % was missed; only what was seen before % counts', NEW.number, NEW.expires_at
                    USING ERRCODE = 'check_violation';
            END IF;
            NEW.is_late := NEW.completed_at > NEW.due_at;
        END IF;
        NEW.submitted_at := moment;
        NEW.record_sha256 := inspections_run_sha256_v1(NEW.id);
        NEW.outcome := coalesce((
            SELECT s.severity FROM (
                SELECT a.severity FROM inspections_answer a JOIN inspections_runtarget t ON t.id = a.target_id
                 WHERE t.run_id = NEW.id AND a.is_current AND a.severity <> 'na'
                UNION ALL
                SELECT 'unknown' FROM inspections_runtarget t WHERE t.run_id = NEW.id AND t.result <> 'found') s
             ORDER BY inspections_severity_rank_v1(s.severity) DESC LIMIT 1), 'unknown');
    WHEN 'returned' THEN
        IF btrim(NEW.state_reason) = '' OR NEW.state_by_id IS NULL THEN
            RAISE EXCEPTION 'inspections: a run is returned by somebody for a reason' USING ERRCODE = 'check_violation';
        END IF;
    WHEN 'signed' THEN
        IF NOT EXISTS (SELECT FROM inspections_signature s WHERE s.run_id = NEW.id AND s.record_sha256 = OLD.record_sha256
                          AND s.role = CASE NEW.signoff WHEN 'none' THEN 'inspector' ELSE 'reviewer' END)
           OR OLD.record_sha256 <> inspections_run_sha256_v1(NEW.id) THEN
            RAISE EXCEPTION 'inspections: run % lacks a signature of its record', NEW.number USING ERRCODE = 'check_violation';
        END IF;
        NEW.signed_at := moment;
    WHEN 'missed' THEN
        IF NEW.expires_at > moment OR OLD.submitted_at IS NOT NULL THEN
            RAISE EXCEPTION 'inspections: run % has not expired', NEW.number USING ERRCODE = 'check_violation';
        END IF;
    WHEN 'cancelled' THEN
        IF btrim(NEW.state_reason) = '' OR NEW.state_by_id IS NULL THEN
            RAISE EXCEPTION 'inspections: a run is cancelled by somebody for a reason' USING ERRCODE = 'check_violation';
        END IF;
    ELSE NULL;
    END CASE;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER inspections_20_guard BEFORE INSERT OR UPDATE ON inspections_inspectionrun
    FOR EACH ROW EXECUTE FUNCTION inspections_guard_run_v1();

-- A missed run comes back only together with the operation of a phone that was made before it expired.
CREATE OR REPLACE FUNCTION inspections_run_arrived_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM inspections_syncop o
                    WHERE o.run_id = NEW.id AND o.status = 201 AND o.received_at >= NEW.arrived_late_at - interval '1 minute'
                      AND o.made_at + make_interval(secs => o.clock_skew_seconds) <= NEW.expires_at) THEN
        RAISE EXCEPTION 'inspections: run % is missed; nothing has arrived that was done in time', NEW.number USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS inspections_30_arrived ON inspections_inspectionrun;
CREATE CONSTRAINT TRIGGER inspections_30_arrived AFTER UPDATE OF state ON inspections_inspectionrun
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.state = 'missed' AND NEW.state = 'in_progress')
    EXECUTE FUNCTION inspections_run_arrived_v1();

CREATE OR REPLACE FUNCTION inspections_guard_target_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE state text;
BEGIN
    SELECT r.state INTO state FROM inspections_inspectionrun r WHERE r.id = NEW.run_id FOR SHARE;
    IF to_jsonb(NEW) - 'row_version' = to_jsonb(OLD) - 'row_version' THEN RETURN NEW; END IF;
    IF state = 'in_progress' AND (NEW.run_id, NEW.ci_id, NEW.position, NEW.snapshot) = (OLD.run_id, OLD.ci_id, OLD.position, OLD.snapshot)
       AND NEW.skipped_items = OLD.skipped_items THEN
        IF NEW.marked_by_id IS NULL OR NEW.result NOT IN ('found', 'unreachable', 'not_present')
           OR NEW.result <> 'found' AND btrim(NEW.reason) = '' THEN
            RAISE EXCEPTION 'inspections: somebody marks a target as found, unreachable or not present, for a reason' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'inspections: the targets of a run that is % do not change', state USING ERRCODE = 'restrict_violation';
END $$;
CREATE OR REPLACE TRIGGER inspections_20_guard BEFORE UPDATE ON inspections_runtarget
    FOR EACH ROW EXECUTE FUNCTION inspections_guard_target_v1();

-- The runs of all new targets are locked and looked at once; enable_seqscan = off: the plan is made once per session,
-- perhaps while there are no runs.
CREATE OR REPLACE FUNCTION inspections_guard_new_targets_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $$
DECLARE
    runs bigint[] := ARRAY(SELECT DISTINCT n.run_id FROM new_rows n);
    ahead bigint;
BEGIN
    PERFORM 1 FROM inspections_inspectionrun r WHERE r.id = ANY (runs) ORDER BY r.id FOR SHARE;
    SELECT count(*) INTO ahead FROM inspections_inspectionrun r WHERE r.id = ANY (runs) AND r.state IN ('scheduled', 'open');
    IF ahead < cardinality(runs) THEN
        RAISE EXCEPTION 'inspections: the targets of a run that is % do not change',
            (SELECT r.state FROM inspections_inspectionrun r WHERE r.id = ANY (runs) AND r.state NOT IN ('scheduled', 'open') LIMIT 1)
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER inspections_20_guard_new AFTER INSERT ON inspections_runtarget
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION inspections_guard_new_targets_v1();
