-- Writes one side of planned operations into their items: columns, and attributes inside their document.
-- Parameters: {{operation id: [fields left as they are]}}, operation ids. `{target}` is after or replaced.
UPDATE cmdb_configurationitem ci
   SET name = x.name, lifecycle_stage = x.lifecycle_stage, environment = x.environment,
       criticality = x.criticality, owner_team_id = x.owner_team_id, location_id = x.location_id,
       serial = x.serial, primary_ip = x.primary_ip, description = x.description, attributes = x.attributes
  FROM (
    SELECT c.id AS target_id, n.name, n.lifecycle_stage, n.environment, n.criticality, n.owner_team_id,
           n.location_id, n.serial, n.primary_ip, n.description, n.attributes
      FROM changes_plannedoperation o JOIN cmdb_configurationitem c ON c.id = o.item_id
     CROSS JOIN (SELECT %s::jsonb AS fields) AS kept
     CROSS JOIN LATERAL (
       SELECT coalesce(jsonb_object_agg(f, o.{target} -> f) FILTER (WHERE f NOT LIKE 'attributes.%%'), '{{}}')
              || jsonb_build_object('attributes',
                   (c.attributes - coalesce(array_agg(substr(f, 12)) FILTER (WHERE f LIKE 'attributes.%%'), '{{}}'))
                   || coalesce(jsonb_object_agg(substr(f, 12), o.{target} -> f)
                               FILTER (WHERE f LIKE 'attributes.%%' AND o.{target} ? f), '{{}}')) AS doc
         FROM jsonb_object_keys(o.before || o.after) AS f
        WHERE NOT coalesce(kept.fields -> o.id::text ? f, false)) AS d
     CROSS JOIN LATERAL jsonb_populate_record(c, d.doc) AS n
     WHERE o.id = ANY (%s)) AS x
 WHERE ci.id = x.target_id
