-- After a large import the planner knows the tables again. ANALYZE takes their owner, which the application
-- is not; it may stand in a transaction, reads a sample, and blocks nobody but another ANALYZE.
CREATE OR REPLACE FUNCTION cmdb.analyse_v1() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    ANALYZE public.cmdb_configurationitem, public.cmdb_relation, public.cmdb_dependencygroup,
        public.cmdb_historicalconfigurationitem, public.cmdb_historicalrelation, cmdb.identity;
END $$;
-- Read by audit.grant_app.
COMMENT ON FUNCTION cmdb.analyse_v1() IS 'for the application';
