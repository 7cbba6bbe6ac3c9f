-- Settings that came later than the first check lists are part of the hash only where they say something.
CREATE OR REPLACE FUNCTION inspections_item_defaults_v1(item jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(array_agg(d.key), '{}') FROM jsonb_each(
        '{"photo_at": "", "applies_if": {}, "metric": "", "reading_source": "push", "query": "", "max_age_minutes": 60,
          "confirm": "manual", "bad_readings": 1, "good_readings": 2, "attribute": ""}') d WHERE item->d.key = d.value
$$;

-- Invariant 1: a published version and its items never change; publishing stamps the hash of what was published.
CREATE OR REPLACE FUNCTION inspections_version_record_v1(wanted bigint) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT jsonb_build_object(
        'template', t.key, 'version', v.number,
        'items', (SELECT jsonb_agg(to_jsonb(i) - 'id' - 'version_id' - 'row_version' - inspections_item_defaults_v1(to_jsonb(i))
                                   || jsonb_build_object(
                                       'crit_low', trim_scale(i.crit_low), 'warn_low', trim_scale(i.warn_low),
                                       'warn_high', trim_scale(i.warn_high), 'crit_high', trim_scale(i.crit_high))
                                   ORDER BY i.position, i.key)
                    FROM inspections_templateitem i WHERE i.version_id = v.id)
    )::text
    FROM inspections_templateversion v JOIN inspections_checklisttemplate t ON t.id = v.template_id
    WHERE v.id = wanted
$$;

CREATE OR REPLACE FUNCTION inspections_guard_version_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.state <> 'draft' THEN
            RAISE EXCEPTION 'inspections: a published check list version is never deleted' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN OLD;
    ELSIF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' THEN
            RAISE EXCEPTION 'inspections: a check list version begins as a draft' USING ERRCODE = 'check_violation';
        END IF;
        NEW.sha256 := '';
        RETURN NEW;
    END IF;
    IF OLD.state = 'draft' AND NEW.state = 'draft' THEN
        NEW.sha256 := '';
    ELSIF OLD.state = 'draft' AND NEW.state = 'published' THEN
        IF NOT EXISTS (SELECT FROM inspections_templateitem WHERE version_id = NEW.id) THEN
            RAISE EXCEPTION 'inspections: a check list version without items cannot be published' USING ERRCODE = 'check_violation';
        END IF;
        NEW.template_id := OLD.template_id;
        NEW.number := OLD.number;
        NEW.sha256 := encode(sha256(convert_to(inspections_version_record_v1(NEW.id), 'UTF8')), 'hex');
        NEW.published_at := clock_timestamp();
    ELSIF NOT (OLD.state = 'published' AND NEW.state IN ('published', 'retired')
               AND to_jsonb(NEW) - 'state' - 'row_version' = to_jsonb(OLD) - 'state' - 'row_version') THEN
        RAISE EXCEPTION 'inspections: a published check list version never changes' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER inspections_20_guard BEFORE INSERT OR UPDATE OR DELETE ON inspections_templateversion
    FOR EACH ROW EXECUTE FUNCTION inspections_guard_version_v1();

CREATE OR REPLACE FUNCTION inspections_guard_item_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    version bigint;
    state text;
BEGIN
    FOREACH version IN ARRAY CASE TG_OP WHEN 'INSERT' THEN ARRAY[NEW.version_id] WHEN 'DELETE' THEN ARRAY[OLD.version_id]
                             ELSE ARRAY[OLD.version_id, NEW.version_id] END LOOP
        SELECT v.state INTO state FROM inspections_templateversion v WHERE v.id = version FOR SHARE;
        IF state IS DISTINCT FROM 'draft' THEN
            RAISE EXCEPTION 'inspections: the items of a published check list version never change' USING ERRCODE = 'restrict_violation';
        END IF;
    END LOOP;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    IF NEW.kind = 'choice' AND (jsonb_typeof(NEW.choices) <> 'array' OR jsonb_array_length(NEW.choices) < 2
        OR EXISTS (SELECT FROM jsonb_array_elements(NEW.choices) c
                    WHERE coalesce(c->>'value', '') = '' OR coalesce(c->>'severity', '') NOT IN ('ok', 'warn', 'crit'))) THEN
        RAISE EXCEPTION 'inspections: a choice item needs at least two choices, each with value and severity' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER inspections_20_guard BEFORE INSERT OR UPDATE OR DELETE ON inspections_templateitem
    FOR EACH ROW EXECUTE FUNCTION inspections_guard_item_v1();
