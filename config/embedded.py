"""The embedded PostgreSQL: started for whoever holds a lease, stopped after the last one."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def lease() -> Iterator[None]:
    """The embedded server is up while the block runs; nothing happens when DATABASE_URL is set."""
    yield


def database_settings() -> dict:
    """Django's settings for the default database."""
    raise NotImplementedError


def secret_key() -> str:
    """This installation's secret key, made once and kept beside the data."""
    raise NotImplementedError
