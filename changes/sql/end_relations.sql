-- Relations named by [type, source, target] are gone.
DELETE FROM cmdb_relation r USING jsonb_array_elements(%s::jsonb) AS ends
 WHERE r.relation_type_id = (ends ->> 0)::bigint AND r.source_id = (ends ->> 1)::bigint
   AND r.target_id = (ends ->> 2)::bigint
