-- The life of a finding is written down whenever its state or count changes: by PostgreSQL, not by programs.
CREATE OR REPLACE FUNCTION inspections_write_finding_event_v1() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    former text := '';
    answer bigint := NEW.last_answer_id;
    reading bigint := NEW.last_reading_id;
    alert bigint := NEW.last_alert_id;
    actor bigint := NEW.state_by_id;
    words text := NEW.state_comment;
    moved jsonb := '{}';
BEGIN
    IF TG_RELID <> 'public.inspections_finding'::regclass THEN  -- lent to a table of somebody's own
        RAISE EXCEPTION 'inspections: the events of a finding are written by its steps' USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'UPDATE' THEN
        former := OLD.state;
        SELECT coalesce(jsonb_object_agg(k, jsonb_build_array(o->k, n->k)), '{}') INTO moved
          FROM (SELECT to_jsonb(OLD) AS o, to_jsonb(NEW) AS n) both_rows,
               unnest(ARRAY['severity', 'owner_id', 'response_due_at', 'due_at', 'accepted_until_on', 'duplicate_of_id']) AS k
         WHERE o->k IS DISTINCT FROM n->k;
        answer := CASE WHEN answer IS DISTINCT FROM OLD.last_answer_id THEN answer END;
        reading := CASE WHEN reading IS DISTINCT FROM OLD.last_reading_id THEN reading END;
        alert := CASE WHEN alert IS DISTINCT FROM OLD.last_alert_id THEN alert END;
        IF NEW.state = OLD.state THEN  -- seen once more: by whom, and in what
            actor := NULL;
            words := '';
            IF answer IS NOT NULL THEN
                SELECT a.answered_by_id, a.comment INTO actor, words FROM inspections_answer a WHERE a.id = answer;
            ELSIF reading IS NOT NULL THEN
                SELECT s.account_id INTO actor FROM inspections_machinereading r JOIN inspections_readingsource s ON s.id = r.source_id
                 WHERE r.id = reading;
            ELSIF alert IS NOT NULL THEN
                SELECT s.account_id INTO actor FROM inspections_alert a JOIN inspections_readingsource s ON s.id = a.source_id WHERE a.id = alert;
            END IF;
        END IF;
    END IF;
    INSERT INTO inspections_findingevent
           (row_version, finding_id, kind, source_state, target_state, by_id, comment, data, answer_id, reading_id, alert_id, at)
    VALUES (1, NEW.id, CASE WHEN former = NEW.state THEN 'repeat' ELSE 'step' END, former, NEW.state, actor, words, moved,
            answer, reading, alert, clock_timestamp());
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER inspections_30_event_first AFTER INSERT ON inspections_finding
    FOR EACH ROW EXECUTE FUNCTION inspections_write_finding_event_v1();
CREATE OR REPLACE TRIGGER inspections_30_event AFTER UPDATE ON inspections_finding
    FOR EACH ROW WHEN (NEW.state <> OLD.state OR NEW.count > OLD.count OR NEW.severity <> OLD.severity)
    EXECUTE FUNCTION inspections_write_finding_event_v1();

-- Steps and repeats are written above only (the depth of triggers can be had with a temporary table; the owner's name
-- cannot). What people add comes by the kinds below, is checked here and carried out after the row stands.
CREATE OR REPLACE FUNCTION inspections_guard_finding_event_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE f inspections_finding;
BEGIN
    IF pg_trigger_depth() >= 2 AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
        RETURN NEW;
    END IF;
    IF NEW.kind IN ('step', 'repeat') THEN
        RAISE EXCEPTION 'inspections: the events of a finding are written by its steps' USING ERRCODE = 'restrict_violation';
    END IF;
    SELECT * INTO f FROM inspections_finding WHERE id = NEW.finding_id FOR UPDATE;
    IF f.state IN ('verified', 'duplicate') AND NEW.kind <> 'comment' THEN
        RAISE EXCEPTION 'inspections: % is closed; it only takes comments', f.number USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.by_id IS NULL) <> (NEW.kind = 'escalation') THEN
        RAISE EXCEPTION 'inspections: people do what is done to %, the clock reminds', f.number USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.kind IN ('comment', 'owner', 'deadline') AND btrim(NEW.comment) = '' THEN
        RAISE EXCEPTION 'inspections: say why' USING ERRCODE = 'check_violation';
    END IF;
    NEW.source_state := f.state;
    NEW.target_state := f.state;
    NEW.answer_id := NULL;
    NEW.reading_id := NULL;
    NEW.alert_id := NULL;
    NEW.at := clock_timestamp();
    CASE NEW.kind
    WHEN 'owner' THEN
        IF NOT EXISTS (SELECT FROM accounts_user u WHERE u.id = (NEW.data->>'owner')::bigint AND u.is_active) THEN
            RAISE EXCEPTION 'inspections: the owner of % is somebody who works here', f.number USING ERRCODE = 'check_violation';
        END IF;
        NEW.data := jsonb_build_object('owner', jsonb_build_array(f.owner_id, NEW.data->'owner'));
    WHEN 'deadline' THEN
        IF NEW.by_id = f.owner_id THEN
            RAISE EXCEPTION 'inspections: nobody grants themselves more time for %', f.number USING ERRCODE = 'check_violation';
        END IF;
        IF (NEW.data->>'due_at')::timestamptz IS NULL OR (NEW.data->>'due_at')::timestamptz <= NEW.at THEN
            RAISE EXCEPTION 'inspections: the new deadline of % lies ahead', f.number USING ERRCODE = 'check_violation';
        END IF;
        NEW.data := jsonb_build_object('due_at', jsonb_build_array(f.due_at, (NEW.data->>'due_at')::timestamptz));
    WHEN 'change' THEN
        NEW.data := jsonb_build_object('change', jsonb_build_array(f.change_id, (NEW.data->>'change')::bigint));
    WHEN 'repair' THEN
        IF NOT EXISTS (SELECT FROM assets_asset a WHERE a.id = (NEW.data->>'repair')::bigint AND a.ci_id = f.ci_id) THEN
            RAISE EXCEPTION 'inspections: what is repaired for % is an asset of its CI', f.number USING ERRCODE = 'check_violation';
        END IF;
        NEW.data := jsonb_build_object('repair', jsonb_build_array(f.repair_id, (NEW.data->>'repair')::bigint));
    WHEN 'escalation' THEN
        IF NEW.mark = '' OR NEW.file_id IS NOT NULL THEN
            RAISE EXCEPTION 'inspections: a reminder of % is marked, so that it comes once', f.number USING ERRCODE = 'check_violation';
        END IF;
    ELSE
        NULL;
    END CASE;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER inspections_20_guard BEFORE INSERT ON inspections_findingevent
    FOR EACH ROW EXECUTE FUNCTION inspections_guard_finding_event_v1();

CREATE OR REPLACE FUNCTION inspections_carry_out_finding_event_v1() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE due timestamptz := NEW.data #>> '{due_at,1}';
BEGIN
    IF TG_RELID <> 'public.inspections_findingevent'::regclass THEN
        RAISE EXCEPTION 'inspections: a finding is led by its events' USING ERRCODE = 'restrict_violation';
    END IF;
    UPDATE inspections_finding f SET
        owner_id = CASE NEW.kind WHEN 'owner' THEN (NEW.data #>> '{owner,1}')::bigint ELSE owner_id END,
        change_id = CASE NEW.kind WHEN 'change' THEN (NEW.data #>> '{change,1}')::bigint ELSE change_id END,
        repair_id = CASE NEW.kind WHEN 'repair' THEN (NEW.data #>> '{repair,1}')::bigint ELSE repair_id END,
        due_at = CASE NEW.kind WHEN 'deadline' THEN due ELSE due_at END,
        fix_soon_at = CASE NEW.kind WHEN 'deadline' THEN NEW.at + 0.8 * (due - NEW.at) ELSE fix_soon_at END
     WHERE id = NEW.finding_id;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER inspections_30_carry_out AFTER INSERT ON inspections_findingevent
    FOR EACH ROW WHEN (NEW.kind IN ('owner', 'deadline', 'change', 'repair'))
    EXECUTE FUNCTION inspections_carry_out_finding_event_v1();
