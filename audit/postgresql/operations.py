"""How a test database is emptied although nobody may truncate it."""

from django.db.backends.postgresql import operations


class DatabaseOperations(operations.DatabaseOperations):
    pass
