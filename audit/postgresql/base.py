"""Django's PostgreSQL backend, telling the database who writes and why before the first write."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from django.db.backends.utils import CursorWrapper

from audit.context import as_setting
from audit.postgresql.creation import DatabaseCreation
from audit.postgresql.operations import DatabaseOperations
from audit.postgresql.schema import DatabaseSchemaEditor

FIRST_WORD = re.compile(r"(?:\s+|/\*.*?\*/|--[^\n]*\n|\()*([a-zA-Z]+)", re.DOTALL)
WRITES = {"INSERT", "UPDATE", "DELETE", "MERGE", "COPY", "CALL", "DO"}
MAY_WRITE = {"WITH", "SELECT"}
# A WITH that writes, or a call of one of our SQL functions (they end in _v1, _v2 …).
WRITES_INSIDE = re.compile(r"(?<!FOR )(?<!KEY )\b(INSERT|UPDATE|DELETE|MERGE)\b|_v\d+\s*\(", re.IGNORECASE)
# Django's own ROLLBACK TO SAVEPOINT comes through here too: the setting goes back with the savepoint.
MOVES_TRANSACTION = {"BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT"}
UNKNOWN = None


class AnnouncingCursor(CursorWrapper):
    """A cursor that sends the context before a statement that writes."""

    def _execute(self, sql: Any, params: Any, *ignored: Any) -> Any:
        return self.db.announce(sql, lambda: super(AnnouncingCursor, self)._execute(sql, params, *ignored))

    def _executemany(self, sql: Any, param_list: Iterable[Any], *ignored: Any) -> Any:
        return self.db.announce(
            sql, lambda: super(AnnouncingCursor, self)._executemany(sql, param_list, *ignored)
        )

    def copy(self, statement: Any, *args: Any, **kwargs: Any) -> Any:
        """As psycopg's copy(); use it inside atomic() so that the context reaches the trigger."""
        return self.db.announce(statement, lambda: self.cursor.copy(statement, *args, **kwargs))


class AnnouncingDebugCursor(AnnouncingCursor, base.CursorDebugWrapper):
    """The same, keeping the list of queries."""


class PreparedCursor(psycopg.Cursor):
    """A cursor whose statements PostgreSQL plans once per connection."""

    def execute(self, query: Any, params: Any = None, **kwargs: Any) -> Any:
        return super().execute(query, params, prepare=True, **kwargs)


class DatabaseWrapper(base.DatabaseWrapper):
    """Sends `audit.ctx` once per (sub)transaction, and again only when it has changed.

    The setting is local to the transaction: a pooled connection carries nothing to its next user.
    """

    SchemaEditorClass = DatabaseSchemaEditor
    creation_class = DatabaseCreation
    ops_class = DatabaseOperations
    #: What PostgreSQL holds now: "" at the start of a transaction, UNKNOWN after a partial roll-back.
    announced: str | None = ""

    def get_connection_params(self) -> dict[str, Any]:
        # Django's None would forbid prepared statements; say so in OPTIONS where a pooler stands between.
        params = super().get_connection_params()
        return params | {"prepare_threshold": self.settings_dict["OPTIONS"].get("prepare_threshold", 5)}

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a hot statement with a fixed text, parsed and planned once per connection."""
        self.ensure_connection()
        with self.wrap_database_errors:
            cursor = PreparedCursor(self.connection)
        with self._prepare_cursor(cursor) as prepared:
            prepared.execute(sql, params)
            return prepared.fetchall()

    def make_cursor(self, cursor: Any) -> AnnouncingCursor:
        return AnnouncingCursor(cursor, self)

    def make_debug_cursor(self, cursor: Any) -> AnnouncingDebugCursor:
        return AnnouncingDebugCursor(cursor, self)

    def announce(self, sql: Any, run: Callable[[], Any]) -> Any:
        """Run a statement, with the context sent first where it may write; alone it gets a transaction."""
        word = first_word(sql)
        if word in MOVES_TRANSACTION:
            self.announced = UNKNOWN
            return run()
        if not may_write(word, sql):
            return run()
        setting = as_setting()
        if not self.get_autocommit():
            if setting != self.announced:
                self._send(setting)
                self.announced = setting
            return run()
        with self.wrap_database_errors, self.connection.transaction():
            self._send(setting)
            return run()

    def _send(self, setting: str) -> None:
        # Not through Django's cursor: it is no query of the caller's.
        with self.wrap_database_errors, PreparedCursor(self.connection) as cursor:
            cursor.execute("SELECT set_config('audit.ctx', %s, true)", [setting])

    def _commit(self) -> None:
        self.announced = ""
        super()._commit()

    def _rollback(self) -> None:
        self.announced = ""
        super()._rollback()

    def _set_autocommit(self, autocommit: bool) -> None:
        self.announced = ""
        super()._set_autocommit(autocommit)

    def _close(self) -> None:
        self.announced = ""
        super()._close()


def first_word(sql: Any) -> str:
    """The statement's first keyword, upper-case, behind comments and brackets."""
    found = FIRST_WORD.match(_text(sql))
    return found[1].upper() if found else ""


def may_write(word: str, sql: Any) -> bool:
    """Whether a statement could change a recorded row."""
    return word in WRITES or (word in MAY_WRITE and WRITES_INSIDE.search(_text(sql)) is not None)


def _text(sql: Any) -> str:
    if isinstance(sql, bytes):
        return sql.decode(errors="replace")
    return sql if isinstance(sql, str) else sql.as_string(None)
