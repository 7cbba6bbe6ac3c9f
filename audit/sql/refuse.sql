-- The trigger behind every "never": append-only rows, TRUNCATE, a changed primary key.
CREATE OR REPLACE FUNCTION audit.refuse() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_NAME = 'zz_audit_pk' THEN
    RAISE EXCEPTION 'audit: the primary key of %.% never changes', TG_TABLE_SCHEMA, TG_TABLE_NAME
      USING ERRCODE = 'restrict_violation';
  END IF;
  RAISE EXCEPTION 'audit: % on %.% is refused: its rows are kept for ever', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END $$;
