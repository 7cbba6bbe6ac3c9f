-- The name under which readings of an item arrive: its metric, else its key.
CREATE OR REPLACE FUNCTION inspections_metric_v1(item inspections_templateitem) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(nullif(item.metric, ''), item.key)
$$;

-- How bad a reading is by the bounds of an item, or by those approved for its CI on the day it was observed (of the
-- zone of the oldest plan of the check list). No number, or another unit than the item's: unknown, never good.
CREATE OR REPLACE FUNCTION inspections_grade_reading_v1(reading inspections_machinereading, item inspections_templateitem)
RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN reading.value IS NULL OR reading.unit <> '' AND item.unit <> '' AND reading.unit <> item.unit THEN 'unknown' ELSE coalesce(
        (SELECT inspections_grade_number_v1(reading.value, o.crit_low, o.warn_low, o.warn_high, o.crit_high)
           FROM inspections_templateversion v
          CROSS JOIN LATERAL (SELECT p.time_zone FROM inspections_inspectionplan p WHERE p.template_id = v.template_id ORDER BY p.id LIMIT 1) p
          CROSS JOIN LATERAL inspections_override_on_v1(v.template_id, item.key, reading.ci_id, (reading.observed_at AT TIME ZONE p.time_zone)::date) o
          WHERE v.id = item.version_id),
        inspections_grade_number_v1(reading.value, item.crit_low, item.warn_low, item.warn_high, item.crit_high)) END
$$;

-- Hysteresis: whether this reading and those just before it, `needed` in all, have one of these grades; later than
-- `since` where that is given. A reading that is unknown breaks the row.
CREATE OR REPLACE FUNCTION inspections_readings_agree_v1(
    wanted bigint, item inspections_templateitem, grades text[], needed int, since timestamptz DEFAULT NULL
) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT count(*) = needed AND bool_and(recent.grade = ANY (grades))
      FROM inspections_machinereading r
     CROSS JOIN LATERAL (
        SELECT inspections_grade_reading_v1(e, item) AS grade
          FROM inspections_machinereading e JOIN inspections_readingsource s ON s.id = e.source_id AND s.kind = item.reading_source
         WHERE e.ci_id = r.ci_id AND e.metric = r.metric AND (e.observed_at, e.id) <= (r.observed_at, r.id)
           AND (since IS NULL OR e.observed_at > since AND e.received_at > since)
         ORDER BY e.observed_at DESC, e.id DESC LIMIT needed) recent
     WHERE r.id = wanted
$$;

-- Readings come from an enabled source through its own account, from this side of the future; PostgreSQL says when.
CREATE OR REPLACE FUNCTION inspections_guard_reading_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    NEW.received_at := clock_timestamp();
    IF NOT EXISTS (SELECT FROM inspections_readingsource s WHERE s.id = NEW.source_id AND s.is_enabled AND s.kind IN ('push', 'prometheus')) THEN
        RAISE EXCEPTION 'inspections: readings come from an enabled source of readings' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.value = 'NaN' THEN
        RAISE EXCEPTION 'inspections: what is not a number is stored as NULL with the problem' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.observed_at > NEW.received_at + interval '5 minutes' OR NEW.observed_at < '2000-01-01+00' THEN
        RAISE EXCEPTION 'inspections: nothing is observed in the future or before 2000' USING ERRCODE = 'check_violation';
    END IF;
    NEW.observed_at := least(NEW.observed_at, NEW.received_at);
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER inspections_20_guard BEFORE INSERT ON inspections_machinereading
    FOR EACH ROW EXECUTE FUNCTION inspections_guard_reading_v1();
SELECT audit.protect('inspections_machinereading');

-- A source keeps its account and kind once something came from it: what it said stays said by it.
CREATE OR REPLACE FUNCTION inspections_guard_source_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF (NEW.account_id, NEW.kind) <> (OLD.account_id, OLD.kind)
       AND (EXISTS (SELECT FROM inspections_machinereading r WHERE r.source_id = OLD.id)
            OR EXISTS (SELECT FROM inspections_alert a WHERE a.source_id = OLD.id)) THEN
        RAISE EXCEPTION 'inspections: account and kind of source % are fixed: readings came from it; make another source', OLD.key
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER inspections_20_guard BEFORE UPDATE ON inspections_readingsource
    FOR EACH ROW EXECUTE FUNCTION inspections_guard_source_v1();

-- An alert goes from firing to resolved, once; what it is and since when never changes. Its CI is found once.
CREATE OR REPLACE FUNCTION inspections_guard_alert_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.received_at := clock_timestamp();
        NEW.matched_by_id := NULL;
        IF NOT EXISTS (SELECT FROM inspections_readingsource s WHERE s.id = NEW.source_id AND s.is_enabled AND s.kind = 'alertmanager') THEN
            RAISE EXCEPTION 'inspections: alerts come from an enabled Alertmanager source' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.source_id, NEW.fingerprint, NEW.name, NEW.starts_at, NEW.labels, NEW.received_at)
       IS DISTINCT FROM (OLD.source_id, OLD.fingerprint, OLD.name, OLD.starts_at, OLD.labels, OLD.received_at)
       OR OLD.ci_id IS NOT NULL AND NEW.ci_id IS DISTINCT FROM OLD.ci_id
       OR OLD.status = 'resolved' AND (NEW.status, NEW.ends_at) IS DISTINCT FROM (OLD.status, OLD.ends_at) THEN
        RAISE EXCEPTION 'inspections: what alert % says, since when, and its CI never change', OLD.name USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.ci_id IS NOT NULL AND OLD.ci_id IS NULL AND NEW.matched_by_id IS NULL THEN
        RAISE EXCEPTION 'inspections: somebody says to which CI an alert belongs' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER inspections_20_guard BEFORE INSERT OR UPDATE ON inspections_alert
    FOR EACH ROW EXECUTE FUNCTION inspections_guard_alert_v1();

-- A finding that began with an alert has this key: no check item's key holds a colon.
CREATE OR REPLACE FUNCTION inspections_alert_key_v1(alert inspections_alert) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT 'alert:' || left(alert.name, 44)
$$;
