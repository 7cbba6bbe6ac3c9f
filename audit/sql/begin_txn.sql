-- Notes the running transaction once and hands every history trigger its number, time, person and reason.
CREATE OR REPLACE FUNCTION audit.begin_txn(
  OUT txid bigint, OUT ts timestamptz, OUT usr bigint, OUT username text, OUT reason text, OUT cr bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  c jsonb := coalesce(nullif(current_setting('audit.ctx', true), '')::jsonb, '{}');
  started timestamptz;
BEGIN
  SELECT e.base + pg_current_xact_id()::text::bigint INTO txid FROM audit.epoch e ORDER BY e.epoch DESC LIMIT 1;
  -- Statement time: now() is the transaction's start and would order rows wrongly.
  ts := clock_timestamp();
  usr := (c->>'user')::bigint;  username := c->>'username';  reason := c->>'reason';  cr := (c->>'cr')::bigint;
  -- A look-up by primary key, not a session flag: a flag could be forged.
  SELECT t.started_at INTO started FROM audit.txn t WHERE t.txid = begin_txn.txid;
  IF NOT FOUND THEN
    INSERT INTO audit.txn (txid, started_at, ctx, db_user, client_addr, app_name, backend_pid)
    VALUES (txid, transaction_timestamp(), c - ARRAY['reason', 'cr'], session_user, inet_client_addr(),
            current_setting('application_name', true), pg_backend_pid());
  ELSIF started <> transaction_timestamp() THEN
    RAISE EXCEPTION 'audit: transaction id % was used before (a restored dump?)', txid;
  END IF;
END $$;
