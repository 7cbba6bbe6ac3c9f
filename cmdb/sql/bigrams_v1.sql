-- Every pair of neighbouring characters of a text: the search index that knows Chinese and needs no extension.
CREATE FUNCTION cmdb.bigrams_v1(value text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT substr(value, at, 2)), '{}')
    FROM generate_series(1, length(value) - 1) AS at
    WHERE substr(value, at, 2) !~ '\s'
$$;

CREATE INDEX cmdb_item_by_bigram ON public.cmdb_configurationitem USING gin (cmdb.bigrams_v1(search_text));
