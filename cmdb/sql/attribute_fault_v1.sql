-- The name of the rule that a value breaks (kind, choice, pattern, minimum, maximum), or null: the same
-- rules under the same names as cmdb/attributes.py.
CREATE FUNCTION cmdb.attribute_fault_v1(spec jsonb, value jsonb) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
    shape text := jsonb_typeof(value);
    said text := value #>> '{}';
BEGIN
    IF NOT (CASE spec ->> 'kind'
        WHEN 'integer' THEN shape = 'number' AND said !~ '[.eE]'
        WHEN 'number' THEN shape = 'number'
        WHEN 'boolean' THEN shape = 'boolean'
        WHEN 'list' THEN shape = 'array'
            AND NOT jsonb_path_exists(value, 'strict $[*] ? (@.type() != "string")')
        WHEN 'date' THEN shape = 'string' AND said ~ '^\d{4}-\d\d-\d\d$' AND pg_input_is_valid(said, 'date')
        WHEN 'datetime' THEN shape = 'string' AND said ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d'
            AND pg_input_is_valid(said, 'timestamptz')
        WHEN 'ip' THEN shape = 'string' AND said !~ '/' AND pg_input_is_valid(said, 'inet')
        WHEN 'mac' THEN shape = 'string' AND said ~* '^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$'
        WHEN 'url' THEN shape = 'string' AND said ~* '^[a-z][a-z0-9+.-]*://\S+$'
        ELSE shape = 'string'
    END) THEN
        RETURN 'kind';
    END IF;
    IF spec ->> 'kind' = 'choice' AND NOT coalesce(spec -> 'choices', '[]')
        @> jsonb_build_array(jsonb_build_object('value', said)) THEN
        RETURN 'choice';
    END IF;
    IF spec ? 'pattern' AND shape = 'string' AND said !~ ('^(?:' || (spec ->> 'pattern') || ')$') THEN
        RETURN 'pattern';
    END IF;
    IF shape = 'number' AND said::numeric < (spec ->> 'minimum')::numeric THEN
        RETURN 'minimum';
    END IF;
    IF shape = 'number' AND said::numeric > (spec ->> 'maximum')::numeric THEN
        RETURN 'maximum';
    END IF;
    RETURN NULL;
END $$;
