-- Notes the live values of the fields that operations touch, as `{column}`; an absent attribute has no key.
UPDATE changes_plannedoperation o
   SET {column} = coalesce((
         SELECT jsonb_object_agg(v.f, v.value)
           FROM (SELECT f, CASE WHEN f LIKE 'attributes.%%' THEN ci.attributes -> substr(f, 12)
                                ELSE to_jsonb(ci) -> f END AS value
                   FROM jsonb_object_keys(o.before || o.after) AS f) AS v
          WHERE v.value IS NOT NULL), '{{}}')
  FROM cmdb_configurationitem ci WHERE ci.id = o.item_id AND o.id = ANY (%s)
