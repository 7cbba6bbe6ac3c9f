"""Every way to write a row leaves history, and none can be switched off by the application."""

import threading

import psycopg
import pytest
from django.db import connection, transaction

from accounts.models import RoleGrant, Team, TeamMember, User
from audit.actions import record_event
from audit.context import because
from tests.factories import make_member, make_team, make_user

pytestmark = pytest.mark.django_db


def kinds(row):
    return "".join(reversed(row.history.values_list("history_type", flat=True)))


def versions(row):
    return list(row.history.order_by("history_id").values_list("history_type", "label", "row_version"))


def run(statement, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def test_a_save_an_update_and_a_deletion_are_recorded():
    team = make_team(label="A")
    team.label = "B"
    team.save()
    Team.objects.filter(pk=team.pk).update(label="C")
    kept = Team(pk=team.pk)
    team.delete()
    assert versions(kept) == [("+", "A", 1), ("~", "B", 2), ("~", "C", 3), ("-", "C", 3)]


def test_bulk_writes_are_recorded_row_by_row():
    teams = Team.objects.bulk_create(Team(key=f"bulk-{n}", label="A") for n in range(3))
    for team in teams:
        team.label = "B"
    Team.objects.bulk_update(teams, ["label"])
    Team.objects.filter(key__startswith="bulk-").delete()
    assert [kinds(team) for team in teams] == ["+~-"] * 3


def test_an_upsert_records_what_it_became():
    team = make_team(label="A")
    Team.objects.bulk_create(
        [Team(key=team.key, label="B"), Team(key="upsert-new", label="N")],
        update_conflicts=True, unique_fields=["key"], update_fields=["label"],
    )  # fmt: skip
    assert versions(team) == [("+", "A", 1), ("~", "B", 2)]
    assert versions(Team.objects.get(key="upsert-new")) == [("+", "N", 1)]


def test_a_cascade_is_recorded():
    member = make_member()
    kept = TeamMember(pk=member.pk)
    member.team.delete()
    assert kinds(kept) == "+-"


def test_a_deletion_stays_one_statement_per_table(django_assert_num_queries):
    make_team(key="fast-a"), make_team(key="fast-b")
    with django_assert_num_queries(1):
        RoleGrant.objects.filter(role="nobody").delete()


def test_raw_sql_merge_and_writable_cte_are_recorded():
    team = make_team(key="raw", label="A")
    run("UPDATE accounts_team SET label = 'B' WHERE key = 'raw'")
    run(
        "MERGE INTO accounts_team t USING (VALUES ('raw', 'C'), ('merged', 'M')) AS v(key, label)"
        " ON t.key = v.key"
        " WHEN MATCHED THEN UPDATE SET label = v.label"
        " WHEN NOT MATCHED THEN INSERT (key, label, label_zh, email) VALUES (v.key, v.label, '', '')"
    )
    run(
        "WITH moved AS (UPDATE accounts_team SET label = 'D' WHERE key = 'raw' RETURNING id)"
        " SELECT * FROM moved"
    )
    assert versions(team) == [("+", "A", 1), ("~", "B", 2), ("~", "C", 3), ("~", "D", 4)]
    assert versions(Team.objects.get(key="merged")) == [("+", "M", 1)]


def test_copy_is_recorded_with_its_reason():
    columns = "COPY accounts_team (key, label, label_zh, email) FROM STDIN"
    with because("loaded"), connection.cursor() as cursor, cursor.copy(columns) as copy:
        copy.write_row(("copied", "A", "", ""))
    row = Team.objects.get(key="copied").history.get()
    assert (row.history_type, row.history_change_reason) == ("+", "loaded")


def test_a_write_that_changes_nothing_leaves_no_version():
    team = make_team(label="A")
    team.save()
    Team.objects.filter(pk=team.pk).update(label="A")
    assert versions(team) == [("+", "A", 1)]


def test_columns_left_out_of_history_make_no_version():
    user = make_user()
    user.set_password("another")
    user.save()
    assert kinds(user) == "+"
    assert not hasattr(user.history.first(), "password")


def test_the_version_cannot_be_forged():
    team = make_team(row_version=40, label="A")
    Team.objects.filter(pk=team.pk).update(row_version=99)
    Team.objects.filter(pk=team.pk).update(row_version=99, label="B")
    assert versions(team) == [("+", "A", 1), ("~", "B", 2)]


def test_times_are_the_statements_not_the_transactions():
    team = make_team()
    Team.objects.filter(pk=team.pk).update(label="B")
    new, old = team.history.all()
    assert new.history_txid == old.history_txid
    assert new.history_date > old.history_date > new.history_txn.started_at


def test_a_small_update_does_not_spoil_the_plan_of_a_large_one():
    """Without enable_nestloop = off: 206 ms and then 37,140 ms for the same 10,000 rows."""
    run(
        "INSERT INTO accounts_team (key, label, label_zh, email)"
        " SELECT 'plan-' || n, 'A', '', '' FROM generate_series(1, 10000) n"
    )
    Team.objects.filter(key="plan-1").update(label="B")
    run("SET LOCAL statement_timeout = '15s'")
    assert Team.objects.filter(key__startswith="plan-").update(label="C") == 10000
    with connection.cursor() as cursor:
        cursor.execute("SELECT proname FROM pg_proc"
                       " WHERE pronamespace = 'audit'::regnamespace AND proname ~ '^h_.*_u$'"
                       " AND NOT 'enable_nestloop=off' = ANY (proconfig)")  # fmt: skip
        assert cursor.fetchall() == []


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        (
            "INSERT INTO accounts_historicalteam SELECT * FROM accounts_historicalteam",
            "privilege",
        ),
        ("UPDATE accounts_historicalteam SET label = 'forged'", "privilege"),
        ("DELETE FROM accounts_historicalteam", "privilege"),
        ("TRUNCATE accounts_historicalteam", "privilege"),
        ("TRUNCATE accounts_team CASCADE", "privilege"),
        ("UPDATE audit.txn SET ctx = '{}'", "privilege"),
        ("INSERT INTO audit.epoch (epoch, base) VALUES (2, 0)", "privilege"),
        ("UPDATE audit_securityevent SET actor = ''", "privilege"),
        ("DELETE FROM audit_securityevent", "privilege"),
        ("ALTER TABLE accounts_team DISABLE TRIGGER zz_audit_u", "privilege"),
        ("DROP TRIGGER zz_audit_u ON accounts_team", "privilege"),
        ("SET session_replication_role = replica", "privilege"),
        ("SELECT audit.begin_txn()", "privilege"),
        ("SELECT audit.install('accounts_team', 'accounts_historicalteam', 'id')", "privilege"),
        ("SELECT audit.forget('public.accounts_team')", "privilege"),
        ("CREATE FUNCTION audit.refuse() RETURNS trigger LANGUAGE sql AS ''", "any"),
        ("CREATE TABLE public.mine (id int)", "privilege"),
        ("UPDATE accounts_team SET id = id + 100000", "restrict"),
    ],
)
def test_the_application_role_is_refused(statement, error):
    make_team()
    expected = {"restrict": psycopg.errors.RestrictViolation, "any": psycopg.Error}
    with pytest.raises(Exception) as caught, transaction.atomic():  # noqa: PT011
        run(statement)
    assert isinstance(caught.value.__cause__, expected.get(error, psycopg.errors.InsufficientPrivilege))


def test_a_temporary_table_does_not_divert_the_trigger():
    run("CREATE TEMP TABLE accounts_historicalteam (LIKE public.accounts_historicalteam) ON COMMIT DROP")
    team = make_team()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM public.accounts_historicalteam WHERE id = %s", [team.pk])
        assert cursor.fetchone()[0] == 1


@pytest.mark.django_db(transaction=True)
def test_history_is_refused_to_its_owner_too(owner_sql):
    make_team()
    record_event("export")
    for statement in (
        "UPDATE accounts_historicalteam SET label = 'forged'",
        "DELETE FROM accounts_historicalteam",
        "TRUNCATE accounts_historicalteam",
        "TRUNCATE accounts_team CASCADE",
        "DELETE FROM audit_securityevent",
    ):
        with pytest.raises(psycopg.errors.RestrictViolation):
            owner_sql.execute(statement)


@pytest.mark.django_db(transaction=True)
def test_psql_is_recorded_as_what_it_is(app_sql):
    app_sql.execute("INSERT INTO accounts_team (key, label, label_zh, email) VALUES ('psql', 'A', '', '')")
    row = Team.objects.get(key="psql").history.get()
    assert (row.history_user_id, row.history_username, row.history_txn.ctx) == (None, None, {})
    assert row.history_txn.db_user == app_sql.info.user


@pytest.mark.django_db(transaction=True)
def test_two_writers_leave_no_gap_in_the_versions():
    team = make_team(label="0")

    def write():
        try:
            for _ in range(25):
                Team.objects.filter(pk=team.pk).update(label=f"{threading.get_ident()}-{_}")
        finally:
            connection.close()

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [version for *_, version in versions(team)] == list(range(1, 52))


def test_a_deleted_user_stays_the_author():
    author, team = make_user(), make_team()
    team._history_user = author
    team.label = "B"
    team.save()
    name, number = author.username, author.pk
    User.objects.filter(pk=author.pk).delete()
    row = team.history.first()
    assert (row.history_user_id, row.history_username) == (number, name)
