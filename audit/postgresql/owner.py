"""Working as the owner of the tables for a while: migrations, grants, test databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper

LOGIN = ("USER", "PASSWORD", "HOST", "PORT", "OPTIONS")


@contextmanager
def as_owner(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Inside, this connection is the owner's (settings.OWNER_DATABASE); afterwards the application's."""
    application = connection.settings_dict
    owner = {key: settings.OWNER_DATABASE[key] for key in LOGIN if key in settings.OWNER_DATABASE}
    _switch(connection, {**application, **owner})
    try:
        yield
    finally:
        # What was learnt meanwhile (a test database's name) stays; the log-in goes back.
        _switch(connection, connection.settings_dict | {key: application[key] for key in LOGIN})


def _switch(connection: BaseDatabaseWrapper, chosen: dict[str, object]) -> None:
    if connection.in_atomic_block:
        return  # e.g. call_command("migrate") inside a test: nothing can be switched, nothing is
    connection.close()
    connection.close_pool()
    connection.settings_dict = chosen


def application_role() -> str:
    """The database role the product runs as."""
    return str(settings.DATABASES["default"]["USER"])
