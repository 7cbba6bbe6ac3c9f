"""Migrations of a recorded table carry its triggers along: nobody writes them by hand."""

from __future__ import annotations

from django.db.backends.postgresql import schema
from django.db.models import Field, Model

HISTORY_PREFIX = "Historical"


class DatabaseSchemaEditor(schema.DatabaseSchemaEditor):
    """Regenerates a recorded table's functions right after each change of its columns or its history's.

    It must be right within the same migration: rows of a RunPython step that follows would otherwise miss
    the new column, and writes would break after a column is gone. History itself is never dropped.
    """

    def create_model(self, model: type[Model]) -> None:
        super().create_model(model)
        self._record(model)

    def delete_model(self, model: type[Model]) -> None:
        if is_history(model):
            return self._retire_table(model)
        name = self._full_name(model) if recorded_pair(model) else None
        super().delete_model(model)
        if name:
            self.execute("SELECT audit.forget(%s)", [name])
        return None

    def alter_db_table(self, model: type[Model], old_db_table: str, new_db_table: str) -> None:
        super().alter_db_table(model, old_db_table, new_db_table)
        self._record(model)

    def add_field(self, model: type[Model], field: Field) -> None:
        if is_history(model) and field.column:
            self._set_retired_aside(model, field)
        super().add_field(model, field)
        self._record(model)
        if field.column == "history_txid":  # with it only is it a history: ask the next state
            self._record(field.model)

    def remove_field(self, model: type[Model], field: Field) -> None:
        if not is_history(model):
            super().remove_field(model, field)
        self._record(model)

    def alter_field(
        self, model: type[Model], old_field: Field, new_field: Field, strict: bool = False
    ) -> None:
        super().alter_field(model, old_field, new_field, strict)
        self._record(model)

    def _record(self, model: type[Model]) -> None:
        pair = recorded_pair(model)
        if pair is None:
            return
        table, history = (self.quote_name(each._meta.db_table) for each in pair)
        pk = pair[0]._meta.pk
        self.execute(
            "SELECT audit.install(t, h, %s) FROM (SELECT to_regclass(%s) AS t, to_regclass(%s) AS h) AS pair"
            " WHERE t IS NOT NULL AND h IS NOT NULL",
            [pk.column, table, history],
        )

    def _retire_table(self, model: type[Model]) -> None:
        old = model._meta.db_table
        new = f"{old[:40]}_retired_{self._next_number()}"
        self.execute(f"ALTER TABLE {self.quote_name(old)} RENAME TO {self.quote_name(new)}")

    def _set_retired_aside(self, model: type[Model], field: Field) -> None:
        table = model._meta.db_table
        with self.connection.cursor() as cursor:
            present = {
                each.name for each in self.connection.introspection.get_table_description(cursor, table)
            }
        if field.column in present:
            retired = f"{field.column[:40]}_retired_{self._next_number()}"
            self.execute(
                self.sql_rename_column
                % {
                    "table": self.quote_name(table),
                    "old_column": self.quote_name(field.column),
                    "new_column": self.quote_name(retired),
                    "type": "",
                }
            )

    def _full_name(self, model: type[Model]) -> str:
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT audit.full_name(to_regclass(%s))", [self.quote_name(model._meta.db_table)])
            return str(cursor.fetchone()[0])

    def _next_number(self) -> int:
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT nextval('audit.history_id_seq')")
            return int(cursor.fetchone()[0])


def is_history(model: type[Model]) -> bool:
    """Whether this is a history model whose rows PostgreSQL writes."""
    return any(field.column == "history_txid" for field in model._meta.local_concrete_fields)


def recorded_pair(model: type[Model]) -> tuple[type[Model], type[Model]] | None:
    """The recorded model and its history model, given either, as this migration's state knows them."""
    name = model._meta.object_name
    names = (name.removeprefix(HISTORY_PREFIX), name) if is_history(model) else (name, HISTORY_PREFIX + name)
    try:
        base, history = (model._meta.apps.get_model(model._meta.app_label, each) for each in names)
    except LookupError:
        return None
    return (base, history) if is_history(history) else None
