-- A value as identity compares it: lower case, trimmed; serials and MAC addresses without separators;
-- null for what manufacturers and people write when they know nothing.
CREATE FUNCTION cmdb.identity_part_v1(value text, is_code boolean) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    bare text := regexp_replace(lower(coalesce(value, '')), '[^[:alnum:]]', '', 'g');
BEGIN
    -- One character over and over, without a regular expression: its back reference took most of the time.
    IF bare = '' OR (bare = repeat(left(bare, 1), length(bare)) AND (left(bare, 1) IN ('0', 'x') OR length(bare) > 3))
        OR bare = ANY (ARRAY[
        'tobefilledbyoem', 'na', 'none', 'null', 'nil', 'unknown', 'default', 'defaultstring', 'invalid', 'oem',
        'notspecified', 'notavailable', 'notapplicable', 'notpresent', 'systemserialnumber', 'serialnumber',
        'chassisserialnumber', 'baseboardserialnumber', 'tbd', 'todo', 'test', '123456789', '1234567890',
        '0123456789', '无', '未知', '暂无', '不详', '空', '待定']) THEN
        RETURN NULL;
    END IF;
    RETURN CASE WHEN is_code THEN bare ELSE regexp_replace(lower(trim(value)), '\s+', ' ', 'g') END;
END $$;

-- The parts of a rule's fields, joined; null where one of them says nothing. A loop, because PL/pgSQL keeps its
-- plans: as one SQL statement it cost fifteen times as much per item.
CREATE FUNCTION cmdb.identity_key_v1(fields jsonb, item public.cmdb_configurationitem) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
    field text;
    part text;
    parts text[];
BEGIN
    FOR nr IN 0 .. jsonb_array_length(fields) - 1 LOOP
        field := fields ->> nr;
        part := CASE field
            WHEN 'name' THEN cmdb.identity_part_v1(item.name, false)
            WHEN 'primary_ip' THEN host(item.primary_ip)
            WHEN 'serial' THEN cmdb.identity_part_v1(item.serial, true)
            ELSE cmdb.identity_part_v1(item.attributes ->> field,
                field ~ '(serial|mac|uuid)' OR item.attributes ->> field ~* '^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$')
        END;
        IF part IS NULL THEN
            RETURN NULL;
        END IF;
        parts := parts || part;
    END LOOP;
    RETURN array_to_string(parts, E'\x1f');
END $$;
