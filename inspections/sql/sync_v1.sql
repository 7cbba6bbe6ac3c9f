-- Invariant 7: one key, one effect. The key is the primary key; its row comes with the effect, and stays.
CREATE OR REPLACE FUNCTION inspections_guard_syncop_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    NEW.received_at := clock_timestamp();
    IF NEW.body_sha256 !~ '^[0-9a-f]{64}$' OR jsonb_typeof(NEW.response) <> 'object' THEN
        RAISE EXCEPTION 'inspections: an operation has a hash and an answer' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.status = 201 AND (
        NEW.kind = 'answer' AND NOT EXISTS (
            SELECT FROM inspections_answer a JOIN inspections_runtarget t ON t.id = a.target_id
             WHERE t.run_id = NEW.run_id AND a.id = (NEW.response #>> '{answer,id}')::bigint)
        OR NEW.kind = 'photo' AND NOT EXISTS (
            SELECT FROM inspections_evidence e WHERE e.run_id = NEW.run_id AND e.op = NEW.key)
        OR NEW.kind = 'submit' AND NOT EXISTS (
            SELECT FROM inspections_inspectionrun r WHERE r.id = NEW.run_id AND r.submitted_at IS NOT NULL)) THEN
        RAISE EXCEPTION 'inspections: operation % says done, but nothing was', NEW.key USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER inspections_20_guard BEFORE INSERT ON inspections_syncop
    FOR EACH ROW EXECUTE FUNCTION inspections_guard_syncop_v1();
SELECT audit.protect('inspections_syncop');
