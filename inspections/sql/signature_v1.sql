-- Invariant 5: a reviewer is nobody who answered, marked a target (the marks of before count too), started or
-- submitted; superusers are no exception.
CREATE OR REPLACE FUNCTION inspections_guard_signature_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE run inspections_inspectionrun;
BEGIN
    SELECT * INTO run FROM inspections_inspectionrun WHERE id = NEW.run_id FOR SHARE;
    IF run.state IS DISTINCT FROM 'submitted' THEN
        RAISE EXCEPTION 'inspections: run % is %; it is signed when it is submitted', run.number, run.state USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (SELECT FROM inspections_readingsource s WHERE s.account_id = NEW.by_id) THEN
        RAISE EXCEPTION 'inspections: a source of readings signs nothing' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.role = 'reviewer' AND (NEW.by_id IN (run.submitted_by_id, run.started_by_id) OR EXISTS (
            SELECT FROM inspections_answer a JOIN inspections_runtarget t ON t.id = a.target_id
             WHERE t.run_id = run.id AND a.answered_by_id = NEW.by_id) OR EXISTS (
            SELECT FROM inspections_runtarget t JOIN inspections_historicalruntarget h ON h.id = t.id
             WHERE t.run_id = run.id AND h.marked_by_id = NEW.by_id) OR EXISTS (
            SELECT FROM inspections_runtarget t WHERE t.run_id = run.id AND t.marked_by_id = NEW.by_id)) THEN
        RAISE EXCEPTION 'inspections: who inspected in run % does not review it', run.number USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.role = 'inspector' AND NEW.by_id IS DISTINCT FROM run.submitted_by_id THEN
        RAISE EXCEPTION 'inspections: the inspector''s signature is that of who submitted run %', run.number USING ERRCODE = 'check_violation';
    END IF;
    NEW.signed_at := clock_timestamp();
    NEW.record_sha256 := inspections_run_sha256_v1(run.id);
    IF NEW.record_sha256 <> run.record_sha256 THEN
        RAISE EXCEPTION 'inspections: the record of run % is not the one that was submitted', run.number USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER inspections_20_guard BEFORE INSERT ON inspections_signature
    FOR EACH ROW EXECUTE FUNCTION inspections_guard_signature_v1();

-- An amendment is made to the current answer of a signed run, by somebody, for a reason.
CREATE OR REPLACE FUNCTION inspections_guard_amendment_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM inspections_answer a JOIN inspections_runtarget t ON t.id = a.target_id
                     JOIN inspections_inspectionrun r ON r.id = t.run_id
                    WHERE a.id = NEW.answer_id AND a.is_current AND r.state = 'signed') OR btrim(NEW.reason) = '' THEN
        RAISE EXCEPTION 'inspections: an amendment is made to the current answer of a signed run, for a reason' USING ERRCODE = 'check_violation';
    END IF;
    NEW.at := clock_timestamp();
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER inspections_20_guard BEFORE INSERT ON inspections_amendment
    FOR EACH ROW EXECUTE FUNCTION inspections_guard_amendment_v1();
