-- One level backwards: what the given items need. Rows as in impact_dependents.sql.
SELECT DISTINCT ON (edge.dependent, edge.provider, grp.id)
       edge.dependent, edge.provider, grp.id, grp.min_up, edge.confirmed_at
  FROM (SELECT r.source_id AS dependent, r.target_id AS provider, r.group_id, r.last_confirmed_at AS confirmed_at
          FROM cmdb_relation r
          JOIN cmdb_relationtype t ON t.id = r.relation_type_id AND t.impact = 'source_needs_target'
         WHERE r.source_id = ANY (%(ids)s)
        UNION ALL
        SELECT r.target_id, r.source_id, r.group_id, r.last_confirmed_at
          FROM cmdb_relation r
          JOIN cmdb_relationtype t ON t.id = r.relation_type_id AND t.impact = 'target_needs_source'
         WHERE r.target_id = ANY (%(ids)s)
        UNION ALL
        SELECT i.id, i.location_id, NULL, i.last_verified_at
          FROM cmdb_configurationitem i
         WHERE i.id = ANY (%(ids)s) AND i.location_id IS NOT NULL) edge
  JOIN cmdb_configurationitem provider
    ON provider.id = edge.provider AND provider.lifecycle_stage <> ALL (%(ended)s)
  LEFT JOIN cmdb_dependencygroup grp ON grp.id = edge.group_id AND grp.item_id = edge.dependent
 WHERE grp.id IS NULL OR provider.lifecycle_stage <> ALL (%(not_up)s)
 ORDER BY edge.dependent, edge.provider, grp.id, edge.confirmed_at DESC NULLS LAST
