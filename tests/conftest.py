"""What every test stands on: a PostgreSQL of its own, without fsync, shared by all workers of the run."""

import os
import shutil
from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings
from django.db import connections
from django.utils import translation
from hypothesis import settings as hypothesis

from audit.postgresql.owner import as_owner
from config import embedded

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# Debian's Chromium as root in a machine without a way out: no sandbox, and no calls home.
QUIET = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
QUIET += ["--disable-component-update", "--disable-sync"]

settings.STORAGES["staticfiles"]["BACKEND"] = settings.PLAIN_STATIC  # today's files, collected or not
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # tests log in all the time

hypothesis.register_profile("house", deadline=None)  # a busy machine proves nothing about the code
hypothesis.load_profile("house")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without Chromium the browser tests are skipped; on the build server they fail."""
    if CHROMIUM is None and not os.environ.get("CI"):
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.skip(reason="NO CHROMIUM: install it (apt install chromium)"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    """pytest-playwright starts the system's Chromium."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's own event loop is not ours
    flags = [*QUIET, "--no-sandbox"] if os.geteuid() == 0 else QUIET
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": flags}


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> Iterator[None]:
    """Django's connections lead to the test cluster, which lives as long as the run."""
    if not embedded.is_embedded():
        yield
        return
    cluster = embedded.test_cluster()
    with embedded.lease(cluster):
        login = embedded.database_settings(cluster)
        del login["ENGINE"]  # other threads make their connections from these settings: ours, not Django's
        connections["default"].settings_dict.update(login)
        settings.OWNER_DATABASE = embedded.owner_database_settings(cluster)
        yield


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """A request in Chinese leaves its language in the thread: every test begins in English."""
    with translation.override("en"):
        yield


def _plain_connection() -> psycopg.Connection:
    connection = connections["default"]
    wanted = connection.get_connection_params()
    for key in ("context", "cursor_factory"):
        wanted.pop(key, None)
    return psycopg.connect(**wanted, autocommit=True)


@pytest.fixture
def app_sql(transactional_db: None) -> Iterator[psycopg.Connection]:
    """psql in the hands of the application role: a connection of its own to the test database, autocommit."""
    with _plain_connection() as connection:
        yield connection


@pytest.fixture
def owner_sql(transactional_db: None) -> Iterator[psycopg.Connection]:
    """The same as the owner of the tables."""
    with as_owner(connections["default"]):
        connection = _plain_connection()
    with connection:
        yield connection
