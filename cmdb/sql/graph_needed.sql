-- The given items and everything that they depend on, directly or not: identifiers alone in the UNION key.
WITH RECURSIVE needed (id) AS (
  SELECT unnest(%(ids)s::bigint[])
  UNION
  SELECT edge.provider
    FROM needed
   CROSS JOIN LATERAL (
         SELECT r.target_id AS provider
           FROM cmdb_relation r
           JOIN cmdb_relationtype t ON t.id = r.relation_type_id AND t.impact = 'source_needs_target'
          WHERE r.source_id = needed.id
         UNION ALL
         SELECT r.source_id
           FROM cmdb_relation r
           JOIN cmdb_relationtype t ON t.id = r.relation_type_id AND t.impact = 'target_needs_source'
          WHERE r.target_id = needed.id
         UNION ALL
         SELECT i.location_id FROM cmdb_configurationitem i
          WHERE i.id = needed.id AND i.location_id IS NOT NULL) edge
    JOIN cmdb_configurationitem provider
      ON provider.id = edge.provider AND provider.lifecycle_stage <> ALL (%(ended)s))
SELECT id FROM needed
