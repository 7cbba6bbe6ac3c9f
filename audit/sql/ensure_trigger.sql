-- The trigger exists, calls this function and fires always, under session_replication_role = replica too.
CREATE OR REPLACE FUNCTION audit.ensure_trigger(tbl regclass, trigger_name name, events text, calls text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- No statement, hence no lock, where it stands already.
  IF NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = tbl AND t.tgname = trigger_name
                    AND t.tgfoid = to_regproc(calls)::oid AND t.tgenabled = 'A') THEN
    EXECUTE format('CREATE OR REPLACE TRIGGER %I %s EXECUTE FUNCTION %s()',
                   trigger_name, format(events, tbl), calls);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', tbl, trigger_name);
  END IF;
END $$;
