-- The legal moves of a finding (inspections/workflow.py FINDING_STEPS; a test asserts that both are equal).
CREATE OR REPLACE FUNCTION inspections_finding_may_v1(source text, target text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT (source, target) IN (
        ('open', 'acknowledged'), ('open', 'fixing'), ('acknowledged', 'fixing'), ('open', 'fixed'), ('acknowledged', 'fixed'),
        ('fixing', 'fixed'), ('fixed', 'verified'), ('fixed', 'open'), ('open', 'accepted_risk'),
        ('acknowledged', 'accepted_risk'), ('accepted_risk', 'open'), ('open', 'duplicate'), ('acknowledged', 'duplicate'))
$$;

-- What comes by an event only (finding_event_v1.sql): nobody moves a deadline, an owner or a link silently.
CREATE OR REPLACE FUNCTION inspections_finding_led_v1(f inspections_finding) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_build_object('response_due_at', f.response_due_at, 'due_at', f.due_at, 'response_soon_at', f.response_soon_at,
                              'fix_soon_at', f.fix_soon_at, 'policy_used', f.policy_used, 'change', f.change_id, 'repair', f.repair_id)
$$;

-- When the thing was last seen bad, and when OpsLedger learnt of it.
CREATE OR REPLACE FUNCTION inspections_finding_known_v1(f inspections_finding, OUT seen_at timestamptz, OUT learnt_at timestamptz)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT greatest(f.opened_at, max(e.seen)), max(e.learnt) FROM (
        SELECT a.observed_at AS seen, a.received_at AS learnt FROM inspections_answer a WHERE a.id = f.last_answer_id
        UNION ALL SELECT r.observed_at, r.received_at FROM inspections_machinereading r WHERE r.id = f.last_reading_id
        UNION ALL SELECT least(l.starts_at, l.received_at), l.received_at FROM inspections_alert l WHERE l.id = f.last_alert_id) e
$$;

-- Invariant 10: only a later good answer of somebody else, or a newer machine reading, verifies a fix.
CREATE OR REPLACE FUNCTION inspections_guard_finding_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    proof inspections_answer;
    reading inspections_machinereading;
    item inspections_templateitem;
    alert inspections_alert;
    moment timestamptz := clock_timestamp();
    clocks record;
    known record;
    by_event boolean := current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID);
    is_worse boolean;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'open' OR NEW.count < 1 OR NEW.count > 1 AND NEW.first_reading_id IS NULL THEN
            RAISE EXCEPTION 'inspections: a finding begins open and once' USING ERRCODE = 'check_violation';
        END IF;
        IF num_nonnulls(NEW.first_answer_id, NEW.first_reading_id, NEW.alert_id) <> 1 THEN
            RAISE EXCEPTION 'inspections: a finding begins with one answer, one reading or one alert' USING ERRCODE = 'check_violation';
        ELSIF NEW.first_answer_id IS NOT NULL THEN
            SELECT * INTO proof FROM inspections_answer WHERE id = NEW.first_answer_id;
            IF (proof.ci_id, proof.item_key, proof.severity) IS DISTINCT FROM (NEW.ci_id, NEW.item_key, NEW.severity)
               OR proof.severity NOT IN ('warn', 'crit') THEN
                RAISE EXCEPTION 'inspections: a bad answer on the same CI and item opens a finding' USING ERRCODE = 'check_violation';
            END IF;
        ELSIF NEW.first_reading_id IS NOT NULL THEN
            SELECT * INTO reading FROM inspections_machinereading WHERE id = NEW.first_reading_id;
            SELECT i.* INTO item FROM inspections_templateitem i JOIN inspections_templateversion v ON v.id = i.version_id AND v.state = 'published'
             WHERE i.id = NEW.item_id AND i.kind = 'machine' AND i.finding <> 'none';
            IF reading.ci_id IS DISTINCT FROM NEW.ci_id OR item.key IS DISTINCT FROM NEW.item_key
               OR reading.metric <> inspections_metric_v1(item)
               OR inspections_readings_agree_v1(reading.id, item, '{warn,crit}', item.bad_readings) IS NOT TRUE THEN
                RAISE EXCEPTION 'inspections: bad readings in a row of a published item on the same CI open a finding' USING ERRCODE = 'check_violation';
            END IF;
        ELSE
            SELECT * INTO alert FROM inspections_alert WHERE id = NEW.alert_id;
            IF alert.ci_id IS DISTINCT FROM NEW.ci_id OR inspections_alert_key_v1(alert) <> NEW.item_key THEN
                RAISE EXCEPTION 'inspections: an alert opens a finding on its own CI' USING ERRCODE = 'check_violation';
            END IF;
        END IF;
        NEW.number := 'FD-' || lpad(NEW.id::text, 6, '0');
        -- The clocks start when somebody saw it; when OpsLedger learnt of it from a machine, or from an amendment
        -- that was approved however long after the thing was seen.
        NEW.opened_at := CASE WHEN proof.id IS NULL THEN least(reading.observed_at, alert.starts_at, moment)
                              WHEN proof.amendment_id IS NULL THEN proof.observed_at ELSE proof.received_at END;
        SELECT * INTO clocks FROM inspections_deadlines_v1(NEW.severity, CASE WHEN proof.id IS NULL THEN moment ELSE NEW.opened_at END);
        NEW.response_soon_at := clocks.response_soon_at;
        NEW.response_due_at := clocks.response_due_at;
        NEW.fix_soon_at := clocks.fix_soon_at;
        NEW.due_at := clocks.due_at;
        NEW.policy_used := clocks.used;
        NEW.owner_id := NULL;
        NEW.acknowledged_at := NULL;
        NEW.accepted_by_id := NULL;
        NEW.change_id := NULL;
        NEW.repair_id := NULL;
        RETURN NEW;
    END IF;
    IF (NEW.number, NEW.ci_id, NEW.item_key, NEW.first_answer_id, NEW.first_reading_id, NEW.alert_id, NEW.opened_at)
       IS DISTINCT FROM (OLD.number, OLD.ci_id, OLD.item_key, OLD.first_answer_id, OLD.first_reading_id, OLD.alert_id, OLD.opened_at) OR NEW.count < OLD.count THEN
        RAISE EXCEPTION 'inspections: number, CI, item and first answer of % are fixed, its count only grows', OLD.number USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.last_answer_id IS DISTINCT FROM OLD.last_answer_id
       AND NOT EXISTS (SELECT FROM inspections_answer a WHERE a.id = NEW.last_answer_id AND a.ci_id = NEW.ci_id AND a.item_key = NEW.item_key) THEN
        RAISE EXCEPTION 'inspections: an answer on another CI or item says nothing about %', OLD.number USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.last_reading_id IS DISTINCT FROM OLD.last_reading_id
       AND NOT EXISTS (SELECT FROM inspections_machinereading r JOIN inspections_templateitem i ON i.id = NEW.item_id
                        WHERE r.id = NEW.last_reading_id AND r.ci_id = NEW.ci_id AND i.key = NEW.item_key AND r.metric = inspections_metric_v1(i)) THEN
        RAISE EXCEPTION 'inspections: a reading of another CI or metric says nothing about %', OLD.number USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.last_alert_id IS DISTINCT FROM OLD.last_alert_id
       AND NOT EXISTS (SELECT FROM inspections_alert a WHERE a.id = NEW.last_alert_id AND a.ci_id = NEW.ci_id
                          AND inspections_alert_key_v1(a) = NEW.item_key) THEN
        RAISE EXCEPTION 'inspections: another alert says nothing about %', OLD.number USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state IN ('verified', 'duplicate') THEN
        IF to_jsonb(NEW) - 'row_version' = to_jsonb(OLD) - 'row_version' THEN RETURN NEW; END IF;
        RAISE EXCEPTION 'inspections: % is closed and never changes', OLD.number USING ERRCODE = 'restrict_violation';
    END IF;
    IF NOT by_event AND (inspections_finding_led_v1(NEW) <> inspections_finding_led_v1(OLD)
                         OR NEW.state = OLD.state AND NEW.owner_id IS DISTINCT FROM OLD.owner_id) THEN
        RAISE EXCEPTION 'inspections: owner, deadlines, change and repair of % come by an event that says who and why', OLD.number USING ERRCODE = 'restrict_violation';
    END IF;
    IF inspections_severity_rank_v1(NEW.severity) < inspections_severity_rank_v1(OLD.severity)
       OR NEW.severity <> OLD.severity
          AND (NEW.last_answer_id, NEW.last_reading_id, NEW.last_alert_id) IS NOT DISTINCT FROM (OLD.last_answer_id, OLD.last_reading_id, OLD.last_alert_id) THEN
        RAISE EXCEPTION 'inspections: the severity of % only rises, by a worse answer, reading or alert', OLD.number USING ERRCODE = 'restrict_violation';
    END IF;
    is_worse := NEW.severity <> OLD.severity;
    IF is_worse THEN  -- the promise of the higher severity holds from now on, and no later than the former one
        SELECT * INTO clocks FROM inspections_deadlines_v1(NEW.severity, moment);
        NEW.response_soon_at := least(OLD.response_soon_at, clocks.response_soon_at);
        NEW.response_due_at := least(OLD.response_due_at, clocks.response_due_at);
        NEW.fix_soon_at := least(OLD.fix_soon_at, clocks.fix_soon_at);
        NEW.due_at := least(OLD.due_at, clocks.due_at);
        NEW.policy_used := clocks.used;
    END IF;
    IF NEW.state = OLD.state THEN
        IF (NEW.fixed_at, NEW.fixed_by_id, NEW.verified_answer_id, NEW.verified_reading_id, NEW.closed_at, NEW.acknowledged_at, NEW.accepted_by_id,
            NEW.accepted_until_on, NEW.duplicate_of_id)
           IS DISTINCT FROM (OLD.fixed_at, OLD.fixed_by_id, OLD.verified_answer_id, OLD.verified_reading_id, OLD.closed_at, OLD.acknowledged_at,
                             OLD.accepted_by_id, OLD.accepted_until_on, OLD.duplicate_of_id) THEN
            RAISE EXCEPTION 'inspections: fix and proof of % come with its steps', OLD.number USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NOT inspections_finding_may_v1(OLD.state, NEW.state) THEN
        RAISE EXCEPTION 'inspections: finding % cannot go from % to %', OLD.number, OLD.state, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state IN ('fixed', 'accepted_risk', 'duplicate') AND (NEW.state_by_id IS NULL OR btrim(NEW.state_comment) = '') THEN
        RAISE EXCEPTION 'inspections: % needs a person and a comment to become %', OLD.number, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state NOT IN ('acknowledged', 'fixing') AND NEW.owner_id IS DISTINCT FROM OLD.owner_id THEN
        RAISE EXCEPTION 'inspections: the owner of % changes when somebody takes it on, or by an event', OLD.number USING ERRCODE = 'restrict_violation';
    END IF;
    NEW.acknowledged_at := CASE WHEN NEW.state IN ('acknowledged', 'fixing', 'fixed') THEN coalesce(OLD.acknowledged_at, moment)
                                ELSE OLD.acknowledged_at END;
    NEW.accepted_by_id := CASE WHEN NEW.state = 'accepted_risk' THEN NEW.state_by_id END;
    IF NEW.state IN ('acknowledged', 'fixing') AND (NEW.owner_id IS NULL OR NEW.state_by_id IS NULL) THEN
        RAISE EXCEPTION 'inspections: who takes % on names its owner', OLD.number USING ERRCODE = 'check_violation';
    ELSIF NEW.state = 'fixed' THEN
        NEW.fixed_by_id := NEW.state_by_id;
        -- A fix is dated back to before what is known of the finding arrived, at most: both came late together. Else a
        -- good look of before the fix would verify it.
        SELECT * INTO known FROM inspections_finding_known_v1(NEW);
        IF NEW.fixed_at IS NULL OR NEW.fixed_at IS NOT DISTINCT FROM OLD.fixed_at
           OR NEW.fixed_at > known.learnt_at AND NEW.fixed_at > moment - interval '5 minutes' THEN
            NEW.fixed_at := moment;
        ELSIF NEW.fixed_at < known.seen_at OR NEW.fixed_at > known.learnt_at THEN
            RAISE EXCEPTION 'inspections: the fix of % is dated back to %; it counts from now on', OLD.number, NEW.fixed_at USING ERRCODE = 'check_violation';
        END IF;
    ELSIF NEW.state = 'verified' AND NEW.verified_reading_id IS NOT NULL THEN
        SELECT i.* INTO item FROM inspections_templateitem i WHERE i.id = NEW.item_id AND i.key = OLD.item_key AND i.kind = 'machine';
        SELECT * INTO reading FROM inspections_machinereading WHERE id = NEW.verified_reading_id;
        IF (reading.ci_id, reading.metric) IS DISTINCT FROM (OLD.ci_id, inspections_metric_v1(item)::varchar)
           OR inspections_readings_agree_v1(reading.id, item, '{ok}', item.good_readings, OLD.fixed_at) IS NOT TRUE
           OR EXISTS (SELECT FROM inspections_readingsource s WHERE s.id = reading.source_id AND s.account_id = OLD.fixed_by_id) THEN
            RAISE EXCEPTION 'inspections: % is verified by good readings in a row, newer than the fix, not from an account of who fixed it', OLD.number USING ERRCODE = 'check_violation';
        END IF;
        NEW.closed_at := moment;
    ELSIF NEW.state = 'verified' AND OLD.alert_id IS NOT NULL THEN
        IF NEW.state_by_id IS NULL OR NEW.state_by_id = OLD.fixed_by_id OR EXISTS (
            SELECT FROM inspections_alert a WHERE a.ci_id = OLD.ci_id AND inspections_alert_key_v1(a) = OLD.item_key AND a.status = 'firing') THEN
            RAISE EXCEPTION 'inspections: % is verified by somebody else than who fixed it, when its alerts are resolved', OLD.number
                USING ERRCODE = 'check_violation';
        END IF;
        NEW.closed_at := moment;
    ELSIF NEW.state = 'verified' THEN
        SELECT * INTO proof FROM inspections_answer WHERE id = NEW.verified_answer_id;
        IF proof.id IS NULL OR NOT proof.is_current OR proof.severity <> 'ok'
           OR (proof.ci_id, proof.item_key) <> (OLD.ci_id, OLD.item_key)
           OR proof.observed_at <= OLD.fixed_at OR proof.received_at <= OLD.fixed_at
           OR proof.answered_by_id = OLD.fixed_by_id THEN
            RAISE EXCEPTION 'inspections: % is verified by a later good answer of somebody else', OLD.number USING ERRCODE = 'check_violation';
        END IF;
        NEW.closed_at := moment;
    ELSIF NEW.state = 'accepted_risk' THEN
        -- Two people: one answers for the thing, another for leaving it as it is.
        IF OLD.owner_id IS NULL OR NEW.state_by_id = OLD.owner_id OR EXISTS (
                SELECT FROM inspections_historicalfinding h WHERE h.id = OLD.id AND h.owner_id = NEW.state_by_id) THEN
            RAISE EXCEPTION 'inspections: the risk of % is accepted by somebody who never owned it, while somebody owns it', OLD.number USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.accepted_until_on IS NULL OR NEW.accepted_until_on < current_date - 1 OR NEW.accepted_until_on > current_date + 1
               + coalesce((SELECT longest_risk_days FROM inspections_findingpolicy WHERE severity = OLD.severity), 180) THEN
            RAISE EXCEPTION 'inspections: the risk of % is accepted from today for as long as its policy allows', OLD.number USING ERRCODE = 'check_violation';
        END IF;
    ELSIF OLD.state = 'accepted_risk' THEN
        IF NOT is_worse AND OLD.accepted_until_on >= current_date + 1 AND (NEW.state_by_id IS NULL OR btrim(NEW.state_comment) = '') THEN
            RAISE EXCEPTION 'inspections: % reopens when the acceptance has expired, when it gets worse, or by a person for a reason', OLD.number USING ERRCODE = 'check_violation';
        END IF;
        SELECT * INTO clocks FROM inspections_deadlines_v1(NEW.severity, moment);  -- it begins anew
        NEW.response_soon_at := clocks.response_soon_at;
        NEW.response_due_at := clocks.response_due_at;
        NEW.fix_soon_at := clocks.fix_soon_at;
        NEW.due_at := clocks.due_at;
        NEW.policy_used := clocks.used;
        NEW.acknowledged_at := NULL;
    ELSIF NEW.state = 'duplicate' THEN
        IF NEW.duplicate_of_id IS NULL OR NEW.duplicate_of_id = NEW.id OR EXISTS (
                SELECT FROM inspections_finding o WHERE o.id = NEW.duplicate_of_id AND o.state = 'duplicate') THEN
            RAISE EXCEPTION 'inspections: % is a duplicate of another finding that is none', OLD.number USING ERRCODE = 'check_violation';
        END IF;
        NEW.closed_at := moment;
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER inspections_20_guard BEFORE INSERT OR UPDATE ON inspections_finding
    FOR EACH ROW EXECUTE FUNCTION inspections_guard_finding_v1();
