-- The mark up to which runs exist never goes back, so that no past slot is made twice or for later CIs;
-- a plan that is enabled again begins to count now.
CREATE FUNCTION inspections_guard_plan_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.is_enabled AND NOT OLD.is_enabled THEN
        NEW.generated_until_at := greatest(OLD.generated_until_at, clock_timestamp());
        NEW.disabled_by_id := NULL;
        NEW.disabled_reason := '';
    END IF;
    IF OLD.generated_until_at IS NOT NULL AND coalesce(NEW.generated_until_at < OLD.generated_until_at, true) THEN
        RAISE EXCEPTION 'inspections: runs of this plan exist up to %; the mark cannot go back', OLD.generated_until_at
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER inspections_20_guard BEFORE UPDATE ON inspections_inspectionplan
    FOR EACH ROW EXECUTE FUNCTION inspections_guard_plan_v1();
