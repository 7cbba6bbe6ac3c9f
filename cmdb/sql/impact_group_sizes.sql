-- How many members of each group work before anything fails.
SELECT grp.id, count(DISTINCT member.id)
  FROM cmdb_dependencygroup grp
  JOIN cmdb_relation r ON r.group_id = grp.id
  JOIN cmdb_relationtype t ON t.id = r.relation_type_id
  JOIN cmdb_configurationitem member
    ON member.id = CASE WHEN r.source_id = grp.item_id THEN r.target_id ELSE r.source_id END
 WHERE grp.id = ANY (%(ids)s)
   AND t.impact = CASE WHEN r.source_id = grp.item_id THEN 'source_needs_target' ELSE 'target_needs_source' END
   AND member.lifecycle_stage <> ALL (%(not_up)s)
 GROUP BY grp.id
