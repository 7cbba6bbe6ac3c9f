-- The latest first day that a plan may get: none where it has not begun; else its own, or that of its newest run.
CREATE OR REPLACE FUNCTION inspections_last_first_day_v1(plan inspections_inspectionplan) RETURNS date
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT CASE WHEN plan.starts_on <= (clock_timestamp() AT TIME ZONE plan.time_zone)::date
                THEN greatest(plan.starts_on, (plan.generated_until_at AT TIME ZONE plan.time_zone)::date) END
$$;

-- The mark up to which runs exist never goes back, so that no past slot is made for later CIs; somebody who saves
-- a plan while the worker moves the mark does not take it back. It goes forward to the slot of a run. A plan that is
-- enabled again begins to count now. A first day that has come moves no later than the mark, so that no slot that was
-- due is hidden: who wants none stops the plan, for a reason.
CREATE OR REPLACE FUNCTION inspections_guard_plan_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.generated_until_at := NULL;
        NEW.enabled_at := NULL;
        RETURN NEW;
    END IF;
    IF NEW.key <> OLD.key AND EXISTS (SELECT FROM inspections_inspectionrun r WHERE r.plan_id = OLD.id) THEN
        RAISE EXCEPTION 'inspections: plan % keeps its key: the hashes of its runs name it', OLD.key USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.generated_until_at > coalesce(OLD.generated_until_at, '-infinity') AND NOT EXISTS (
            SELECT FROM inspections_inspectionrun r WHERE r.plan_id = NEW.id AND r.slot_at = NEW.generated_until_at) THEN
        RAISE EXCEPTION 'inspections: the time up to which runs exist is that of a run of plan %', NEW.key USING ERRCODE = 'check_violation';
    END IF;
    NEW.generated_until_at := greatest(OLD.generated_until_at, NEW.generated_until_at);
    NEW.enabled_at := OLD.enabled_at;
    IF NEW.starts_on > OLD.starts_on AND OLD.is_enabled AND NEW.is_enabled THEN
      IF NEW.starts_on > inspections_last_first_day_v1(OLD) THEN
        RAISE EXCEPTION 'inspections: the first day of plan % has come; stop the plan for a reason, or choose a day up to %',
            NEW.key, inspections_last_first_day_v1(OLD) USING ERRCODE = 'restrict_violation';
      END IF;
    END IF;
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
CREATE OR REPLACE TRIGGER inspections_20_guard BEFORE INSERT OR UPDATE ON inspections_inspectionplan
    FOR EACH ROW EXECUTE FUNCTION inspections_guard_plan_v1();
