-- One level forwards: who depends on the given items, through which of them.
-- Rows: dependent, provider, group (NULL: required), min_up, last confirmation of the relation.
-- Of several required relations of one dependent only the most recently confirmed is returned.
-- Ended items depend on nothing any more; a group's member that is not working cannot be lost.
SELECT DISTINCT ON (edge.dependent, grp.id, CASE WHEN grp.id IS NOT NULL THEN edge.provider END)
       edge.dependent, edge.provider, grp.id, grp.min_up, edge.confirmed_at
  FROM (SELECT r.source_id AS dependent, r.target_id AS provider, r.group_id, r.last_confirmed_at AS confirmed_at
          FROM cmdb_relation r
          JOIN cmdb_relationtype t ON t.id = r.relation_type_id AND t.impact = 'source_needs_target'
         WHERE r.target_id = ANY (%(ids)s)
        UNION ALL
        SELECT r.target_id, r.source_id, r.group_id, r.last_confirmed_at
          FROM cmdb_relation r
          JOIN cmdb_relationtype t ON t.id = r.relation_type_id AND t.impact = 'target_needs_source'
         WHERE r.source_id = ANY (%(ids)s)
        UNION ALL
        SELECT i.id, i.location_id, NULL, i.last_verified_at
          FROM cmdb_configurationitem i
         WHERE i.location_id = ANY (%(ids)s)) edge
  JOIN cmdb_configurationitem dependent
    ON dependent.id = edge.dependent AND dependent.lifecycle_stage <> ALL (%(ended)s)
  LEFT JOIN cmdb_dependencygroup grp ON grp.id = edge.group_id AND grp.item_id = edge.dependent
  LEFT JOIN cmdb_configurationitem member ON member.id = edge.provider AND grp.id IS NOT NULL
 WHERE grp.id IS NULL OR member.lifecycle_stage <> ALL (%(not_up)s)
 ORDER BY edge.dependent, grp.id, CASE WHEN grp.id IS NOT NULL THEN edge.provider END,
          edge.confirmed_at DESC NULLS LAST, edge.provider
