-- The override of one item on one CI that is in force on a day: approved, begun, neither expired nor withdrawn;
-- of several the one approved last.
CREATE OR REPLACE FUNCTION inspections_override_on_v1(template bigint, item_key text, ci bigint, day date)
RETURNS SETOF inspections_thresholdoverride LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT o.* FROM inspections_thresholdoverride o
     WHERE o.ci_id = $3 AND o.item_key = $2 AND o.template_id = $1 AND o.approved_at IS NOT NULL
       AND o.valid_from_on <= $4 AND o.valid_until_on >= $4 AND (o.withdrawn_on IS NULL OR o.withdrawn_on > $4)
     ORDER BY o.approved_at DESC, o.id DESC LIMIT 1
$$;

-- Other thresholds are asked for once, decided once by somebody else (superusers are no exception), and withdrawn
-- once; what was asked for never changes, and nothing takes effect before it was approved.
CREATE OR REPLACE FUNCTION inspections_guard_override_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    today date := (clock_timestamp() AT TIME ZONE 'UTC')::date;
    decided text[] := ARRAY['row_version', 'approved_by_id', 'approved_at', 'valid_from_on', 'refused_by_id', 'refused_at',
                            'decision_comment', 'withdrawn_by_id', 'withdrawn_on', 'withdrawn_reason'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF num_nonnulls(NEW.approved_by_id, NEW.approved_at, NEW.refused_by_id, NEW.refused_at, NEW.withdrawn_by_id, NEW.withdrawn_on) > 0 THEN
            RAISE EXCEPTION 'inspections: an override begins as a request' USING ERRCODE = 'check_violation';
        END IF;
        IF btrim(NEW.reason) = '' OR NOT EXISTS (
                SELECT FROM inspections_templateitem i JOIN inspections_templateversion v ON v.id = i.version_id
                 WHERE v.template_id = NEW.template_id AND i.key = NEW.item_key AND i.kind IN ('number', 'machine')) THEN
            RAISE EXCEPTION 'inspections: an override is asked for a numeric item of its check list, for a reason' USING ERRCODE = 'check_violation';
        END IF;
        NEW.requested_at := clock_timestamp();
        RETURN NEW;
    END IF;
    IF to_jsonb(NEW) - decided <> to_jsonb(OLD) - decided THEN
        RAISE EXCEPTION 'inspections: what was asked for in override % never changes', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.refused_at IS NOT NULL OR OLD.withdrawn_on IS NOT NULL OR OLD.approved_at IS NOT NULL AND
       (NEW.approved_at, NEW.approved_by_id, NEW.valid_from_on, NEW.refused_at, NEW.refused_by_id, NEW.decision_comment)
       IS DISTINCT FROM
       (OLD.approved_at, OLD.approved_by_id, OLD.valid_from_on, OLD.refused_at, OLD.refused_by_id, OLD.decision_comment) THEN
        IF to_jsonb(NEW) - 'row_version' = to_jsonb(OLD) - 'row_version' THEN RETURN NEW; END IF;
        RAISE EXCEPTION 'inspections: override % is decided', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.approved_at IS NULL AND NEW.approved_at IS NOT NULL THEN
        NEW.approved_at := clock_timestamp();
        IF NEW.approved_by_id IS NULL OR NEW.approved_by_id = NEW.requested_by_id THEN
            RAISE EXCEPTION 'inspections: somebody other than who asked approves override %', OLD.id USING ERRCODE = 'check_violation';
        END IF;
        -- A day of play: the person's day and that of UTC differ.
        IF NEW.valid_from_on < greatest(OLD.valid_from_on, today - 1) OR NEW.valid_until_on < today - 1 THEN
            RAISE EXCEPTION 'inspections: override % takes effect before it is approved', OLD.id USING ERRCODE = 'check_violation';
        END IF;
    ELSIF OLD.approved_at IS NULL AND NEW.valid_from_on <> OLD.valid_from_on THEN
        RAISE EXCEPTION 'inspections: what was asked for in override % never changes', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.refused_at IS NOT NULL THEN
        NEW.refused_at := clock_timestamp();
        IF NEW.refused_by_id = NEW.requested_by_id OR btrim(NEW.decision_comment) = '' THEN
            RAISE EXCEPTION 'inspections: somebody other than who asked refuses override %, and says why', OLD.id USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    IF NEW.withdrawn_on IS NOT NULL AND (abs(NEW.withdrawn_on - today) > 1 OR btrim(NEW.withdrawn_reason) = '') THEN
        RAISE EXCEPTION 'inspections: override % is withdrawn today, for a reason', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER inspections_20_guard BEFORE INSERT OR UPDATE ON inspections_thresholdoverride
    FOR EACH ROW EXECUTE FUNCTION inspections_guard_override_v1();
CREATE OR REPLACE TRIGGER inspections_10_no_delete BEFORE DELETE ON inspections_thresholdoverride
    FOR EACH ROW EXECUTE FUNCTION inspections_refuse_v1();
