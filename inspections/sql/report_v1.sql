-- The ledger of issued reports only grows; a row tells the truth about its run and its time.
CREATE OR REPLACE FUNCTION inspections_guard_issue_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE moment timestamptz := clock_timestamp();
BEGIN
    IF NEW.issued_at > moment + interval '1 minute' OR NEW.issued_at < moment - interval '1 hour' THEN
        RAISE EXCEPTION 'inspections: report % is issued now, not at %', NEW.number, NEW.issued_at USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.run_id IS NOT NULL AND NEW.record_sha256 IS DISTINCT FROM
       (SELECT r.record_sha256 FROM inspections_inspectionrun r WHERE r.id = NEW.run_id) THEN
        RAISE EXCEPTION 'inspections: report % names another hash than its run', NEW.number USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.file_id IS NOT NULL AND NEW.file_sha256 IS DISTINCT FROM
       (SELECT f.sha256 FROM audit_storedfile f WHERE f.id = NEW.file_id) THEN
        RAISE EXCEPTION 'inspections: report % names another hash than its file', NEW.number USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (SELECT FROM inspections_reportorder o WHERE o.number = NEW.number AND o.state <> 'running') THEN
        RAISE EXCEPTION 'inspections: the number % belongs to an order', NEW.number USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER inspections_20_guard BEFORE INSERT ON inspections_reportissue
    FOR EACH ROW EXECUTE FUNCTION inspections_guard_issue_v1();

-- What was sent stays sent; an order that is ready or failed is a record.
CREATE OR REPLACE FUNCTION inspections_guard_sending_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF to_jsonb(NEW) - 'row_version' = to_jsonb(OLD) - 'row_version' THEN RETURN NEW; END IF;
    IF OLD.state IN ('sent', 'ready') OR (TG_TABLE_NAME = 'inspections_reportorder' AND OLD.state = 'failed') THEN
        RAISE EXCEPTION 'inspections: % % is % and never changes', TG_TABLE_NAME, OLD.id, OLD.state USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER inspections_20_guard BEFORE UPDATE ON inspections_reportsending
    FOR EACH ROW EXECUTE FUNCTION inspections_guard_sending_v1();
CREATE OR REPLACE TRIGGER inspections_20_guard BEFORE UPDATE ON inspections_reportorder
    FOR EACH ROW EXECUTE FUNCTION inspections_guard_sending_v1();
