-- Control of the configuration (DESIGN §7). Items of a *controlled* type change only as a change under way
-- plans it; what happens to items of a *recorded* type outside of that is written down as unauthorised.
-- Statement triggers, behind those of the history, so that its rows can be named. The reference that a session
-- sends is no more than a hint where to look: state and planned values are looked up here.

-- Columns of an item that describe what is known of it, not how it is configured.
CREATE OR REPLACE FUNCTION changes_ungoverned_v1() RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT ARRAY['id', 'row_version', 'search_text', 'last_verified_at', 'last_seen_at'];
$$;

-- What an item has when nothing is said of it, as the application fills it in.
CREATE OR REPLACE FUNCTION changes_item_blank_v1() RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT '{"lifecycle_stage": "operational", "environment": "", "criticality": 2, "owner_team_id": null,
           "location_id": null, "serial": "", "primary_ip": null, "description": "", "duplicate_of_id": null,
           "attributes": {}}'::jsonb;
$$;

-- The change that the session names, if there is one.
CREATE OR REPLACE FUNCTION changes_named_change_v1() RETURNS changes_changerequest
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT c FROM changes_changerequest c
   WHERE c.id = ((nullif(current_setting('audit.ctx', true), '')::jsonb) ->> 'cr')::bigint;
$$;

-- Whether the change may write what it plans now: under way, or recorded afterwards and not judged yet.
CREATE OR REPLACE FUNCTION changes_may_write_v1(c changes_changerequest) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT c.id IS NOT NULL AND NOT c.on_hold AND (c.state IN ('implementing', 'rolling_back')
                                                 OR c.state = 'verifying' AND c.is_retrospective);
$$;

-- Each field of these items that the change may set, with the one value it may set; SQL NULL is an attribute taken
-- away. On the way back also what two people forced away when it was applied.
CREATE OR REPLACE FUNCTION changes_planned_fields_v2(wanted bigint, backward boolean, items bigint[])
RETURNS TABLE (item_id bigint, field text, value jsonb)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT o.item_id, f.field, CASE WHEN f.field LIKE 'attributes.%' THEN g.goal -> f.field
                                  WHEN g.goal ? f.field THEN g.typed -> f.field END
    FROM changes_plannedoperation o JOIN unnest(items) AS touched (id) ON touched.id = o.item_id
   CROSS JOIN LATERAL (SELECT CASE WHEN backward THEN o.before ELSE o.after END AS goal) AS side
   CROSS JOIN LATERAL (SELECT side.goal, to_jsonb(jsonb_populate_record(NULL::cmdb_configurationitem,
                                                                         side.goal - 'attributes')) AS typed) AS g
   CROSS JOIN LATERAL jsonb_object_keys(o.before || o.after) AS f (field)
   WHERE o.change_id = wanted AND o.kind IN ('update', 'retire')
  UNION ALL
  SELECT o.item_id, d.field, o.replaced -> d.field
    FROM changes_plannedoperation o JOIN unnest(items) AS touched (id) ON touched.id = o.item_id
    JOIN changes_driftdecision d ON d.operation_id = o.id
   WHERE backward AND o.change_id = wanted AND d.decision = 'force' AND d.confirmed_by_id <> d.decided_by_id
     AND coalesce(d.seen, 'null') = coalesce(o.replaced -> d.field, 'null');
$$;

-- Whole items that the change may create (or, on the way back, remove), as to_jsonb shows them without
-- the columns that do not count.
CREATE OR REPLACE FUNCTION changes_planned_items_v1(wanted bigint)
RETURNS TABLE (operation_id bigint, type_id bigint, name text, doc jsonb)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT o.id, (o.after ->> 'type_id')::bigint, o.after ->> 'name',
         changes_item_blank_v1()
         || (SELECT jsonb_object_agg(k.key, typed.doc -> k.key)
               FROM jsonb_object_keys(o.after - 'attributes') AS k (key))
         || jsonb_build_object('attributes', jsonb_strip_nulls(coalesce(o.after -> 'attributes', '{}')))
    FROM changes_plannedoperation o
   CROSS JOIN LATERAL (SELECT to_jsonb(jsonb_populate_record(NULL::cmdb_configurationitem,
                                                             o.after - 'attributes')) AS doc) AS typed
   WHERE o.change_id = wanted AND o.kind = 'create';
$$;

-- What a statement did outside of any plan: refused where a type is controlled, else written down, one entry for
-- each transaction and type. `deeds` is [{type_id, item_id, relation_id, deed, fields: {field: [before, after]}}].
-- An emergency under way may touch its own items unplanned: written down, and linked to it.
CREATE OR REPLACE FUNCTION changes_note_unauthorised_v1(deeds jsonb, guarded jsonb, c changes_changerequest)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  emergency boolean := coalesce(c.kind = 'emergency' AND c.state = 'implementing' AND NOT c.on_hold, false);
  first record; ctx jsonb := coalesce(nullif(current_setting('audit.ctx', true), '')::jsonb, '{}'); t record;
BEGIN
  SELECT f.type_id, f.item_id, f.relation_id, f.deed, f.fields, f.name AS given, i.name, ty.key INTO first
    FROM jsonb_to_recordset(deeds) AS f (type_id bigint, item_id bigint, relation_id bigint, deed text, fields jsonb, name text)
    LEFT JOIN cmdb_configurationitem i ON i.id = f.item_id JOIN cmdb_citype ty ON ty.id = f.type_id
   WHERE guarded ->> f.type_id::text = 'controlled' AND NOT (emergency AND EXISTS (
     SELECT FROM changes_changeitem ci WHERE ci.change_id = c.id AND ci.item_id = f.item_id AND ci.impact = 'manual'))
   ORDER BY f.item_id LIMIT 1;
  IF first.type_id IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'restrict_violation', HINT = 'controlled',
      CONSTRAINT = 'changes_item_is_controlled',
      MESSAGE = format('changes: items of the type %s are controlled: plan a change', first.key),
      -- `id` or `name` says which row of a batch it was.
      DETAIL = (CASE WHEN first.relation_id IS NOT NULL THEN '{}'::jsonb
                     WHEN first.deed = '+' THEN jsonb_build_object('name', first.given)
                     ELSE jsonb_build_object('id', first.item_id) END || jsonb_build_object('item', first.item_id,
        'address', first.key || ':' || coalesce(first.given, first.name), 'type', first.key, 'deed', first.deed, 'relation', first.relation_id IS NOT NULL, 'fields', first.fields,
        'why', CASE WHEN c.id IS NULL THEN 'no_change' WHEN changes_may_write_v1(c) THEN 'not_planned'
                    ELSE 'not_under_way' END, 'change', c.number))::text;
  END IF;
  t := audit.begin_txn();
  WITH rows AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(deeds)
        AS f (type_id bigint, item_id bigint, relation_id bigint, deed text, fields jsonb, name text)
  ), fresh AS (
    INSERT INTO changes_unauthorisedwrite (row_version, txid, type_id, writer_id, writer_name, reason, origin,
                                           named_id, change_id, state, comment, happened_at)
    SELECT DISTINCT 1, t.txid, r.type_id, (SELECT u.id FROM accounts_user u WHERE u.id = t.usr),
           left(coalesce(t.username, ''), 150), left(coalesce(t.reason, ''), 200), left(coalesce(ctx ->> 'path', ''), 200),
           c.id, CASE WHEN emergency THEN c.id END, CASE WHEN emergency THEN 'linked' ELSE 'open' END, '', t.ts
      FROM rows r ON CONFLICT DO NOTHING RETURNING id, type_id
  ), standing AS (
    SELECT id, type_id FROM fresh UNION ALL
    SELECT w.id, w.type_id FROM changes_unauthorisedwrite w
     WHERE w.txid = t.txid AND w.named_id IS NOT DISTINCT FROM c.id
  )
  INSERT INTO changes_unauthorisedrow (write_id, item_id, relation_id, deed, address, fields, history_id)
  SELECT s.id, r.item_id, r.relation_id, r.deed, ty.key || ':' || coalesce(r.name, i.name, ''), r.fields,
         CASE WHEN r.relation_id IS NULL
              THEN (SELECT max(h.history_id) FROM cmdb_historicalconfigurationitem h WHERE h.id = r.item_id)
              ELSE (SELECT max(h.history_id) FROM cmdb_historicalrelation h WHERE h.id = r.relation_id) END
    FROM rows r JOIN standing s USING (type_id) JOIN cmdb_citype ty ON ty.id = r.type_id
    LEFT JOIN cmdb_configurationitem i ON i.id = r.item_id;
END $$;

-- Planned, but by a change that is not under way: a trial, whose savepoint is rolled back, or a change that is just
-- being recorded afterwards. Whoever commits it without that is refused then.
CREATE OR REPLACE FUNCTION changes_owe_v1(c changes_changerequest) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
  INSERT INTO changes_controldebt (change_id) VALUES (c.id);
$$;

CREATE OR REPLACE FUNCTION changes_collect_debt_v1() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM changes_changerequest c JOIN changes_changeevent e ON e.change_id = c.id
                  WHERE c.id = NEW.change_id AND c.is_retrospective AND e.event = 'record_retro'
                    AND e.happened_at >= transaction_timestamp()) THEN
    RAISE EXCEPTION USING ERRCODE = 'restrict_violation', HINT = 'controlled',
      CONSTRAINT = 'changes_item_is_controlled',
      MESSAGE = 'changes: a plan is applied while its change is under way, not before', DETAIL = '{"why": "not_under_way"}';
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION changes_control_items_v1() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET enable_nestloop = off AS $$
DECLARE
  guarded jsonb := cmdb.guarded_types_v1(); c changes_changerequest; backward boolean; plans boolean;
  skip text[] := changes_ungoverned_v1(); touched bigint; deeds jsonb;
BEGIN
  IF guarded IS NULL THEN RETURN NULL; END IF;
  IF TG_OP = 'UPDATE' THEN
    IF NOT EXISTS (SELECT FROM new_rows n WHERE guarded ? n.type_id::text)
       AND NOT EXISTS (SELECT FROM old_rows o WHERE guarded ? o.type_id::text) THEN RETURN NULL; END IF;
  ELSIF TG_OP = 'INSERT' THEN
    IF NOT EXISTS (SELECT FROM new_rows n WHERE guarded ? n.type_id::text) THEN RETURN NULL; END IF;
  ELSIF NOT EXISTS (SELECT FROM old_rows o WHERE guarded ? o.type_id::text) THEN RETURN NULL; END IF;

  c := changes_named_change_v1();
  backward := coalesce(c.state = 'rolling_back', false);
  plans := coalesce(changes_may_write_v1(c) OR c.state IN ('draft', 'assessing', 'testing', 'approving', 'scheduled'), false);
  IF TG_OP = 'UPDATE' THEN
    WITH planned AS MATERIALIZED (
      SELECT p.* FROM changes_planned_fields_v2(c.id, backward, ARRAY(SELECT id FROM new_rows)) p WHERE plans
    ), differing AS MATERIALIZED (
      SELECT n.id AS item_id, CASE WHEN guarded ? o.type_id::text THEN o.type_id ELSE n.type_id END AS type_id,
             n.name, b.doc AS was, a.doc AS is_now
        FROM new_rows n JOIN old_rows o ON o.id = n.id
       CROSS JOIN LATERAL (SELECT to_jsonb(n) - skip AS doc) AS a
       CROSS JOIN LATERAL (SELECT to_jsonb(o) - skip AS doc) AS b
       WHERE (guarded ? n.type_id::text OR guarded ? o.type_id::text) AND a.doc <> b.doc
    ), unplanned AS (
      SELECT d.item_id, d.type_id, d.name, jsonb_object_agg(f.field, jsonb_build_array(f.before, f.after)) AS fields
        FROM differing d
       CROSS JOIN LATERAL (
          SELECT k.key AS field, d.was -> k.key AS before, k.value AS after
            FROM jsonb_each(d.is_now - 'attributes') AS k WHERE k.value <> d.was -> k.key
          UNION ALL
          SELECT 'attributes.' || k.key, d.was -> 'attributes' -> k.key, d.is_now -> 'attributes' -> k.key
            FROM jsonb_object_keys((d.was -> 'attributes') || (d.is_now -> 'attributes')) AS k (key)
           WHERE d.was -> 'attributes' -> k.key IS DISTINCT FROM d.is_now -> 'attributes' -> k.key) AS f
       -- Of all items at once: a search in the plan for each of them takes a minute for some thousands.
       WHERE NOT EXISTS (SELECT FROM planned p WHERE p.item_id = d.item_id AND p.field = f.field
                            AND p.value IS NOT DISTINCT FROM f.after)
       GROUP BY d.item_id, d.type_id, d.name
    )
    SELECT (SELECT count(*) FROM differing),
           jsonb_agg(jsonb_build_object('type_id', type_id, 'item_id', item_id, 'deed', '~', 'name', name,
                                        'fields', fields) ORDER BY item_id)
      INTO touched, deeds FROM unplanned;
  ELSIF TG_OP = 'INSERT' THEN
    SELECT count(*), jsonb_agg(jsonb_build_object('type_id', n.type_id, 'item_id', n.id, 'deed', '+', 'name', n.name,
                                                  'fields', '{}'::jsonb)) FILTER (WHERE p.operation_id IS NULL)
      INTO touched, deeds
      FROM new_rows n LEFT JOIN changes_planned_items_v1(c.id) p
        ON plans AND NOT backward AND p.type_id = n.type_id AND p.name = n.name AND p.doc = to_jsonb(n) - skip
     WHERE guarded ? n.type_id::text;
  ELSE
    SELECT count(*), jsonb_agg(jsonb_build_object('type_id', o.type_id, 'item_id', o.id, 'deed', '-', 'name', o.name,
                                                  'fields', '{}'::jsonb)) FILTER (WHERE p.operation_id IS NULL)
      INTO touched, deeds
      FROM old_rows o LEFT JOIN changes_planned_items_v1(c.id) p
        ON plans AND backward AND p.type_id = o.type_id AND p.name = o.name
     WHERE guarded ? o.type_id::text;
  END IF;
  IF deeds IS NOT NULL THEN
    PERFORM changes_note_unauthorised_v1(deeds, guarded, c);
  END IF;
  IF touched > coalesce(jsonb_array_length(deeds), 0) AND NOT changes_may_write_v1(c) THEN
    PERFORM changes_owe_v1(c);
  END IF;
  RETURN NULL;
END $$;

-- A relation belongs to the configuration of the item that needs the other one; where neither does, to its source.
CREATE OR REPLACE FUNCTION changes_control_relations_v1() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET enable_nestloop = off AS $$
DECLARE
  guarded jsonb := cmdb.guarded_types_v1(); c changes_changerequest; backward boolean; plans boolean;
  touched bigint; deeds jsonb; gone jsonb; come jsonb;
BEGIN
  IF guarded IS NULL THEN RETURN NULL; END IF;
  -- An update of what makes a relation this one is the end of one and the beginning of another.
  IF TG_OP = 'INSERT' THEN
    SELECT jsonb_agg(to_jsonb(n)) INTO come FROM new_rows n
     WHERE guarded ? n.source_type_id::text OR guarded ? n.target_type_id::text;
  ELSIF TG_OP = 'DELETE' THEN
    SELECT jsonb_agg(to_jsonb(o)) INTO gone FROM old_rows o
     WHERE guarded ? o.source_type_id::text OR guarded ? o.target_type_id::text;
  ELSE
    SELECT jsonb_agg(to_jsonb(n)), jsonb_agg(to_jsonb(o)) INTO come, gone
      FROM new_rows n JOIN old_rows o ON o.id = n.id
     WHERE (guarded ? n.source_type_id::text OR guarded ? n.target_type_id::text
            OR guarded ? o.source_type_id::text OR guarded ? o.target_type_id::text)
       AND (n.relation_type_id, n.source_id, n.target_id, n.group_id)
           IS DISTINCT FROM (o.relation_type_id, o.source_id, o.target_id, o.group_id);
  END IF;
  IF come IS NULL AND gone IS NULL THEN RETURN NULL; END IF;

  c := changes_named_change_v1();
  backward := coalesce(c.state = 'rolling_back', false);
  plans := coalesce(changes_may_write_v1(c) OR c.state IN ('draft', 'assessing', 'testing', 'approving', 'scheduled'), false);
  WITH written AS (
    SELECT r.*, '+' AS deed FROM jsonb_populate_recordset(NULL::cmdb_relation, come) r
    UNION ALL
    SELECT r.*, '-' FROM jsonb_populate_recordset(NULL::cmdb_relation, gone) r
  ), governed AS (
    SELECT w.id, w.deed, jsonb_build_object('relation_type_id', w.relation_type_id, 'source_id', w.source_id,
                                            'target_id', w.target_id, 'group_id', w.group_id) AS ends,
           CASE way.impact WHEN 'target_needs_source' THEN w.target_id ELSE w.source_id END AS item_id,
           CASE way.impact WHEN 'target_needs_source' THEN w.target_type_id ELSE w.source_type_id END AS type_id
      FROM written w JOIN cmdb_relationtype way ON way.id = w.relation_type_id
  ), planned AS MATERIALIZED (
    SELECT DISTINCT o.kind, ('{"group_id": null}'::jsonb || CASE WHEN o.after <> '{}' THEN o.after ELSE o.before END)
                            - 'description' AS ends
      FROM changes_plannedoperation o
     WHERE plans AND o.change_id = c.id AND o.kind IN ('relate', 'unrelate')
  ), judged AS (
    SELECT g.*, p.kind IS NOT NULL AS is_planned
      FROM governed g
      LEFT JOIN planned p ON p.kind = CASE WHEN (g.deed = '+') <> backward THEN 'relate' ELSE 'unrelate' END AND p.ends = g.ends
     WHERE guarded ? g.type_id::text
  )
  SELECT count(*), jsonb_agg(jsonb_build_object('type_id', j.type_id, 'item_id', j.item_id, 'relation_id', j.id,
      'deed', j.deed, 'fields', (SELECT jsonb_object_agg(e.key, CASE j.deed WHEN '+' THEN jsonb_build_array(NULL, e.value)
                                                     ELSE jsonb_build_array(e.value, NULL) END)
                                   FROM jsonb_each(j.ends) AS e))) FILTER (WHERE NOT j.is_planned)
    INTO touched, deeds FROM judged j;
  IF deeds IS NOT NULL THEN
    PERFORM changes_note_unauthorised_v1(deeds, guarded, c);
  END IF;
  IF touched > coalesce(jsonb_array_length(deeds), 0) AND NOT changes_may_write_v1(c) THEN
    PERFORM changes_owe_v1(c);
  END IF;
  RETURN NULL;
END $$;

-- A type that is controlled less than before is itself something to be explained.
CREATE OR REPLACE FUNCTION changes_control_loosened_v1() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  strictness text[] := ARRAY['open', 'recorded', 'controlled']; was text; is_now text;
BEGIN
  SELECT mode INTO is_now FROM cmdb.control_of_types_v1() WHERE type_id = NEW.id;
  was := coalesce(nullif(OLD.control, ''), (SELECT mode FROM cmdb.control_of_types_v1() WHERE type_id = OLD.parent_id), 'open');
  IF array_position(strictness, is_now) < array_position(strictness, was) THEN
    PERFORM changes_note_unauthorised_v1(
      jsonb_build_array(jsonb_build_object('type_id', NEW.id, 'deed', '!', 'name', '',
        'fields', jsonb_build_object('control', jsonb_build_array(was, is_now)))), '{}', changes_named_change_v1());
  END IF;
  RETURN NULL;
END $$;

-- An entry is written by the triggers above; people only say what became of it.
CREATE OR REPLACE FUNCTION changes_guard_unauthorised_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    PERFORM changes_refuse_v1('append_only', 'an unauthorised write is explained, never removed');
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF NOT changes_in_gate_v1(TG_RELID) THEN
      PERFORM changes_refuse_v1('only_by_gate', TG_TABLE_NAME || ' is written by PostgreSQL alone');
    END IF;
    RETURN NEW;
  END IF;
  IF (NEW.txid, NEW.type_id, NEW.writer_id, NEW.writer_name, NEW.reason, NEW.origin, NEW.named_id, NEW.happened_at)
     IS DISTINCT FROM
     (OLD.txid, OLD.type_id, OLD.writer_id, OLD.writer_name, OLD.reason, OLD.origin, OLD.named_id, OLD.happened_at) THEN
    PERFORM changes_refuse_v1('fixed', 'what was written stays as it was noted');
  END IF;
  IF OLD.state = 'accepted' OR NEW.state = 'open' AND OLD.state <> 'open' THEN
    PERFORM changes_refuse_v1('fixed', 'an explanation stands');
  END IF;
  IF NEW.state = 'accepted' AND (NEW.decided_by_id IS NULL OR btrim(NEW.comment) = ''
                                 OR NEW.decided_by_id IS NOT DISTINCT FROM OLD.writer_id) THEN
    PERFORM changes_refuse_v1('writer_apart', 'a write is accepted by somebody else than its writer, with a reason');
  END IF;
  IF NEW.state = 'linked' AND (NEW.change_id IS NULL OR NEW.decided_by_id IS NULL OR EXISTS (
    SELECT FROM changes_unauthorisedrow r WHERE r.write_id = NEW.id AND r.item_id IS NOT NULL AND NOT EXISTS (
      SELECT FROM changes_changeitem i WHERE i.change_id = NEW.change_id AND i.item_id = r.item_id
         AND i.impact = 'manual'))) THEN
    PERFORM changes_refuse_v1('items_on_change', 'the change does not list every item of the write');
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER guard_unauthorised BEFORE INSERT OR UPDATE OR DELETE ON changes_unauthorisedwrite
  FOR EACH ROW EXECUTE FUNCTION changes_guard_unauthorised_v1();
CREATE OR REPLACE TRIGGER only_by_gate BEFORE INSERT ON changes_unauthorisedrow
  FOR EACH ROW EXECUTE FUNCTION changes_only_by_gate_v1();
CREATE OR REPLACE TRIGGER only_by_gate BEFORE INSERT ON changes_controldebt
  FOR EACH ROW EXECUTE FUNCTION changes_only_by_gate_v1();
SELECT audit.protect('changes_unauthorisedrow');
SELECT audit.protect('changes_controldebt');

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'changes_controldebt'::regclass AND tgname = 'collect') THEN
    CREATE CONSTRAINT TRIGGER collect AFTER INSERT ON changes_controldebt DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION changes_collect_debt_v1();
  END IF;
  ALTER TABLE changes_controldebt ENABLE ALWAYS TRIGGER collect;
END $$;

-- Fired always, like the history, and after it: zz_audit_… comes before zzz_….
SELECT audit.ensure_trigger(t, 'zzz_control_i', 'AFTER INSERT ON %s REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT', f),
       audit.ensure_trigger(t, 'zzz_control_u',
         'AFTER UPDATE ON %s REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT', f),
       audit.ensure_trigger(t, 'zzz_control_d', 'AFTER DELETE ON %s REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT', f)
  FROM (VALUES ('cmdb_configurationitem'::regclass, 'public.changes_control_items_v1'),
               ('cmdb_relation', 'public.changes_control_relations_v1')) AS x (t, f);
SELECT audit.ensure_trigger('cmdb_citype', 'zzz_control_loosened', 'AFTER UPDATE OF control, parent_id ON %s FOR EACH ROW',
                            'public.changes_control_loosened_v1');
