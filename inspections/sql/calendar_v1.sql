-- A calendar names its working days by ISO numbers, at least one: otherwise no deadline would ever come.
CREATE OR REPLACE FUNCTION inspections_guard_calendar_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF jsonb_typeof(NEW.weekdays) <> 'array' OR NEW.weekdays = '[]' OR NOT NEW.weekdays <@ '[1, 2, 3, 4, 5, 6, 7]' THEN
        RAISE EXCEPTION 'inspections: the working days of a calendar are some of [1, 2, 3, 4, 5, 6, 7]' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER inspections_20_guard BEFORE INSERT OR UPDATE ON inspections_workcalendar
    FOR EACH ROW EXECUTE FUNCTION inspections_guard_calendar_v1();

-- Another person takes a duty for a reason, and the rota says whose it was.
CREATE OR REPLACE FUNCTION inspections_guard_roster_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF (NEW.shift_id, NEW."on", NEW.role) IS DISTINCT FROM (OLD.shift_id, OLD."on", OLD.role) THEN
        RAISE EXCEPTION 'inspections: a duty keeps its shift, day and role; another day is another duty' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.user_id <> OLD.user_id THEN
        IF btrim(NEW.reason) = '' THEN
            RAISE EXCEPTION 'inspections: another person takes a duty for a reason' USING ERRCODE = 'check_violation';
        END IF;
        NEW.replaces_id := OLD.user_id;
    ELSIF NEW.replaces_id IS DISTINCT FROM OLD.replaces_id THEN
        RAISE EXCEPTION 'inspections: whose duty it was is written with the change' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER inspections_20_guard BEFORE UPDATE ON inspections_rosterentry
    FOR EACH ROW EXECUTE FUNCTION inspections_guard_roster_v1();

-- A duty that lies behind is a record; one that is ahead may be taken out of the rota.
CREATE OR REPLACE FUNCTION inspections_keep_roster_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE zone text := (SELECT s.time_zone FROM inspections_shift s WHERE s.id = OLD.shift_id);
BEGIN
    IF OLD."on" <= (clock_timestamp() AT TIME ZONE zone)::date THEN
        RAISE EXCEPTION 'inspections: the duty of % stays in the rota', OLD."on" USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;
CREATE OR REPLACE TRIGGER inspections_10_keep BEFORE DELETE ON inspections_rosterentry
    FOR EACH ROW EXECUTE FUNCTION inspections_keep_roster_v1();
