-- Rows of this table may be inserted and read, and nothing else, by anybody.
CREATE OR REPLACE FUNCTION audit.guard_rows(tbl regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM audit.ensure_trigger(tbl, 'aa_append_only', 'BEFORE UPDATE OR DELETE ON %s FOR EACH ROW', 'audit.refuse');
  PERFORM audit.ensure_trigger(tbl, 'aa_no_truncate', 'BEFORE TRUNCATE ON %s FOR EACH STATEMENT', 'audit.refuse');
END $$;

-- The same, remembered: the grants made after every migrate leave the application INSERT and SELECT only.
CREATE OR REPLACE FUNCTION audit.protect(tbl regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM audit.guard_rows(tbl);
  INSERT INTO audit.protected (tbl) VALUES (audit.full_name(tbl)) ON CONFLICT DO NOTHING;
END $$;
