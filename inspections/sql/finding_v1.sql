-- The legal moves of a finding (inspections/workflow.py FINDING_STEPS; a test asserts that both are equal).
CREATE OR REPLACE FUNCTION inspections_finding_may_v1(source text, target text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT (source, target) IN (
        ('open', 'acknowledged'), ('open', 'fixing'), ('acknowledged', 'fixing'), ('open', 'fixed'), ('acknowledged', 'fixed'),
        ('fixing', 'fixed'), ('fixed', 'verified'), ('fixed', 'open'), ('open', 'accepted_risk'),
        ('acknowledged', 'accepted_risk'), ('accepted_risk', 'open'), ('open', 'duplicate'), ('acknowledged', 'duplicate'))
$$;

-- Invariant 10: only a later good answer of somebody else, or a newer machine reading, verifies a fix.
CREATE OR REPLACE FUNCTION inspections_guard_finding_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    proof inspections_answer;
    reading inspections_machinereading;
    item inspections_templateitem;
    alert inspections_alert;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'open' OR NEW.count < 1 OR NEW.count > 1 AND NEW.first_reading_id IS NULL THEN
            RAISE EXCEPTION 'inspections: a finding begins open and once' USING ERRCODE = 'check_violation';
        END IF;
        IF num_nonnulls(NEW.first_answer_id, NEW.first_reading_id, NEW.alert_id) <> 1 THEN
            RAISE EXCEPTION 'inspections: a finding begins with one answer, one reading or one alert' USING ERRCODE = 'check_violation';
        ELSIF NEW.first_answer_id IS NOT NULL THEN
            SELECT * INTO proof FROM inspections_answer WHERE id = NEW.first_answer_id;
            IF (proof.ci_id, proof.item_key) IS DISTINCT FROM (NEW.ci_id, NEW.item_key) OR proof.severity NOT IN ('warn', 'crit') THEN
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
        RETURN NEW;
    END IF;
    IF (NEW.number, NEW.ci_id, NEW.item_key, NEW.first_answer_id, NEW.first_reading_id, NEW.alert_id, NEW.opened_at)
       IS DISTINCT FROM (OLD.number, OLD.ci_id, OLD.item_key, OLD.first_answer_id, OLD.first_reading_id, OLD.alert_id, OLD.opened_at) OR NEW.count < OLD.count THEN
        RAISE EXCEPTION 'inspections: number, CI, item and first answer of % are fixed, its count only grows', OLD.number USING ERRCODE = 'restrict_violation';
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
    IF NEW.state = OLD.state THEN
        IF (NEW.fixed_at, NEW.fixed_by_id, NEW.verified_answer_id, NEW.verified_reading_id, NEW.closed_at)
           IS DISTINCT FROM (OLD.fixed_at, OLD.fixed_by_id, OLD.verified_answer_id, OLD.verified_reading_id, OLD.closed_at) THEN
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
    IF NEW.state = 'fixed' THEN
        NEW.fixed_by_id := NEW.state_by_id;
        NEW.fixed_at := least(coalesce(NEW.fixed_at, clock_timestamp()), clock_timestamp());
    ELSIF NEW.state = 'verified' AND NEW.verified_reading_id IS NOT NULL THEN
        SELECT i.* INTO item FROM inspections_templateitem i WHERE i.id = NEW.item_id AND i.key = OLD.item_key AND i.kind = 'machine';
        SELECT * INTO reading FROM inspections_machinereading WHERE id = NEW.verified_reading_id;
        IF (reading.ci_id, reading.metric) IS DISTINCT FROM (OLD.ci_id, inspections_metric_v1(item)::varchar)
           OR inspections_readings_agree_v1(reading.id, item, '{ok}', item.good_readings, OLD.fixed_at) IS NOT TRUE THEN
            RAISE EXCEPTION 'inspections: % is verified by good readings in a row, newer than the fix', OLD.number USING ERRCODE = 'check_violation';
        END IF;
        NEW.closed_at := clock_timestamp();
    ELSIF NEW.state = 'verified' AND OLD.alert_id IS NOT NULL THEN
        IF NEW.state_by_id IS NULL OR NEW.state_by_id = OLD.fixed_by_id OR EXISTS (
            SELECT FROM inspections_alert a WHERE a.ci_id = OLD.ci_id AND inspections_alert_key_v1(a) = OLD.item_key AND a.status = 'firing') THEN
            RAISE EXCEPTION 'inspections: % is verified by somebody else than who fixed it, when its alerts are resolved', OLD.number
                USING ERRCODE = 'check_violation';
        END IF;
        NEW.closed_at := clock_timestamp();
    ELSIF NEW.state = 'verified' THEN
        SELECT * INTO proof FROM inspections_answer WHERE id = NEW.verified_answer_id;
        IF proof.id IS NULL OR NOT proof.is_current OR proof.severity <> 'ok'
           OR (proof.ci_id, proof.item_key) <> (OLD.ci_id, OLD.item_key)
           OR proof.observed_at <= OLD.fixed_at OR proof.received_at <= OLD.fixed_at
           OR (proof.source <> 'machine' AND proof.answered_by_id = OLD.fixed_by_id) THEN
            RAISE EXCEPTION 'inspections: % is verified by a later good answer of somebody else', OLD.number USING ERRCODE = 'check_violation';
        END IF;
        NEW.closed_at := clock_timestamp();
    ELSIF NEW.state = 'duplicate' THEN
        IF NEW.duplicate_of_id IS NULL OR NEW.duplicate_of_id = NEW.id THEN
            RAISE EXCEPTION 'inspections: % is a duplicate of another finding', OLD.number USING ERRCODE = 'check_violation';
        END IF;
        NEW.closed_at := clock_timestamp();
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER inspections_20_guard BEFORE INSERT OR UPDATE ON inspections_finding
    FOR EACH ROW EXECUTE FUNCTION inspections_guard_finding_v1();

-- Its life is written down whenever its state or count changes.
CREATE OR REPLACE FUNCTION inspections_write_finding_event_v1() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    former text := '';
    answer bigint := NEW.last_answer_id;
    reading bigint := NEW.last_reading_id;
    alert bigint := NEW.last_alert_id;
    actor bigint := NEW.state_by_id;
    words text := NEW.state_comment;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        former := OLD.state;
        answer := CASE WHEN answer IS DISTINCT FROM OLD.last_answer_id THEN answer END;
        reading := CASE WHEN reading IS DISTINCT FROM OLD.last_reading_id THEN reading END;
        alert := CASE WHEN alert IS DISTINCT FROM OLD.last_alert_id THEN alert END;
        IF NEW.state = OLD.state THEN  -- seen once more: by whom, and in what
            actor := NULL;
            words := '';
            IF answer IS NOT NULL THEN
                SELECT a.answered_by_id, a.comment INTO actor, words FROM inspections_answer a WHERE a.id = answer;
            ELSIF reading IS NOT NULL THEN
                SELECT s.account_id INTO actor FROM inspections_machinereading r JOIN inspections_readingsource s ON s.id = r.source_id
                 WHERE r.id = reading;
            ELSIF alert IS NOT NULL THEN
                SELECT s.account_id INTO actor FROM inspections_alert a JOIN inspections_readingsource s ON s.id = a.source_id WHERE a.id = alert;
            END IF;
        END IF;
    END IF;
    INSERT INTO inspections_findingevent
           (row_version, finding_id, source_state, target_state, by_id, comment, answer_id, reading_id, alert_id, at)
    VALUES (1, NEW.id, former, NEW.state, actor, words, answer, reading, alert, clock_timestamp());
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER inspections_30_event_first AFTER INSERT ON inspections_finding
    FOR EACH ROW EXECUTE FUNCTION inspections_write_finding_event_v1();
CREATE OR REPLACE TRIGGER inspections_30_event AFTER UPDATE ON inspections_finding
    FOR EACH ROW WHEN (NEW.state <> OLD.state OR NEW.count > OLD.count)
    EXECUTE FUNCTION inspections_write_finding_event_v1();

-- The depth of triggers can be had with a temporary table; the owner's name cannot.
CREATE OR REPLACE FUNCTION inspections_guard_finding_event_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF pg_trigger_depth() < 2 OR current_user <> (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
        RAISE EXCEPTION 'inspections: the events of a finding are written by its steps' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER inspections_20_guard BEFORE INSERT ON inspections_findingevent
    FOR EACH ROW EXECUTE FUNCTION inspections_guard_finding_event_v1();
