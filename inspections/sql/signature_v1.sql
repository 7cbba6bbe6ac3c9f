-- Whether somebody started, submitted, answered (by an amendment too) or took a photo in a run, or marked a target of it
-- (marks of before count too).
CREATE OR REPLACE FUNCTION inspections_took_part_v1(wanted bigint, person bigint) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM inspections_inspectionrun r WHERE r.id = wanted AND person IN (r.submitted_by_id, r.started_by_id))
        OR EXISTS (SELECT FROM inspections_answer a JOIN inspections_runtarget t ON t.id = a.target_id
                    WHERE t.run_id = wanted AND a.answered_by_id = person)
        OR EXISTS (SELECT FROM inspections_evidence e WHERE e.run_id = wanted AND person IN (e.taken_by_id, e.withdrawn_by_id))
        OR EXISTS (SELECT FROM inspections_runtarget t JOIN inspections_historicalruntarget h ON h.id = t.id
                    WHERE t.run_id = wanted AND h.marked_by_id = person)
        OR EXISTS (SELECT FROM inspections_runtarget t WHERE t.run_id = wanted AND t.marked_by_id = person)
$$;

-- Invariant 5: a reviewer is nobody who took part; superusers are no exception. Where the run asks for it, they have
-- just confirmed who they are; many runs are signed together only where nothing is bad.
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
    IF NEW.role = 'reviewer' AND inspections_took_part_v1(run.id, NEW.by_id) THEN
        RAISE EXCEPTION 'inspections: who inspected in run % does not review it', run.number USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.role = 'reviewer' AND run.signoff = 'step_up' AND NOT changes_is_proved_v1(NEW.method, NEW.proved_at) THEN
        RAISE EXCEPTION 'inspections: the signature of run % asks for a fresh proof of who signs', run.number USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.is_bulk AND (NEW.role <> 'reviewer' OR run.outcome <> 'ok') THEN
        RAISE EXCEPTION 'inspections: run % is not all good; it is read and signed by itself', run.number USING ERRCODE = 'check_violation';
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
