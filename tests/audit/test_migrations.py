"""Migrations carry the triggers along without a word from the author of the model."""

import pytest
from django.db import connection, models
from django.db.migrations.state import ModelState, ProjectState

from accounts.models import Team
from audit.postgresql.owner import as_owner
from tests.factories import make_team

pytestmark = pytest.mark.django_db(transaction=True)
HISTORY = "accounts_historicalteam"


@pytest.fixture
def state():
    """Team and its history as a migration would see them."""
    state = ProjectState()
    for model in (Team, Team.history.model):
        found = ModelState.from_model(model, exclude_rels=True)
        found.fields = {name: field for name, field in found.fields.items() if not field.is_relation}
        found.bases = (models.Model,)
        found.managers = []
        if model is not Team:
            found.fields["history_txid"] = models.BigIntegerField(null=True)
            found.fields["history_user_id"] = models.BigIntegerField(null=True)
        state.add_model(found)
    return state


def changed(state, model_name, deed):
    """Run one schema operation as the owner, as `migrate` would."""
    model = state.apps.get_model("accounts", model_name)
    with as_owner(connection), connection.schema_editor() as editor:
        deed(editor, model)


def field(name, **options):
    made = models.CharField(max_length=20, null=True, **options)
    made.set_attributes_from_name(name)
    return made


def columns(table):
    with connection.cursor() as cursor:
        return {each.name for each in connection.introspection.get_table_description(cursor, table)}


def history(key):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {HISTORY} WHERE key = %s ORDER BY history_id DESC LIMIT 1", [key])
        return dict(zip([each.name for each in cursor.description], cursor.fetchone(), strict=True))


def test_a_new_column_is_recorded_at_once(state):
    for name in ("team", "historicalteam"):
        changed(state, name, lambda editor, model: editor.add_field(model, field("colour")))
    team = make_team()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_team SET colour = 'red' WHERE id = %s", [team.pk])
    assert (history(team.key)["colour"], history(team.key)["row_version"]) == ("red", 2)


def test_a_removed_column_leaves_writes_working_and_history_whole(state):
    team = make_team(email="a@example.org")
    for name in ("team", "historicalteam"):
        changed(state, name, lambda editor, model: editor.remove_field(model, model._meta.get_field("email")))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_team SET label = 'B' WHERE id = %s", [team.pk])
    assert "email" not in columns("accounts_team")
    assert "email" in columns(HISTORY)
    assert (history(team.key)["label"], history(team.key)["email"]) == ("B", None)


def test_a_column_that_comes_back_sets_the_retired_one_aside(state):
    changed(
        state,
        "historicalteam",
        lambda editor, model: editor.remove_field(model, model._meta.get_field("email")),
    )
    changed(state, "historicalteam", lambda editor, model: editor.add_field(model, field("email")))
    assert sum(name.startswith("email") for name in columns(HISTORY)) == 2


def test_a_deleted_model_keeps_its_history(state):
    changed(state, "team", lambda editor, model: editor.execute("ALTER TABLE accounts_team RENAME TO gone"))
    changed(state, "historicalteam", lambda editor, model: editor.delete_model(model))
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
    assert HISTORY not in tables
    assert any(name.startswith(f"{HISTORY}_retired_") for name in tables)


def test_installing_again_changes_nothing(owner_sql):
    count = "SELECT count(*) FROM pg_trigger WHERE tgname ~ '^(zz_audit|aa_)'"
    before = owner_sql.execute(count).fetchone()
    owner_sql.execute("SELECT audit.install('accounts_team', 'accounts_historicalteam', 'id')")
    assert owner_sql.execute(count).fetchone() == before
    assert make_team().history.count() == 1


def test_a_table_without_versions_is_refused(owner_sql):
    owner_sql.execute("CREATE TABLE plain (id int primary key); CREATE TABLE historicalplain (id int)")
    with pytest.raises(Exception, match="has no row_version"):
        owner_sql.execute("SELECT audit.install('plain', 'historicalplain', 'id')")


def test_protected_tables_only_grow(owner_sql, app_sql):
    owner_sql.execute("CREATE TABLE vote (id int); SELECT audit.protect('vote')")
    owner_sql.execute(f"SELECT audit.grant_app('{app_sql.info.user}')")
    app_sql.execute("INSERT INTO vote VALUES (1)")
    for statement in ("UPDATE vote SET id = 2", "DELETE FROM vote", "TRUNCATE vote"):
        with pytest.raises(Exception, match="permission denied"):
            app_sql.execute(statement)
        with pytest.raises(Exception, match="kept for ever"):
            owner_sql.execute(statement)
