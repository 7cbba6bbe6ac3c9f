-- One document per type: its own and inherited attributes, the nearest definition of a key winning.
CREATE FUNCTION cmdb.compiled_schema_v1(of_type bigint, of_parent bigint) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    WITH RECURSIVE line(id, parent_id, distance) AS (
        SELECT of_type, of_parent, 0
        UNION ALL
        SELECT above.id, above.parent_id, line.distance + 1
        FROM line JOIN public.cmdb_citype above ON above.id = line.parent_id
        WHERE line.distance < 50
    ), nearest AS (
        SELECT DISTINCT ON (a.key) a.*, line.distance
        FROM line JOIN public.cmdb_ciattribute a ON a.type_id = line.id
        ORDER BY a.key, line.distance
    ), placed AS (
        SELECT nearest.*, row_number() OVER (ORDER BY distance DESC, position, key) AS place FROM nearest
    )
    SELECT coalesce(jsonb_object_agg(key, jsonb_strip_nulls(jsonb_build_object(
        'kind', kind,
        'label', label,
        'label_zh', nullif(label_zh, ''),
        'required', nullif(required, false),
        'recommended', nullif(recommended, false),
        'pattern', nullif(pattern, ''),
        'minimum', trim_scale(minimum),
        'maximum', trim_scale(maximum),
        'unit', nullif(unit, ''),
        'sensitive', nullif(is_sensitive, false),
        'order', place,
        'choices', (
            SELECT jsonb_agg(
                CASE jsonb_typeof(choice) WHEN 'object' THEN choice
                ELSE jsonb_build_object('value', choice #>> '{}') END ORDER BY nr)
            FROM jsonb_array_elements(choices) WITH ORDINALITY AS listed(choice, nr))
    ))), '{}')
    FROM placed
$$;
