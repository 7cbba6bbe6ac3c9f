-- The application may do its work and nothing else: it owns nothing, writes no history, changes no append-only row.
CREATE OR REPLACE FUNCTION audit.grant_app(app name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE s name; t text;
BEGIN
  REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA audit FROM PUBLIC;
  EXECUTE format('GRANT USAGE ON SCHEMA audit TO %I', app);
  EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA audit TO %I', app);
  -- cmdb holds derived tables that triggers alone write; its migration lets everybody read them.
  FOR s IN SELECT nspname FROM pg_namespace
            WHERE nspname NOT IN ('audit', 'cmdb', 'information_schema') AND nspname !~ '^pg_' LOOP
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', s, app);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO %I', s, app);
    EXECUTE format('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA %I TO %I', s, app);
  END LOOP;
  -- Triggers fire without this right; with it, a session could hang the owner's function on a temporary table
  -- and have it act on forged rows.
  FOR t IN SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
            WHERE (p.prosecdef OR p.prorettype = 'trigger'::regtype) AND p.proowner = current_user::regrole
              AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', t);
  END LOOP;
  -- But for those whose comment says that they are meant for it.
  FOR t IN SELECT p.oid::regprocedure::text FROM pg_proc p
            WHERE p.proowner = current_user::regrole AND obj_description(p.oid, 'pg_proc') = 'for the application' LOOP
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', t, app);
  END LOOP;
  FOR t IN SELECT hist FROM audit.tracked WHERE to_regclass(hist) IS NOT NULL LOOP
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON %s FROM %I', t, app);
  END LOOP;
  FOR t IN SELECT tbl FROM audit.protected WHERE to_regclass(tbl) IS NOT NULL LOOP
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %s FROM %I', t, app);
  END LOOP;
  IF to_regclass('public.django_migrations') IS NOT NULL THEN
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON public.django_migrations FROM %I', app);
  END IF;
END $$;
