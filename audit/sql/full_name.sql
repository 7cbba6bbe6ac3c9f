-- schema.table, whatever the search path: regclass::text alone depends on it.
CREATE OR REPLACE FUNCTION audit.full_name(tbl regclass) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.oid = tbl
$$;
