-- Every refusal of the gate: SQLSTATE restrict_violation, the code of the rule in HINT.
CREATE OR REPLACE FUNCTION changes_refuse_v1(code text, message text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = 'changes: ' || message, HINT = code;
END $$;

-- True while the owner's own trigger functions (SECURITY DEFINER) are writing; a session cannot pretend it:
-- the depth alone could be had with a trigger on a temporary table, the owner's name could not.
CREATE OR REPLACE FUNCTION changes_in_gate_v1(relation regclass) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT pg_trigger_depth() >= 2
     AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = relation);
$$;

-- For tables that only the gate writes.
CREATE OR REPLACE FUNCTION changes_only_by_gate_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT changes_in_gate_v1(TG_RELID) THEN
    PERFORM changes_refuse_v1('only_by_gate', TG_TABLE_NAME || ' is written by PostgreSQL alone');
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

-- For tables that only migrations write.
CREATE OR REPLACE FUNCTION changes_only_by_owner_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF current_user <> (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
    PERFORM changes_refuse_v1('only_by_migration', TG_TABLE_NAME || ' is written by migrations alone');
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

-- For tables whose rows are never edited or removed, by nobody.
CREATE OR REPLACE FUNCTION changes_append_only_v1() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM changes_refuse_v1('append_only', TG_TABLE_NAME || ' is append-only');
  RETURN NULL;
END $$;
