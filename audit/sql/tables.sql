-- The record's own schema: one order for all history, one row per writing transaction, and what is guarded.
CREATE SCHEMA audit;

-- CACHE above 1 would hand out numbers out of order: the order is taken under the row's lock.
CREATE SEQUENCE audit.history_id_seq AS bigint CACHE 1;

-- Transaction ids restart in a restored cluster; stored ids are base + xid of the current epoch.
CREATE TABLE audit.epoch (
  epoch int PRIMARY KEY,
  base bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
INSERT INTO audit.epoch (epoch, base) VALUES (1, 0);

CREATE TABLE audit.txn (
  txid bigint PRIMARY KEY,
  history_id bigint NOT NULL DEFAULT nextval('audit.history_id_seq'),
  started_at timestamptz NOT NULL,
  ctx jsonb NOT NULL DEFAULT '{}',
  db_user name NOT NULL,
  client_addr inet,
  app_name text,
  backend_pid int NOT NULL
);

CREATE TABLE audit.tracked (
  tbl text PRIMARY KEY,
  hist text NOT NULL UNIQUE,
  pk name NOT NULL,
  since timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE audit.tracked IS 'Recorded tables and where their history stands';

CREATE TABLE audit.protected (tbl text PRIMARY KEY, since timestamptz NOT NULL DEFAULT clock_timestamp());
COMMENT ON TABLE audit.protected IS 'Append-only tables: inserted into, never changed';
