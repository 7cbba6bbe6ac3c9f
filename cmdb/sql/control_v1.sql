-- How strictly items of a type are controlled: its own word, else that of the nearest type above it, else open.
CREATE OR REPLACE FUNCTION cmdb.control_of_types_v1() RETURNS TABLE (type_id bigint, mode text)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    WITH RECURSIVE line(id, mode) AS (
        SELECT t.id, coalesce(nullif(t.control, ''), 'open')::text FROM cmdb_citype t WHERE t.parent_id IS NULL
        UNION ALL
        SELECT t.id, coalesce(nullif(t.control, ''), line.mode)::text
        FROM cmdb_citype t JOIN line ON line.id = t.parent_id
    )
    SELECT id, mode FROM line;
$$;

-- {type id: mode} of the types that are not open; NULL where every type is, which is found without the tree.
CREATE OR REPLACE FUNCTION cmdb.guarded_types_v1() RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM cmdb_citype WHERE control IN ('recorded', 'controlled')) THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT jsonb_object_agg(type_id, mode) FROM cmdb.control_of_types_v1() WHERE mode <> 'open');
END $$;
