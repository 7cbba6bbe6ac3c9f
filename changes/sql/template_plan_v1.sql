-- A standard change against its template: the filter of the scope, the parameters, and the plan row by row.

CREATE OR REPLACE FUNCTION changes_fits_filter_v1(ci cmdb_configurationitem, wanted jsonb) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT ci.criticality <= coalesce((wanted ->> 'criticality_max')::int, 4)
     AND (coalesce(wanted ->> 'owner_team', '') = ''
          OR EXISTS (SELECT FROM accounts_team t WHERE t.id = ci.owner_team_id AND t.key = wanted ->> 'owner_team'))
     AND starts_with(ci.name, coalesce(wanted ->> 'name_prefix', ''));
$$;

-- The first parameter that is missing, unknown, or does not fit its kind and bounds; NULL when all are right.
CREATE OR REPLACE FUNCTION changes_parameter_fault_v1(specs jsonb, given jsonb) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT words FROM (
    SELECT 'unknown: ' || g.key FROM jsonb_each(given) g WHERE NOT specs ? g.key
    UNION ALL
    SELECT 'missing: ' || s.key FROM jsonb_each(specs) s
     WHERE s.value -> 'required' = 'true' AND coalesce(given ->> s.key, '') = ''
    UNION ALL
    SELECT 'not fitting: ' || s.key
      FROM jsonb_each(specs) s, LATERAL (SELECT given ->> s.key AS value, jsonb_typeof(given -> s.key) AS is) g
     WHERE coalesce(g.value, '') <> '' AND NOT CASE coalesce(s.value ->> 'kind', 'text')
       WHEN 'number' THEN CASE WHEN g.is = 'number' THEN
            g.value::numeric >= coalesce((s.value ->> 'min')::numeric, '-Infinity')
            AND g.value::numeric <= coalesce((s.value ->> 'max')::numeric, 'Infinity') ELSE false END
       WHEN 'choice' THEN EXISTS (
            SELECT FROM jsonb_array_elements_text(coalesce(s.value -> 'choices', '[]')) x WHERE x = g.value)
       WHEN 'item' THEN CASE WHEN g.is = 'number' AND g.value ~ '^[0-9]{1,18}$' THEN EXISTS (
            SELECT FROM cmdb_configurationitem i JOIN cmdb_citype k ON k.id = i.type_id
             WHERE i.id = g.value::bigint
               AND (coalesce(s.value -> 'types', '[]') = '[]' OR s.value -> 'types' ? k.key)) ELSE false END
       ELSE g.is = 'string' AND length(g.value) <= coalesce((s.value ->> 'max_length')::int, 200) END
  ) d (words) LIMIT 1;
$$;

CREATE OR REPLACE FUNCTION changes_fill_v1(wording text, given jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE each record;
BEGIN
  FOR each IN SELECT * FROM jsonb_each_text(given) LOOP
    wording := replace(wording, '{' || each.key || '}', coalesce(each.value, ''));
  END LOOP;
  RETURN wording;
END $$;

-- The first thing in which a change differs from the plan of its template; NULL when it keeps to it. A template
-- without a skeleton binds to nothing but its scope and parameters. In texts an item stands as its address, in
-- values as its number.
CREATE OR REPLACE FUNCTION changes_off_template_v1(wanted bigint) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  WITH c AS (
    SELECT c.id, c.parameters, t.skeleton AS plan, t.parameters AS specs, c.downtime_minutes, c.rollback_minutes
      FROM changes_changerequest c JOIN changes_standardtemplate t ON t.id = c.template_id
     WHERE c.id = wanted AND t.skeleton <> '{}'),
  named AS (
    SELECT s.key AS name, i.id AS item_id, k.key || ':' || i.name AS address
      FROM c CROSS JOIN jsonb_each(c.specs) s
      JOIN cmdb_configurationitem i ON i.id =
           CASE WHEN s.value ->> 'kind' = 'item' AND c.parameters ->> s.key ~ '^[0-9]{1,18}$'
                THEN (c.parameters ->> s.key)::bigint END
      JOIN cmdb_citype k ON k.id = i.type_id),
  items AS (
    SELECT i.item_id FROM c JOIN changes_changeitem i ON i.change_id = c.id AND i.impact = 'manual'
     WHERE i.item_id NOT IN (SELECT item_id FROM named)),
  words AS (
    SELECT c.parameters || coalesce((SELECT jsonb_object_agg(n.name, n.address) FROM named n), '{}')
           || jsonb_build_object('items', coalesce((SELECT string_agg(i.name, ', ' ORDER BY i.name COLLATE "C")
                FROM items x JOIN cmdb_configurationitem i ON i.id = x.item_id), '')) AS given FROM c),
  stages AS (
    SELECT s.id, row_number() OVER (ORDER BY s.position) AS n, s.label, s.share_percent AS share,
           s.is_point_of_no_return AS final
      FROM c JOIN changes_planstage s ON s.change_id = c.id),
  wanted_stages AS (
    SELECT s.n, changes_fill_v1(coalesce(s.value ->> 'label', ''), w.given) AS label,
           coalesce((s.value ->> 'share_percent')::int, 100) AS share,
           coalesce((s.value ->> 'is_point_of_no_return')::boolean, false) AS final, true AS is_said
      FROM c, words w, jsonb_array_elements(coalesce(c.plan -> 'stages', '[]')) WITH ORDINALITY s (value, n)
    UNION ALL SELECT 1, '', 100, false, false FROM c WHERE coalesce(c.plan -> 'stages', '[]') = '[]'),
  said AS (
    SELECT o.n, coalesce(o.value ->> 'kind', 'update') AS kind, coalesce((o.value ->> 'stage')::int, 1) AS stage,
           coalesce(o.value ->> 'on', 'items') AS on_what, o.value
      FROM c, jsonb_array_elements(coalesce(c.plan -> 'operations', '[]')) WITH ORDINALITY o (value, n)),
  planned AS (
    SELECT s.stage, s.kind, x.item_id::text AS who,
           CASE f.key WHEN 'owner_team' THEN 'owner_team_id' WHEN 'location' THEN 'location_id' ELSE f.key END AS field,
           CASE WHEN jsonb_typeof(f.value) <> 'null' THEN changes_fill_v1(f.value #>> '{}', c.parameters) END AS value
      FROM c CROSS JOIN said s
     CROSS JOIN LATERAL (SELECT item_id FROM items WHERE s.on_what = 'items'
                         UNION ALL SELECT item_id FROM named WHERE name = s.on_what) x
     CROSS JOIN LATERAL jsonb_each(CASE WHEN s.kind = 'retire' THEN '{"lifecycle_stage": "retired"}'::jsonb
                                        ELSE coalesce(s.value -> 'after', '{}') END) f
     WHERE s.kind IN ('update', 'retire')
    UNION ALL
    SELECT s.stage, s.kind, 'new ' || s.nth, f.key, changes_fill_v1(f.value #>> '{}', c.parameters)
      FROM c CROSS JOIN (SELECT said.*, row_number() OVER (ORDER BY n) AS nth FROM said WHERE kind = 'create') s
     CROSS JOIN LATERAL (
       SELECT a.key, a.value FROM jsonb_each((s.value -> 'after') - 'attributes') a
       UNION ALL SELECT 'attributes.' || a.key, a.value FROM jsonb_each(coalesce(s.value -> 'after' -> 'attributes', '{}')) a) f
    UNION ALL
    SELECT s.stage, s.kind, s.value ->> 'relation', one.id::text, two.id::text
      FROM said s
     CROSS JOIN LATERAL changes_end_of_v1(s.value ->> 'source') a
     CROSS JOIN LATERAL changes_end_of_v1(s.value ->> 'target') b
     CROSS JOIN LATERAL (SELECT item_id AS id FROM items WHERE a.name = 'items'
                         UNION ALL SELECT item_id FROM named WHERE named.name = a.name UNION ALL SELECT a.id) one
     CROSS JOIN LATERAL (SELECT item_id AS id FROM items WHERE b.name = 'items'
                         UNION ALL SELECT item_id FROM named WHERE named.name = b.name UNION ALL SELECT b.id) two
     WHERE s.kind IN ('relate', 'unrelate') AND one.id IS NOT NULL AND two.id IS NOT NULL),
  actual AS (
    SELECT g.n::int AS stage, o.kind, o.item_id::text AS who, f AS field, o.after ->> f AS value
      FROM c JOIN changes_plannedoperation o ON o.change_id = c.id JOIN stages g ON g.id = o.stage_id,
           jsonb_object_keys(o.before || o.after) f
     WHERE o.kind IN ('update', 'retire')
    UNION ALL
    SELECT o.stage, 'create', 'new ' || o.nth, f.key, f.value
      FROM (SELECT g.n::int AS stage, o.after, row_number() OVER (ORDER BY o.id) AS nth
              FROM c JOIN changes_plannedoperation o ON o.change_id = c.id JOIN stages g ON g.id = o.stage_id
             WHERE o.kind = 'create') o
     CROSS JOIN LATERAL (
       SELECT a.key, a.value FROM jsonb_each_text(o.after - 'attributes' - 'type_id') a
       UNION ALL SELECT 'attributes.' || a.key, a.value FROM jsonb_each_text(coalesce(o.after -> 'attributes', '{}')) a
       UNION ALL SELECT 'type', k.key FROM cmdb_citype k WHERE k.id = (o.after ->> 'type_id')::bigint) f
    UNION ALL
    SELECT g.n::int, o.kind, t.key, e.row ->> 'source_id', e.row ->> 'target_id'
      FROM c JOIN changes_plannedoperation o ON o.change_id = c.id JOIN stages g ON g.id = o.stage_id
     CROSS JOIN LATERAL (SELECT CASE o.kind WHEN 'relate' THEN o.after ELSE o.before END AS row) e
      JOIN cmdb_relationtype t ON t.id = (e.row ->> 'relation_type_id')::bigint
     WHERE o.kind IN ('relate', 'unrelate')),
  tasks AS (
    SELECT row_number() OVER (ORDER BY t.phase DESC, t.position, t.id) AS n, t.label, t.is_dual,
           coalesce(g.n, 0)::int AS stage, coalesce(t.duration_minutes, 0)::int AS minutes
      FROM c JOIN changes_plantask t ON t.change_id = c.id LEFT JOIN stages g ON g.id = t.stage_id),
  wanted_tasks AS (
    SELECT row_number() OVER (ORDER BY coalesce(t.value ->> 'phase', 'implementation') DESC, t.n) AS n,
           changes_fill_v1(t.value ->> 'label', w.given) AS label,
           coalesce((t.value ->> 'is_dual')::boolean, false) AS is_dual, coalesce((t.value ->> 'stage')::int, 0) AS stage,
           coalesce((t.value ->> 'duration_minutes')::int, 0) AS minutes
      FROM c, words w, jsonb_array_elements(coalesce(c.plan -> 'tasks', '[]')) WITH ORDINALITY t (value, n)),
  back AS (
    SELECT row_number() OVER (ORDER BY r.position, r.id) AS n, r.label, coalesce(r.duration_minutes, 0)::int AS minutes
      FROM c JOIN changes_rollbackstep r ON r.change_id = c.id),
  wanted_back AS (
    SELECT r.n, changes_fill_v1(CASE jsonb_typeof(r.value) WHEN 'object' THEN r.value ->> 'label' ELSE r.value #>> '{}' END,
                                w.given) AS label,
           CASE jsonb_typeof(r.value) WHEN 'object' THEN coalesce((r.value ->> 'duration_minutes')::int, 0) ELSE 0 END AS minutes
      FROM c, words w, jsonb_array_elements(coalesce(c.plan -> 'rollback_steps', '[]')) WITH ORDINALITY r (value, n)),
  checks AS (
    SELECT k.metric, k.comparison, k.threshold, k.unit, k.observation_minutes, k.is_machine, k.has_auto_rollback,
           k.grace_minutes, k.has_auto_restore FROM c JOIN changes_criterion k ON k.change_id = c.id),
  wanted_checks AS (
    SELECT changes_fill_v1(k.value ->> 'metric', w.given) AS metric, coalesce(k.value ->> 'comparison', 'le') AS comparison,
           changes_fill_v1(k.value ->> 'threshold', c.parameters)::numeric AS threshold,
           coalesce(k.value ->> 'unit', '') AS unit,
           coalesce((k.value ->> 'observation_minutes')::int, 0) AS observation_minutes,
           coalesce((k.value ->> 'is_machine')::boolean, false) AS is_machine,
           coalesce((k.value ->> 'has_auto_rollback')::boolean, false) AS has_auto_rollback,
           coalesce((k.value ->> 'grace_minutes')::int, 0) AS grace_minutes,
           coalesce((k.value ->> 'has_auto_restore')::boolean, false) AS has_auto_restore
      FROM c, words w, jsonb_array_elements(coalesce(c.plan -> 'criteria', '[]')) k),
  cases AS (
    SELECT row_number() OVER (ORDER BY t.position, t.id) AS n, t.label, t.steps, t.expected
      FROM c JOIN changes_testcase t ON t.change_id = c.id),
  wanted_cases AS (
    SELECT t.n, changes_fill_v1(t.value ->> 'label', w.given) AS label,
           changes_fill_v1(coalesce(t.value ->> 'steps', ''), w.given) AS steps,
           changes_fill_v1(coalesce(t.value ->> 'expected', ''), w.given) AS expected
      FROM c, words w, jsonb_array_elements(coalesce(c.plan -> 'test_cases', '[]')) WITH ORDINALITY t (value, n))
  SELECT * FROM (
    (SELECT 'downtime: ' || c.downtime_minutes FROM c WHERE (c.plan ->> 'downtime_minutes')::int <> c.downtime_minutes)
    UNION ALL (SELECT 'minutes of the way back: ' || coalesce(c.rollback_minutes::text, '-') FROM c
                WHERE (c.plan ->> 'rollback_minutes')::int <> coalesce(c.rollback_minutes, 0))
    UNION ALL (SELECT 'stage: ' || coalesce(a.label, p.label) FROM stages a FULL JOIN wanted_stages p ON p.n = a.n
                WHERE p.n IS NULL OR a.n IS NULL AND p.is_said OR p.label <> '' AND p.label <> a.label
                   OR a.share <> p.share OR a.final <> p.final LIMIT 1)
    UNION ALL (SELECT 'operation: ' || coalesce(a.field, '') || ' = ' || coalesce(a.value, '-') FROM
      (SELECT * FROM actual EXCEPT SELECT * FROM planned) a LIMIT 1)
    UNION ALL (SELECT 'operation left out: ' || p.field FROM (SELECT * FROM planned EXCEPT SELECT * FROM actual) p LIMIT 1)
    UNION ALL (SELECT 'task: ' || a.label FROM (SELECT * FROM tasks EXCEPT SELECT * FROM wanted_tasks) a LIMIT 1)
    UNION ALL (SELECT 'task left out: ' || p.label FROM (SELECT * FROM wanted_tasks EXCEPT SELECT * FROM tasks) p LIMIT 1)
    UNION ALL (SELECT 'way back: ' || a.label FROM (SELECT * FROM back EXCEPT SELECT * FROM wanted_back) a LIMIT 1)
    UNION ALL (SELECT 'step of the way back left out: ' || p.label FROM (SELECT * FROM wanted_back EXCEPT SELECT * FROM back) p LIMIT 1)
    UNION ALL (SELECT 'criterion: ' || a.metric FROM (SELECT * FROM checks EXCEPT SELECT * FROM wanted_checks) a LIMIT 1)
    UNION ALL (SELECT 'criterion left out: ' || p.metric FROM (SELECT * FROM wanted_checks EXCEPT SELECT * FROM checks) p LIMIT 1)
    UNION ALL (SELECT 'test case: ' || a.label FROM (SELECT * FROM cases EXCEPT SELECT * FROM wanted_cases) a LIMIT 1)
    UNION ALL (SELECT 'test case left out: ' || p.label FROM (SELECT * FROM wanted_cases EXCEPT SELECT * FROM cases) p LIMIT 1)
  ) d (words) LIMIT 1;
$$;

-- An end of a relation in a skeleton: "items", the name of an item parameter, or one item by its address.
CREATE OR REPLACE FUNCTION changes_end_of_v1(wanted text) RETURNS TABLE (name text, id bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT wanted, (SELECT i.id FROM cmdb_configurationitem i JOIN cmdb_citype k ON k.id = i.type_id
                   WHERE strpos(wanted, ':') > 0 AND k.key = split_part(wanted, ':', 1)
                     AND i.name = substr(wanted, strpos(wanted, ':') + 1) ORDER BY i.id LIMIT 1);
$$;
