-- The mark up to which runs exist never goes back, so that no past slot is made for later CIs; somebody who saves
-- a plan while the worker moves the mark does not take it back. A plan that is enabled again begins to count now.
CREATE OR REPLACE FUNCTION inspections_guard_plan_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    NEW.generated_until_at := greatest(OLD.generated_until_at, NEW.generated_until_at);
    IF NEW.is_enabled AND NOT OLD.is_enabled THEN
        NEW.generated_until_at := greatest(NEW.generated_until_at, clock_timestamp());
        NEW.enabled_at := clock_timestamp();  -- days off move no slot to before it
        NEW.disabled_by_id := NULL;
        NEW.disabled_reason := '';
    END IF;
    IF NOT NEW.is_enabled AND btrim(NEW.disabled_reason) = '' THEN
        RAISE EXCEPTION 'inspections: plan % is disabled for a reason', NEW.key USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER inspections_20_guard BEFORE UPDATE ON inspections_inspectionplan
    FOR EACH ROW EXECUTE FUNCTION inspections_guard_plan_v1();
