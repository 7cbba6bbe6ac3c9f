-- When so many working minutes have passed since `start` (inspections/working_hours.py says the same; a test asserts
-- it). Without a calendar the clock never stops.
CREATE OR REPLACE FUNCTION inspections_add_working_minutes_v1(wanted bigint, start timestamptz, minutes numeric)
RETURNS timestamptz LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    calendar inspections_workcalendar;
    unused interval := make_interval(secs => (minutes * 60)::double precision);
    today date;
    special text;
    opens timestamptz;
    closes timestamptz;
BEGIN
    IF wanted IS NULL THEN RETURN start + unused; END IF;
    SELECT * INTO calendar FROM inspections_workcalendar WHERE id = wanted;
    today := (start AT TIME ZONE calendar.time_zone)::date;
    FOR _day IN 1..4000 LOOP
        SELECT kind INTO special FROM inspections_calendarday WHERE calendar_id = wanted AND "on" = today;
        IF (CASE WHEN FOUND THEN special = 'workday'
                 ELSE calendar.weekdays @> to_jsonb(extract(isodow FROM today)::int) END) THEN
            opens := greatest((today + calendar.opens) AT TIME ZONE calendar.time_zone, start);
            closes := (today + (calendar.closes = '00:00')::int + calendar.closes) AT TIME ZONE calendar.time_zone;
            IF closes > start THEN
                IF unused <= closes - opens THEN RETURN opens + unused; END IF;
                unused := unused - (closes - opens);
            END IF;
        END IF;
        today := today + 1;
    END LOOP;
    RAISE EXCEPTION 'inspections: calendar % has no % working minutes after %', calendar.key, minutes, start USING ERRCODE = 'check_violation';
END $$;

-- The deadlines of a finding of this severity whose clocks start now, and the moments at 80 % of them.
CREATE OR REPLACE FUNCTION inspections_deadlines_v1(
    wanted text, start timestamptz,
    OUT response_soon_at timestamptz, OUT response_due_at timestamptz, OUT fix_soon_at timestamptz, OUT due_at timestamptz,
    OUT used jsonb
) LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE policy inspections_findingpolicy;
BEGIN
    SELECT * INTO policy FROM inspections_findingpolicy WHERE severity = wanted;
    IF NOT FOUND THEN  -- nobody deletes a policy, but a table can be emptied
        policy.response_minutes := CASE wanted WHEN 'crit' THEN 120 ELSE 1440 END;
        policy.fix_minutes := CASE wanted WHEN 'crit' THEN 1440 ELSE 10080 END;
    END IF;
    response_soon_at := inspections_add_working_minutes_v1(policy.calendar_id, start, policy.response_minutes * 0.8);
    response_due_at := inspections_add_working_minutes_v1(policy.calendar_id, start, policy.response_minutes);
    fix_soon_at := inspections_add_working_minutes_v1(policy.calendar_id, start, policy.fix_minutes * 0.8);
    due_at := inspections_add_working_minutes_v1(policy.calendar_id, start, policy.fix_minutes);
    used := jsonb_strip_nulls(jsonb_build_object(
        'severity', wanted, 'response_minutes', policy.response_minutes, 'fix_minutes', policy.fix_minutes,
        'calendar', (SELECT key FROM inspections_workcalendar WHERE id = policy.calendar_id), 'policy_version', policy.row_version));
END $$;

INSERT INTO inspections_findingpolicy
    (row_version, severity, response_minutes, fix_minutes, escalate_after_minutes, longest_risk_days)
VALUES (1, 'crit', 120, 1440, 60, 90), (1, 'warn', 1440, 10080, 1440, 180)
ON CONFLICT (severity) DO NOTHING;
