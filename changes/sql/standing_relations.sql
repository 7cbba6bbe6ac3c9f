-- Of [operation, type, source, target]: the operations whose relation is there.
SELECT (ends ->> 0)::bigint FROM jsonb_array_elements(%s::jsonb) AS ends
  JOIN cmdb_relation r ON r.relation_type_id = (ends ->> 1)::bigint AND r.source_id = (ends ->> 2)::bigint
   AND r.target_id = (ends ->> 3)::bigint
