-- A correction is proposed by an answer to an item that is bound to the field, about that answer's CI, and decided
-- once by somebody else than who answered; what was seen never changes. "Accepted" is true: the record says it
-- now, or a change names it.
CREATE OR REPLACE FUNCTION inspections_guard_correction_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    fixed text[] := ARRAY['row_version', 'state', 'decided_by_id', 'decided_at', 'comment', 'change_id'];
    proof inspections_answer;
    now_recorded jsonb;
BEGIN
    SELECT * INTO proof FROM inspections_answer WHERE id = NEW.answer_id;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'proposed' OR NEW.decided_by_id IS NOT NULL OR NEW.change_id IS NOT NULL THEN
            RAISE EXCEPTION 'inspections: a correction begins as a proposal' USING ERRCODE = 'check_violation';
        END IF;
        IF proof.ci_id IS DISTINCT FROM NEW.ci_id OR NEW.was IS NOT DISTINCT FROM NEW.seen OR NOT EXISTS (
                SELECT FROM inspections_templateitem i WHERE i.id = proof.item_id AND i.attribute = NEW.field) THEN
            RAISE EXCEPTION 'inspections: an answer that differs proposes to correct the field that its item names' USING ERRCODE = 'check_violation';
        END IF;
        NEW.proposed_at := clock_timestamp();
        RETURN NEW;
    END IF;
    IF to_jsonb(NEW) - fixed <> to_jsonb(OLD) - fixed OR OLD.state <> 'proposed' THEN
        IF to_jsonb(NEW) - 'row_version' = to_jsonb(OLD) - 'row_version' THEN RETURN NEW; END IF;
        RAISE EXCEPTION 'inspections: correction % is decided, and what was seen never changes', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state IN ('accepted', 'refused') THEN
        NEW.decided_at := clock_timestamp();
        IF NEW.decided_by_id IS NULL OR NEW.decided_by_id = proof.answered_by_id THEN
            RAISE EXCEPTION 'inspections: somebody other than who answered decides on correction %', OLD.id USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    IF NEW.state = 'accepted' AND NEW.change_id IS NULL THEN
        SELECT CASE WHEN NEW.field = 'serial' THEN to_jsonb(c.serial) ELSE c.attributes -> substr(NEW.field, 12) END
          INTO now_recorded FROM cmdb_configurationitem c WHERE c.id = NEW.ci_id;
        IF now_recorded IS DISTINCT FROM NEW.seen THEN
            RAISE EXCEPTION 'inspections: correction % is accepted when it is written, or planned in a change', OLD.id USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER inspections_20_guard BEFORE INSERT OR UPDATE ON inspections_correctionproposal
    FOR EACH ROW EXECUTE FUNCTION inspections_guard_correction_v1();
CREATE OR REPLACE TRIGGER inspections_10_no_delete BEFORE DELETE ON inspections_correctionproposal
    FOR EACH ROW EXECUTE FUNCTION inspections_refuse_v1();
