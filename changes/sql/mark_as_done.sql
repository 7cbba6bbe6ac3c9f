-- Operations whose item or relation came or went already, as planned, count as applied. Parameter: their ids.
UPDATE changes_plannedoperation o
   SET applied_at = clock_timestamp(), item_id = CASE WHEN o.kind = 'create' THEN ci.id ELSE o.item_id END
  FROM changes_plannedoperation p
  LEFT JOIN cmdb_configurationitem ci ON p.kind = 'create' AND ci.type_id = (p.after ->> 'type_id')::bigint
        AND ci.name = p.after ->> 'name'
  LEFT JOIN cmdb_relation r ON p.kind IN ('relate', 'unrelate')
        AND r.relation_type_id = ((p.before || p.after) ->> 'relation_type_id')::bigint
        AND r.source_id = ((p.before || p.after) ->> 'source_id')::bigint
        AND r.target_id = ((p.before || p.after) ->> 'target_id')::bigint
 WHERE o.id = p.id AND p.id = ANY (%s)
   AND CASE p.kind WHEN 'create' THEN ci.id IS NOT NULL WHEN 'relate' THEN r.id IS NOT NULL
                   WHEN 'unrelate' THEN r.id IS NULL ELSE false END
