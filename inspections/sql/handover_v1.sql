-- A run passes into other hands while it is not ended; the row says from whom, and moves the run itself.
CREATE OR REPLACE FUNCTION inspections_check_handover_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE run inspections_inspectionrun%ROWTYPE;
BEGIN
    SELECT r.* INTO run FROM inspections_inspectionrun r WHERE r.id = NEW.run_id FOR UPDATE;
    IF run.state NOT IN ('scheduled', 'open', 'in_progress', 'returned') THEN
        RAISE EXCEPTION 'inspections: run % is % and changes hands no more', run.number, run.state USING ERRCODE = 'restrict_violation';
    END IF;
    NEW.former_id := CASE NEW.role WHEN 'A' THEN run.assignee_id ELSE run.deputy_id END;
    NEW.at := clock_timestamp();
    IF NEW.former_id IS NOT DISTINCT FROM NEW.taken_by_id THEN
        RAISE EXCEPTION 'inspections: run % is in these hands already', run.number USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.kind = 'claim' AND (NEW.former_id IS NOT NULL OR NEW.taken_by_id IS DISTINCT FROM NEW.by_id OR NEW.role <> 'A') THEN
        RAISE EXCEPTION 'inspections: people take for themselves what nobody has' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.kind = 'release' AND (NEW.taken_by_id IS NOT NULL OR NEW.former_id IS DISTINCT FROM NEW.by_id) THEN
        RAISE EXCEPTION 'inspections: people give back what they have' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.kind IN ('release', 'reassign') AND btrim(NEW.reason) = '' THEN
        RAISE EXCEPTION 'inspections: a run is handed over for a reason' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER inspections_20_check BEFORE INSERT ON inspections_runhandover
    FOR EACH ROW EXECUTE FUNCTION inspections_check_handover_v1();

CREATE OR REPLACE FUNCTION inspections_hand_over_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE inspections_inspectionrun r
       SET assignee_id = CASE NEW.role WHEN 'A' THEN NEW.taken_by_id ELSE r.assignee_id END,
           deputy_id = CASE NEW.role WHEN 'B' THEN NEW.taken_by_id ELSE r.deputy_id END
     WHERE r.id = NEW.run_id;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER inspections_60_hand_over AFTER INSERT ON inspections_runhandover
    FOR EACH ROW EXECUTE FUNCTION inspections_hand_over_v1();

-- Whether the newest hand-over of each duty says just this move.
CREATE OR REPLACE FUNCTION inspections_is_handed_over_v1(
    wanted bigint, a_before bigint, a_after bigint, b_before bigint, b_after bigint) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT bool_and(d.before IS NOT DISTINCT FROM d.after OR EXISTS (
        SELECT FROM inspections_runhandover h
         WHERE h.id = (SELECT max(l.id) FROM inspections_runhandover l WHERE l.run_id = wanted AND l.role = d.role)
           AND h.former_id IS NOT DISTINCT FROM d.before AND h.taken_by_id IS NOT DISTINCT FROM d.after))
      FROM (VALUES ('A', a_before, a_after), ('B', b_before, b_after)) AS d(role, before, after)
$$;
