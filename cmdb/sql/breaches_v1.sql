-- Which attributes of an item, as they stand, break its type's compiled schema, and by which rule.
CREATE FUNCTION cmdb.breaches_v1(of_type bigint, attributes jsonb) RETURNS TABLE (key text, rule text)
LANGUAGE sql STABLE AS $$
    SELECT held.key, CASE WHEN kind.compiled_schema ? held.key
        THEN cmdb.attribute_fault_v1(kind.compiled_schema -> held.key, held.value) ELSE 'unknown' END
    FROM public.cmdb_citype kind, jsonb_each(attributes) AS held
    WHERE kind.id = of_type AND (NOT kind.compiled_schema ? held.key
        OR cmdb.attribute_fault_v1(kind.compiled_schema -> held.key, held.value) IS NOT NULL)
    UNION ALL
    SELECT spec.key, 'required'
    FROM public.cmdb_citype kind, jsonb_each(kind.compiled_schema) AS spec
    WHERE kind.id = of_type AND (spec.value -> 'required')::boolean AND NOT attributes ? spec.key
$$;
