-- Shapes of clean normal changes that no template covers, with how many there are and the newest.
WITH shaped AS (
  SELECT c.id, c.outcome, c.deviations = '' AND c.issues = '' AND c.caused_incidents IN ('', 'none', 'none 无') AS is_clean,
         (SELECT jsonb_agg(s ORDER BY s) FROM (
            SELECT DISTINCT t.key || ' ' || o.kind || ' ' || (
              SELECT string_agg(f, ',' ORDER BY f) FROM jsonb_object_keys(o.before || o.after) f) AS s
              FROM changes_plannedoperation o JOIN cmdb_configurationitem ci ON ci.id = o.item_id
              JOIN cmdb_citype t ON t.id = ci.type_id
             WHERE o.change_id = c.id AND o.kind IN ('update', 'retire')
            UNION SELECT t.key || ' create' FROM changes_plannedoperation o
              JOIN cmdb_citype t ON t.id = (o.after ->> 'type_id')::bigint
             WHERE o.change_id = c.id AND o.kind = 'create'
            UNION SELECT t.key || ' ' || o.kind FROM changes_plannedoperation o
              JOIN cmdb_relationtype t ON t.id = ((o.before || o.after) ->> 'relation_type_id')::bigint
             WHERE o.change_id = c.id AND o.kind IN ('relate', 'unrelate')) x) AS shape
    FROM changes_changerequest c WHERE c.kind = 'normal' AND c.state = 'closed' AND NOT c.is_imported),
covered AS (
  SELECT DISTINCT (SELECT jsonb_agg(s ORDER BY s) FROM (
     SELECT DISTINCT CASE o.value ->> 'kind'
         WHEN 'create' THEN (o.value -> 'after' ->> 'type') || ' create'
         WHEN 'relate' THEN (o.value ->> 'relation') || ' relate'
         WHEN 'unrelate' THEN (o.value ->> 'relation') || ' unrelate'
         ELSE k || ' ' || coalesce(o.value ->> 'kind', 'update') || ' ' || (
       SELECT string_agg(f, ',' ORDER BY f) FROM jsonb_object_keys(
         CASE WHEN o.value ->> 'kind' = 'retire' THEN '{"lifecycle_stage": 1}' ELSE coalesce(o.value -> 'after', '{}') END) f) END AS s
       FROM jsonb_array_elements(coalesce(t.skeleton -> 'operations', '[]')) o) x) AS shape
    FROM changes_standardtemplate t, jsonb_array_elements_text(t.scope_types) k WHERE t.retired_at IS NULL)
SELECT shape, count(*) FILTER (WHERE outcome = 'successful' AND is_clean),
       max(id) FILTER (WHERE outcome = 'successful' AND is_clean)
  FROM shaped WHERE shape IS NOT NULL AND NOT EXISTS (SELECT FROM covered v WHERE v.shape = shaped.shape)
 GROUP BY shape HAVING count(*) FILTER (WHERE outcome = 'successful' AND is_clean) >= %s
    AND count(*) FILTER (WHERE outcome IN ('failed', 'rolled_back')) = 0
 ORDER BY 2 DESC, 3 DESC LIMIT 50
