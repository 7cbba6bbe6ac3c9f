-- How bad a value is. `>=` high and `<=` low raise; NULL bounds do not exist. 85 = 85.0: numeric, never float.
CREATE OR REPLACE FUNCTION inspections_grade_number_v1(
    value numeric, crit_low numeric, warn_low numeric, warn_high numeric, crit_high numeric
) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN value IS NULL OR value = 'NaN' THEN 'unknown'
        WHEN value >= crit_high OR value <= crit_low THEN 'crit'
        WHEN value >= warn_high OR value <= warn_low THEN 'warn'
        ELSE 'ok'
    END
$$;

CREATE OR REPLACE FUNCTION inspections_severity_rank_v1(severity text) RETURNS int LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE severity WHEN 'crit' THEN 3 WHEN 'warn' THEN 2 WHEN 'unknown' THEN 1 WHEN 'ok' THEN 0 WHEN 'na' THEN 0 END
$$;
