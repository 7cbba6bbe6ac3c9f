"""Working as the owner of the tables for a while: migrations, grants, test databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper

LOGIN = ("USER", "PASSWORD", "HOST", "PORT", "OPTIONS")


@contextmanager
def as_owner(connection: BaseDatabaseWrapper, *, unless: bool = False) -> Iterator[None]:
    """Inside, this connection is the owner's (settings.OWNER_DATABASE); afterwards the application's.

    Inside a transaction nothing can be switched, and nothing is.
    """
    if unless or connection.in_atomic_block:
        yield
        return
    application = connection.settings_dict
    login = {key: settings.OWNER_DATABASE[key] for key in LOGIN if key in settings.OWNER_DATABASE}
    _switch(connection, {**application, **login})
    try:
        yield
    finally:
        _switch(connection, application)


def _switch(connection: BaseDatabaseWrapper, chosen: dict[str, object]) -> None:
    connection.close()
    connection.close_pool()
    connection.settings_dict = chosen


def application_role() -> str:
    """The database role the product runs as."""
    return str(settings.DATABASES["default"]["USER"])
