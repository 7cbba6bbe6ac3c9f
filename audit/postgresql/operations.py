"""How a test database is emptied although nobody may truncate it, and prepared statements are logged."""

from __future__ import annotations

from typing import Any

import psycopg
from django.db.backends.postgresql import operations


class DatabaseOperations(operations.DatabaseOperations):
    """`flush` copies a test database afresh; anywhere else it is refused by PostgreSQL."""

    def execute_sql_flush(self, sql_list: list[str]) -> Any:
        if self.connection.creation.template is None:
            return super().execute_sql_flush(sql_list)
        return self.connection.creation.remake()

    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> Any:
        """The statement with its values in it; Django knows it only of cursors that bind on our side."""
        if isinstance(cursor, psycopg.ClientCursor):
            return super().last_executed_query(cursor, sql, params)
        return self.compose_sql(sql, params)
