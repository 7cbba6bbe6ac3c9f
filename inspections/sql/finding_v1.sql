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
DECLARE proof inspections_answer;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'open' OR NEW.count <> 1 THEN
            RAISE EXCEPTION 'inspections: a finding begins open and once' USING ERRCODE = 'check_violation';
        END IF;
        SELECT * INTO proof FROM inspections_answer WHERE id = NEW.first_answer_id;
        IF (proof.ci_id, proof.item_key) IS DISTINCT FROM (NEW.ci_id, NEW.item_key) OR proof.severity NOT IN ('warn', 'crit') THEN
            RAISE EXCEPTION 'inspections: a bad answer on the same CI and item opens a finding' USING ERRCODE = 'check_violation';
        END IF;
        NEW.number := 'FD-' || lpad(NEW.id::text, 6, '0');
        RETURN NEW;
    END IF;
    IF (NEW.number, NEW.ci_id, NEW.item_key, NEW.first_answer_id, NEW.opened_at)
       IS DISTINCT FROM (OLD.number, OLD.ci_id, OLD.item_key, OLD.first_answer_id, OLD.opened_at) OR NEW.count < OLD.count THEN
        RAISE EXCEPTION 'inspections: number, CI, item and first answer of % are fixed, its count only grows', OLD.number USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state IN ('verified', 'duplicate') THEN
        IF to_jsonb(NEW) - 'row_version' = to_jsonb(OLD) - 'row_version' THEN RETURN NEW; END IF;
        RAISE EXCEPTION 'inspections: % is closed and never changes', OLD.number USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state = OLD.state THEN
        IF (NEW.fixed_at, NEW.fixed_by_id, NEW.verified_answer_id, NEW.closed_at)
           IS DISTINCT FROM (OLD.fixed_at, OLD.fixed_by_id, OLD.verified_answer_id, OLD.closed_at) THEN
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
    is_repeat boolean := false;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        former := OLD.state;
        is_repeat := NEW.state = OLD.state;
    END IF;
    INSERT INTO inspections_findingevent (row_version, finding_id, source_state, target_state, by_id, comment, answer_id, at)
    SELECT 1, NEW.id, former, NEW.state,
           CASE WHEN is_repeat THEN a.answered_by_id ELSE NEW.state_by_id END,
           CASE WHEN is_repeat THEN a.comment ELSE NEW.state_comment END,
           CASE WHEN former = '' OR is_repeat OR former = 'fixed' THEN a.id END, clock_timestamp()
      FROM inspections_answer a WHERE a.id = NEW.last_answer_id;
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
