-- How bad the value of an answer is by its item, and by which bounds. Refuses what does not fit the item.
CREATE OR REPLACE FUNCTION inspections_grade_answer_v1(
    given inspections_answer, item inspections_templateitem, target inspections_runtarget, plan bigint,
    OUT severity text, OUT bounds jsonb
) LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $$
DECLARE
    other inspections_thresholdoverride;
    picked jsonb;
BEGIN
    bounds := '{}';
    IF given.is_na THEN
        IF NOT item.is_na_allowed THEN
            RAISE EXCEPTION 'inspections: item % cannot be "not applicable"', item.key USING ERRCODE = 'check_violation';
        END IF;
        severity := 'na';
    ELSIF item.kind IN ('number', 'machine') AND given.value_number IS NOT NULL THEN
        IF given.value_number = 'NaN' OR scale(trim_scale(given.value_number)) > item.decimals THEN
            RAISE EXCEPTION 'inspections: item % takes a finite number with at most % decimal places', item.key, item.decimals
                USING ERRCODE = 'check_violation';
        END IF;
        -- Bounds approved for this CI on the day it was observed (of the plan's zone) take the place of all four.
        SELECT o.* INTO other FROM inspections_inspectionplan p CROSS JOIN LATERAL inspections_override_on_v1(
            p.template_id, item.key, target.ci_id, (given.observed_at AT TIME ZONE p.time_zone)::date) o WHERE p.id = plan;
        IF other.id IS NOT NULL THEN
            item.crit_low := other.crit_low;
            item.warn_low := other.warn_low;
            item.warn_high := other.warn_high;
            item.crit_high := other.crit_high;
        END IF;
        severity := inspections_grade_number_v1(given.value_number, item.crit_low, item.warn_low, item.warn_high, item.crit_high);
        bounds := jsonb_strip_nulls(jsonb_build_object(
            'crit_low', trim_scale(item.crit_low)::text, 'warn_low', trim_scale(item.warn_low)::text,
            'warn_high', trim_scale(item.warn_high)::text, 'crit_high', trim_scale(item.crit_high)::text,
            'override', other.id));
    ELSIF item.kind = 'pass_fail' AND given.value_choice IN ('pass', 'fail') THEN
        severity := CASE given.value_choice WHEN 'pass' THEN 'ok' ELSE item.fail_severity END;
        bounds := jsonb_build_object('fail', item.fail_severity);
    ELSIF item.kind = 'choice' AND given.value_choice <> '' THEN
        SELECT c INTO picked FROM jsonb_array_elements(item.choices) c WHERE c->>'value' = given.value_choice LIMIT 1;
        IF picked IS NULL THEN
            RAISE EXCEPTION 'inspections: "%" is no choice of item %', given.value_choice, item.key USING ERRCODE = 'check_violation';
        END IF;
        severity := picked->>'severity';
        bounds := jsonb_build_object(picked->>'value', picked->>'severity');
    ELSIF item.kind = 'text' AND btrim(given.value_text) <> '' THEN
        severity := 'ok';
    ELSIF item.kind = 'photo' AND EXISTS (  -- its answer names the photo
            SELECT FROM inspections_evidence e JOIN audit_storedfile f ON f.id = e.file_id
             WHERE e.target_id = target.id AND e.item_id = item.id AND e.withdrawn_at IS NULL
               AND f.sha256 = given.value_text) THEN
        severity := 'ok';
    ELSE
        RAISE EXCEPTION 'inspections: the value does not fit item % (%)', item.key, item.kind USING ERRCODE = 'check_violation';
    END IF;
END $$;

-- Invariants 3 and 6: PostgreSQL grades every answer by the bounds of the pinned version and keeps them with it;
-- a severity sent by a client is overwritten. An answer never changes: a later one supersedes it.
CREATE OR REPLACE FUNCTION inspections_guard_answer_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $$
DECLARE
    run inspections_inspectionrun;
    target inspections_runtarget;
    item inspections_templateitem;
    former inspections_answer;
    reading inspections_machinereading;
    account bigint;
    is_taken boolean;
BEGIN
    SELECT * INTO target FROM inspections_runtarget WHERE id = NEW.target_id;
    SELECT * INTO run FROM inspections_inspectionrun WHERE id = target.run_id FOR SHARE;
    IF TG_OP = 'UPDATE' THEN
        IF to_jsonb(NEW) - 'row_version' = to_jsonb(OLD) - 'row_version' THEN RETURN NEW; END IF;
        IF to_jsonb(NEW) - 'row_version' - 'is_current' = to_jsonb(OLD) - 'row_version' - 'is_current'
           AND OLD.is_current AND NOT NEW.is_current
           AND (run.state = 'in_progress'
                OR run.state = 'signed' AND EXISTS (SELECT FROM inspections_amendment m
                       WHERE m.answer_id = OLD.id AND m.state = 'approved')) THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'inspections: answer % of run % never changes; a later one supersedes it', OLD.id, run.number
            USING ERRCODE = 'restrict_violation';
    END IF;

    IF NEW.amendment_id IS NULL AND run.state <> 'in_progress' THEN
        RAISE EXCEPTION 'inspections: run % is %; answers are taken while it is running', run.number, run.state
            USING ERRCODE = 'restrict_violation';
    ELSIF NEW.amendment_id IS NOT NULL AND (run.state <> 'signed' OR NOT EXISTS (
            SELECT FROM inspections_amendment m WHERE m.id = NEW.amendment_id AND m.answer_id = NEW.supersedes_id
               AND m.state = 'approved' AND m.by_id = NEW.answered_by_id
               AND (m.value_number, m.value_choice, m.value_text, m.is_na, m.comment)
                   IS NOT DISTINCT FROM (NEW.value_number, NEW.value_choice, NEW.value_text, NEW.is_na, NEW.comment))) THEN
        RAISE EXCEPTION 'inspections: an amended answer is what an approved amendment says, and supersedes the one it names' USING ERRCODE = 'restrict_violation';
    END IF;
    SELECT * INTO item FROM inspections_templateitem WHERE id = NEW.item_id;
    IF item.version_id IS DISTINCT FROM run.version_id THEN
        RAISE EXCEPTION 'inspections: the item is not in the version that run % pins', run.number USING ERRCODE = 'check_violation';
    END IF;
    IF target.skipped_items ? item.key THEN
        RAISE EXCEPTION 'inspections: item % does not apply to this CI', item.key USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.supersedes_id IS NOT NULL THEN
        SELECT * INTO former FROM inspections_answer WHERE id = NEW.supersedes_id;
        IF (former.target_id, former.item_id) <> (NEW.target_id, NEW.item_id) OR former.is_current THEN
            RAISE EXCEPTION 'inspections: an answer supersedes the former one of the same target and item' USING ERRCODE = 'check_violation';
        END IF;
    ELSIF EXISTS (SELECT FROM inspections_answer a WHERE a.target_id = NEW.target_id AND a.item_id = NEW.item_id AND a.is_current) THEN
        RAISE EXCEPTION 'inspections: this item is answered; a later answer names the one it supersedes' USING ERRCODE = 'unique_violation';
    END IF;
    IF NOT NEW.is_current THEN
        RAISE EXCEPTION 'inspections: a new answer is the current one' USING ERRCODE = 'check_violation';
    END IF;

    NEW.ci_id := target.ci_id;
    NEW.item_key := item.key;
    NEW.received_at := clock_timestamp();
    IF NEW.observed_at > NEW.received_at + interval '5 minutes' THEN
        RAISE EXCEPTION 'inspections: nothing is observed in the future' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.source = 'human' AND NEW.amendment_id IS NULL AND NEW.observed_at < least(run.created_at, run.opens_at) - interval '5 minutes' THEN
        RAISE EXCEPTION 'inspections: nothing is observed before run % was there', run.number USING ERRCODE = 'check_violation';
    END IF;
    -- The device's time, corrected by its skew; what cannot be true counts as of its receipt (inspections/clock.py).
    IF num_nonnulls(NEW.device_at, NEW.clock_skew_seconds) = 1
       OR abs(extract(epoch FROM NEW.observed_at - (NEW.device_at + make_interval(secs => NEW.clock_skew_seconds)))) > 5
          AND abs(extract(epoch FROM NEW.received_at - NEW.observed_at)) > 60 THEN
        RAISE EXCEPTION 'inspections: observed_at is the device''s time corrected by its skew, or the receipt' USING ERRCODE = 'check_violation';
    END IF;
    IF num_nonnulls(NEW.value_number, nullif(NEW.value_choice, ''), nullif(btrim(NEW.value_text), ''), nullif(NEW.is_na, false)) <> 1 THEN
        RAISE EXCEPTION 'inspections: an answer is exactly one value' USING ERRCODE = 'check_violation';
    END IF;

    SELECT g.severity, g.bounds INTO NEW.severity, NEW.bounds_used FROM inspections_grade_answer_v1(NEW, item, target, run.plan_id) g;

    -- A reading is taken over as it is while it is fresh; whoever says otherwise says why. A machine answers only
    -- what is good, where the check list lets it, as the account of its source.
    IF NEW.reading_id IS NULL THEN
        IF NEW.source <> 'human' THEN
            RAISE EXCEPTION 'inspections: an answer of a machine names its reading' USING ERRCODE = 'check_violation';
        END IF;
    ELSE
        SELECT * INTO reading FROM inspections_machinereading WHERE id = NEW.reading_id;
        IF item.kind <> 'machine' OR (reading.ci_id, reading.metric) IS DISTINCT FROM (target.ci_id, inspections_metric_v1(item)::varchar) THEN
            RAISE EXCEPTION 'inspections: the reading is of another CI or metric than item %', item.key USING ERRCODE = 'check_violation';
        END IF;
        SELECT s.account_id INTO account FROM inspections_readingsource s WHERE s.id = reading.source_id;
        is_taken := coalesce(NEW.value_number = round(reading.value, item.decimals)
                             AND inspections_grade_reading_v1(reading, item) <> 'unknown'
                             AND reading.observed_at >= NEW.observed_at - make_interval(mins => item.max_age_minutes), false);
        IF NEW.source = 'machine' AND (NOT is_taken OR item.confirm <> 'auto_if_ok' OR NEW.severity <> 'ok'
                                       OR NEW.supersedes_id IS NOT NULL OR NEW.answered_by_id <> account
                                       OR reading.observed_at < NEW.received_at - make_interval(mins => item.max_age_minutes)) THEN
            RAISE EXCEPTION 'inspections: a machine answers item % only with a fresh, good reading of its own', item.key USING ERRCODE = 'check_violation';
        ELSIF NOT is_taken AND btrim(NEW.comment) = '' THEN
            RAISE EXCEPTION 'inspections: who overrides the reading of item % says why in a comment', item.key USING ERRCODE = 'check_violation';
        END IF;
        NEW.source := CASE WHEN NEW.source = 'machine' THEN 'machine' WHEN is_taken THEN 'confirmed' ELSE 'human' END;
    END IF;
    IF NEW.source <> 'machine' AND EXISTS (SELECT FROM inspections_readingsource s WHERE s.account_id = NEW.answered_by_id) THEN
        RAISE EXCEPTION 'inspections: the account of a source of readings answers as a machine only' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER inspections_20_guard BEFORE INSERT OR UPDATE ON inspections_answer
    FOR EACH ROW EXECUTE FUNCTION inspections_guard_answer_v1();

-- Whoever takes the current mark off an answer puts a successor in, before the transaction ends.
CREATE OR REPLACE FUNCTION inspections_answer_has_successor_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM inspections_answer a WHERE a.supersedes_id = NEW.id) THEN
        RAISE EXCEPTION 'inspections: answer % is no longer current, but nothing supersedes it', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS inspections_30_successor ON inspections_answer;
CREATE CONSTRAINT TRIGGER inspections_30_successor AFTER UPDATE OF is_current ON inspections_answer
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NOT NEW.is_current)
    EXECUTE FUNCTION inspections_answer_has_successor_v1();
