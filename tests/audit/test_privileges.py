"""What the application's database role cannot do, whatever SQL it sends; and what no trigger lends it."""

import psycopg
import pytest

OWN_SCHEMAS = "('pg_catalog', 'information_schema')"


def test_no_trigger_function_can_be_hung_on_a_table_of_ones_own(app_sql):
    """A trigger function runs as the owner: on a temporary table it would do so with forged rows.

    One function is lent on purpose: cmdb.analyse_v1 takes nothing and only has two tables analysed.
    """
    names = app_sql.execute(
        f"""SELECT p.oid::regproc::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
             WHERE p.prosecdef AND n.nspname NOT IN {OWN_SCHEMAS}
               AND has_function_privilege(p.oid, 'EXECUTE') ORDER BY 1"""
    ).fetchall()
    assert names == [("cmdb.analyse_v1",)]


def test_the_gate_cannot_be_moved_to_another_table(app_sql):
    app_sql.execute("CREATE TEMP TABLE bait (LIKE changes_changeevent)")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app_sql.execute(
            "CREATE TRIGGER bait BEFORE INSERT ON bait FOR EACH ROW EXECUTE FUNCTION changes_event_gate_v1()"
        )


def test_the_application_owns_nothing_and_may_make_nothing(app_sql):
    owned = app_sql.execute(
        "SELECT relname FROM pg_class WHERE relowner = current_user::regrole AND relpersistence <> 't'"
    ).fetchall()
    assert owned == []
    may = app_sql.execute(
        """SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls,
                  has_database_privilege(current_database(), 'CREATE'),
                  has_schema_privilege('public', 'CREATE'),
                  has_schema_privilege('audit', 'CREATE'), has_schema_privilege('cmdb', 'CREATE'),
                  (SELECT count(*) FROM pg_auth_members WHERE member = r.oid)
             FROM pg_roles r WHERE rolname = current_user"""
    ).fetchone()
    assert not any(may)


@pytest.mark.parametrize(
    "statement",
    [
        "SET session_replication_role = replica",
        "COPY (SELECT 1) TO PROGRAM 'cat'",
        "COPY (SELECT 1) TO '/tmp/opsledger-attack'",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT lo_import('/etc/passwd')",
        "CREATE SCHEMA mine",
        "CREATE TABLE public.mine (x int)",
        "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE changes_vote DISABLE TRIGGER ALL",
        "DROP TRIGGER vote_gate ON changes_vote",
        "ALTER TABLE changes_changerequest OWNER TO CURRENT_USER",
        "CREATE TRIGGER mine BEFORE INSERT ON changes_vote FOR EACH ROW EXECUTE FUNCTION audit.refuse()",
        "CREATE RULE mine AS ON INSERT TO changes_vote DO INSTEAD NOTHING",
        "CREATE POLICY mine ON changes_vote USING (true)",
        "SELECT setval('audit.history_id_seq', 1)",
        "SELECT nextval('audit.history_id_seq')",
        "SELECT setval('changes_vote_id_seq', 1)",
        "SELECT setval('changes_changeevent_id_seq', 1)",
        "TRUNCATE changes_changerequest CASCADE",
        "TRUNCATE audit.txn",
        "INSERT INTO audit.txn (txid, started_at, db_user, backend_pid) VALUES (1, now(), 'x', 1)",
        "UPDATE audit.epoch SET base = 1000",
        "DELETE FROM audit.tracked",
        "DELETE FROM audit.protected",
        "SELECT audit.begin_txn()",
        "SELECT audit.grant_app('postgres')",
        "SELECT audit.forget('public.changes_vote')",
        "INSERT INTO changes_historicalvote (history_id) VALUES (1)",
        "UPDATE accounts_historicaluser SET username = 'x'",
        "DELETE FROM cmdb_historicalconfigurationitem",
        "DELETE FROM cmdb.identity",
        "INSERT INTO cmdb.identity VALUES (1, 1, 'x', false)",
        "UPDATE django_migrations SET name = 'x'",
        "DELETE FROM audit_securityevent",
        "UPDATE audit_securityevent SET target = 'x'",
    ],
)
def test_the_application_role_cannot(app_sql, statement):
    with pytest.raises(psycopg.Error) as error:
        app_sql.execute(statement)
    assert error.value.sqlstate in {"42501", "23001"}, error.value


def test_no_role_can_be_taken_on(app_sql):
    for (name,) in app_sql.execute("SELECT rolname FROM pg_roles WHERE rolname <> current_user").fetchall():
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app_sql.execute(psycopg.sql.SQL("SET ROLE {}").format(psycopg.sql.Identifier(name)))


def test_every_recorded_table_is_read_only_in_its_history(app_sql):
    open_doors = app_sql.execute(
        """SELECT t.hist, p.priv FROM audit.tracked t,
             unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER', 'REFERENCES']) AS p (priv)
            WHERE has_table_privilege(t.hist, p.priv)
           UNION ALL
           SELECT c.oid::regclass::text, p.priv FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,
             unnest(ARRAY['TRUNCATE', 'TRIGGER']) AS p (priv)
            WHERE c.relkind = 'r' AND n.nspname IN ('public', 'audit', 'cmdb')
              AND has_table_privilege(c.oid, p.priv)"""
    ).fetchall()
    assert open_doors == []
