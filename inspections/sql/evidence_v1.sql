-- Invariant 6 for photos: taken while the run is running, taken back before submission at most, never changed.
CREATE OR REPLACE FUNCTION inspections_guard_evidence_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    run inspections_inspectionrun;
    target inspections_runtarget;
    item inspections_templateitem;
BEGIN
    SELECT * INTO run FROM inspections_inspectionrun WHERE id = NEW.run_id FOR SHARE;
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'row_version' = to_jsonb(OLD) - 'row_version' THEN RETURN NEW; END IF;
    IF run.state <> 'in_progress' THEN
        RAISE EXCEPTION 'inspections: run % is %; photos are taken and taken back while it is running', run.number, run.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF OLD.withdrawn_at IS NULL AND NEW.withdrawn_by_id IS NOT NULL
           AND to_jsonb(NEW) - ARRAY['row_version', 'withdrawn_by_id', 'withdrawn_at']
             = to_jsonb(OLD) - ARRAY['row_version', 'withdrawn_by_id', 'withdrawn_at'] THEN
            NEW.withdrawn_at := clock_timestamp();
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'inspections: a photo of run % never changes; it is taken back once, by somebody', run.number
            USING ERRCODE = 'restrict_violation';
    END IF;

    SELECT * INTO target FROM inspections_runtarget WHERE id = NEW.target_id;
    SELECT * INTO item FROM inspections_templateitem WHERE id = NEW.item_id;
    IF target.run_id IS DISTINCT FROM run.id OR item.version_id IS DISTINCT FROM run.version_id THEN
        RAISE EXCEPTION 'inspections: a photo is of an item and a CI of its run' USING ERRCODE = 'check_violation';
    END IF;
    IF target.skipped_items ? item.key THEN
        RAISE EXCEPTION 'inspections: item % does not apply to this CI', item.key USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.withdrawn_by_id IS NOT NULL OR NEW.withdrawn_at IS NOT NULL THEN
        RAISE EXCEPTION 'inspections: a new photo is not taken back yet' USING ERRCODE = 'check_violation';
    END IF;
    NEW.received_at := clock_timestamp();
    IF NEW.captured_at > NEW.received_at + interval '5 minutes' THEN
        RAISE EXCEPTION 'inspections: no photo is taken in the future' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.captured_at < least(run.created_at, run.opens_at) - interval '5 minutes' THEN
        RAISE EXCEPTION 'inspections: no photo is taken before run % was there', run.number USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER inspections_20_guard BEFORE INSERT OR UPDATE ON inspections_evidence
    FOR EACH ROW EXECUTE FUNCTION inspections_guard_evidence_v1();

-- Whether a photo of this item on this target counts.
CREATE OR REPLACE FUNCTION inspections_has_photo_v1(wanted_target bigint, wanted_item bigint) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM inspections_evidence e
                    WHERE e.target_id = wanted_target AND e.item_id = wanted_item AND e.withdrawn_at IS NULL)
$$;
