"""How a test database is emptied although nobody may truncate it."""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql import operations


class DatabaseOperations(operations.DatabaseOperations):
    """`flush` copies a test database afresh; anywhere else it is refused by PostgreSQL."""

    def execute_sql_flush(self, sql_list: list[str]) -> Any:
        if self.connection.creation.template is None:
            return super().execute_sql_flush(sql_list)
        return self.connection.creation.remake()
