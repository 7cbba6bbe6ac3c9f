-- Invariant 6: after sign-off an answer changes by an amendment only. One person proposes it to the answer that is
-- current; a reviewer with no part in the run, and who did not propose it, decides, once. Whoever proposed an
-- amendment that was made has a part in the run. Superusers are no exception.
CREATE OR REPLACE FUNCTION inspections_guard_amendment_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    original inspections_answer;
    run inspections_inspectionrun;
    target inspections_runtarget;
    item inspections_templateitem;
    severity text;
BEGIN
    SELECT * INTO original FROM inspections_answer WHERE id = NEW.answer_id;
    SELECT r.* INTO run FROM inspections_inspectionrun r JOIN inspections_runtarget t ON t.run_id = r.id
     WHERE t.id = original.target_id FOR SHARE OF r;
    IF TG_OP = 'INSERT' THEN
        IF run.state IS DISTINCT FROM 'signed' OR NOT original.is_current OR btrim(NEW.reason) = '' OR NEW.by_id IS NULL THEN
            RAISE EXCEPTION 'inspections: an amendment is proposed to the current answer of a signed run, for a reason' USING ERRCODE = 'check_violation';
        END IF;
        IF num_nonnulls(NEW.value_number, nullif(NEW.value_choice, ''), nullif(btrim(NEW.value_text), ''), nullif(NEW.is_na, false)) <> 1 THEN
            RAISE EXCEPTION 'inspections: an amendment proposes exactly one value' USING ERRCODE = 'check_violation';
        END IF;
        -- It says what an answer would: a value that is bad enough to ask for a comment has one.
        SELECT * INTO target FROM inspections_runtarget WHERE id = original.target_id;
        SELECT * INTO item FROM inspections_templateitem WHERE id = original.item_id;
        original.value_number := NEW.value_number;
        original.value_choice := NEW.value_choice;
        original.value_text := NEW.value_text;
        original.is_na := NEW.is_na;
        SELECT g.severity INTO severity FROM inspections_grade_answer_v1(original, item, target, run.plan_id) g;
        IF inspections_wants_comment_v1(item, severity) AND btrim(NEW.comment) = '' THEN
            RAISE EXCEPTION 'inspections: the amended answer to item % needs a comment, as any answer so bad', item.key USING ERRCODE = 'check_violation';
        END IF;
        NEW.state := 'proposed';
        NEW.at := clock_timestamp();
        NEW.decided_by_id := NULL;
        NEW.decided_at := NULL;
        NEW.decision_comment := '';
        RETURN NEW;
    END IF;
    IF to_jsonb(NEW) - 'row_version' = to_jsonb(OLD) - 'row_version' THEN RETURN NEW; END IF;
    IF OLD.state <> 'proposed' OR NEW.state = 'proposed' OR to_jsonb(NEW) - '{row_version,state,decided_by_id,decided_at,decision_comment}'::text[]
       <> to_jsonb(OLD) - '{row_version,state,decided_by_id,decided_at,decision_comment}'::text[] THEN
        RAISE EXCEPTION 'inspections: an amendment is decided once and never changes' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.decided_by_id IS NULL OR NEW.state <> 'approved' AND btrim(NEW.decision_comment) = '' THEN
        RAISE EXCEPTION 'inspections: an amendment is decided by somebody, and refused for a reason' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state = 'withdrawn' THEN
        IF NEW.decided_by_id <> OLD.by_id THEN
            RAISE EXCEPTION 'inspections: only who proposed an amendment withdraws it' USING ERRCODE = 'check_violation';
        END IF;
    ELSE
        IF NEW.decided_by_id = OLD.by_id OR inspections_took_part_v1(run.id, NEW.decided_by_id) THEN
            RAISE EXCEPTION 'inspections: who proposed an amendment of run %, or took part in the run, does not decide it', run.number USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.state = 'approved' AND NOT original.is_current THEN
            RAISE EXCEPTION 'inspections: another answer is current since the amendment was proposed' USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    NEW.decided_at := clock_timestamp();
    RETURN NEW;
END $$;
DROP TRIGGER IF EXISTS inspections_10_no_update ON inspections_amendment;
CREATE OR REPLACE TRIGGER inspections_20_guard BEFORE INSERT OR UPDATE ON inspections_amendment
    FOR EACH ROW EXECUTE FUNCTION inspections_guard_amendment_v1();

-- An approved amendment has its answer before the transaction ends.
CREATE OR REPLACE FUNCTION inspections_amendment_has_answer_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM inspections_answer a WHERE a.amendment_id = NEW.id) THEN
        RAISE EXCEPTION 'inspections: amendment % is approved, but no answer follows from it', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS inspections_30_answer ON inspections_amendment;
CREATE CONSTRAINT TRIGGER inspections_30_answer AFTER UPDATE OF state ON inspections_amendment
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.state = 'approved')
    EXECUTE FUNCTION inspections_amendment_has_answer_v1();
