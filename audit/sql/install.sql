-- History of `tbl` is written into `hist` from now on; run again after every change of either table's columns.
-- Columns are taken from the catalogue: what both tables have is recorded, and only its change counts.
CREATE OR REPLACE FUNCTION audit.install(tbl regclass, hist regclass, pk name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  base text := audit.full_name(tbl);
  target text := audit.full_name(hist);
  fn text;      -- audit.h_<table>_<hash>, to which _i, _u, _d and _v are added
  cols text;    -- a, b, c
  new_cols text; old_cols text;    -- n.a, n.b; o.a, o.b
  new_row text; old_row text;      -- the same for the row trigger, without version and generated columns
  insert_into text;
  meta text := 'nextval(''audit.history_id_seq''), t.ts, %L, t.usr, t.username, t.reason, t.cr, t.txid';
  head text := 'LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp ';
BEGIN
  SELECT 'audit.' || quote_ident('h_' || left(c.relname, 44) || '_' || left(md5(base), 6)) INTO fn
    FROM pg_class c WHERE c.oid = tbl;
  SELECT string_agg(format('%I', b.attname), ', ' ORDER BY b.attnum),
         string_agg(format('n.%I', b.attname), ', ' ORDER BY b.attnum),
         string_agg(format('o.%I', b.attname), ', ' ORDER BY b.attnum),
         string_agg(format('NEW.%I', b.attname), ', ' ORDER BY b.attnum)
           FILTER (WHERE b.attname <> 'row_version' AND b.attgenerated = ''),
         string_agg(format('OLD.%I', b.attname), ', ' ORDER BY b.attnum)
           FILTER (WHERE b.attname <> 'row_version' AND b.attgenerated = '')
    INTO cols, new_cols, old_cols, new_row, old_row
    FROM pg_attribute b JOIN pg_attribute h ON h.attrelid = hist AND h.attname = b.attname
   WHERE b.attrelid = tbl AND b.attnum > 0 AND NOT b.attisdropped AND NOT h.attisdropped AND h.attgenerated = '';
  IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = tbl AND attname = 'row_version' AND NOT attisdropped) THEN
    RAISE EXCEPTION 'audit: % has no row_version', base;
  END IF;
  insert_into := format('INSERT INTO %s (%s, history_id, history_date, history_type, history_user_id, '
    'history_username, history_change_reason, history_change_ref, history_txid) SELECT ', target, cols);

  EXECUTE format('CREATE OR REPLACE FUNCTION %s() RETURNS trigger %s AS %L', fn || '_v', head, format(
    'BEGIN IF TG_OP = ''INSERT'' THEN NEW.row_version := 1; '
    'ELSIF ROW(%s)::record *<> ROW(%s)::record THEN NEW.row_version := OLD.row_version + 1; '
    'ELSE NEW.row_version := OLD.row_version; END IF; RETURN NEW; END', old_row, new_row));
  EXECUTE format('CREATE OR REPLACE FUNCTION %s() RETURNS trigger %s AS %L', fn || '_i', head,
    'DECLARE t record; BEGIN IF NOT EXISTS (SELECT FROM new_rows) THEN RETURN NULL; END IF; t := audit.begin_txn(); '
    || insert_into || new_cols || ', ' || format(meta, '+') || ' FROM new_rows n; RETURN NULL; END');
  -- enable_nestloop = off: the plan is made once per session, from the first statement's few rows; a nested loop
  -- over the two transition tables would then take 180 times as long for a statement of many rows.
  EXECUTE format('CREATE OR REPLACE FUNCTION %s() RETURNS trigger %s SET enable_nestloop = off AS %L', fn || '_u', head,
    'DECLARE t record; BEGIN IF NOT EXISTS (SELECT FROM new_rows) THEN RETURN NULL; END IF; t := audit.begin_txn(); '
    || insert_into || new_cols || ', ' || format(meta, '~')
    || format(' FROM new_rows n JOIN old_rows o ON o.%1$I = n.%1$I WHERE ROW(%2$s)::record *<> ROW(%3$s)::record; ',
              pk, old_cols, new_cols) || 'RETURN NULL; END');
  EXECUTE format('CREATE OR REPLACE FUNCTION %s() RETURNS trigger %s AS %L', fn || '_d', head,
    'DECLARE t record; BEGIN IF NOT EXISTS (SELECT FROM old_rows) THEN RETURN NULL; END IF; t := audit.begin_txn(); '
    || insert_into || old_cols || ', ' || format(meta, '-') || ' FROM old_rows o; RETURN NULL; END');

  PERFORM audit.ensure_trigger(tbl, 'zz_audit_version', 'BEFORE INSERT OR UPDATE ON %s FOR EACH ROW', fn || '_v');
  PERFORM audit.ensure_trigger(tbl, 'zz_audit_i',
    'AFTER INSERT ON %s REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT', fn || '_i');
  PERFORM audit.ensure_trigger(tbl, 'zz_audit_u',
    'AFTER UPDATE ON %s REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT', fn || '_u');
  PERFORM audit.ensure_trigger(tbl, 'zz_audit_d',
    'AFTER DELETE ON %s REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT', fn || '_d');
  PERFORM audit.ensure_trigger(tbl, 'zz_audit_pk', format(
    'BEFORE UPDATE OF %1$I ON %%s FOR EACH ROW WHEN (OLD.%1$I IS DISTINCT FROM NEW.%1$I)', pk), 'audit.refuse');
  PERFORM audit.ensure_trigger(tbl, 'zz_audit_t', 'BEFORE TRUNCATE ON %s FOR EACH STATEMENT', 'audit.refuse');
  PERFORM audit.guard_rows(hist);
  EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON %s (%I, history_id)',
                 'by_row_' || left(md5(target), 16), target, pk);
  EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON %s USING brin (history_date) WITH (autosummarize = on)',
                 'brin_' || left(md5(target), 16), target);
  INSERT INTO audit.tracked (tbl, hist, pk) VALUES (base, target, pk)
    ON CONFLICT ON CONSTRAINT tracked_pkey DO UPDATE SET hist = excluded.hist, pk = excluded.pk;
END $$;

-- The table is about to go: its functions and its entry go too, its history stays.
CREATE OR REPLACE FUNCTION audit.forget(full_name text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE f regprocedure;
BEGIN
  FOR f IN SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = 'audit' AND p.proname ~ ('^h_.*_' || left(md5(full_name), 6) || '_[iudv]$') LOOP
    EXECUTE format('DROP FUNCTION %s', f);
  END LOOP;
  DELETE FROM audit.tracked t WHERE t.tbl = full_name;
END $$;
