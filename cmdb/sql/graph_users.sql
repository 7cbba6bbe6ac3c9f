-- One level forwards: who depends on the given items.
-- Rows: dependent, provider, group (NULL: required), min_up, whether losing the provider counts.
-- Ended items depend on nothing any more; a group's member that does not work cannot be lost.
SELECT DISTINCT edge.dependent, edge.provider, grp.id, grp.min_up,
       grp.id IS NULL OR member.lifecycle_stage <> ALL (%(not_up)s)
  FROM (SELECT r.source_id AS dependent, r.target_id AS provider, r.group_id
          FROM cmdb_relation r
          JOIN cmdb_relationtype t ON t.id = r.relation_type_id AND t.impact = 'source_needs_target'
         WHERE r.target_id = ANY (%(ids)s)
        UNION ALL
        SELECT r.target_id, r.source_id, r.group_id
          FROM cmdb_relation r
          JOIN cmdb_relationtype t ON t.id = r.relation_type_id AND t.impact = 'target_needs_source'
         WHERE r.source_id = ANY (%(ids)s)
        UNION ALL
        SELECT i.id, i.location_id, NULL FROM cmdb_configurationitem i
         WHERE i.location_id = ANY (%(ids)s)) edge
  JOIN cmdb_configurationitem dependent
    ON dependent.id = edge.dependent AND dependent.lifecycle_stage <> ALL (%(ended)s)
  LEFT JOIN cmdb_dependencygroup grp ON grp.id = edge.group_id AND grp.item_id = edge.dependent
  LEFT JOIN cmdb_configurationitem member ON member.id = edge.provider AND grp.id IS NOT NULL
 ORDER BY 1, 2, 3
