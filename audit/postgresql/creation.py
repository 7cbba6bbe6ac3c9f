"""Test databases: made once as the owner from the migrations, then copied; tests run as the application."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db.backends.postgresql import creation
from django.utils import timezone
from psycopg import sql

from audit.postgresql.owner import as_owner

MAINTENANCE = "postgres"
WHAT_MAKES_A_TEMPLATE = ("migrations/*.py", "**/*.sql", "**/*.yaml", "**/*.yml")


class DatabaseCreation(creation.DatabaseCreation):
    """A test database is a copy of a template whose name is the hash of everything that made it."""

    template: str | None = None

    def create_test_db(
        self, verbosity: int = 1, autoclobber: bool = False, serialize: bool = True, keepdb: bool = False
    ) -> str:
        name = self._get_test_db_name()
        # On the class: another thread or greenlet (Playwright) has a connection object of its own.
        type(self).template = self._template()
        self._use(name)
        self.remake()
        self.connection._test_serialized_contents = ""  # a flushed test database is a fresh copy
        self.connection.ensure_connection()
        return name

    def remake(self) -> None:
        """The test database is as the migrations left it: dropped, and copied again from its template."""
        name, template = self.connection.settings_dict["NAME"], self.template
        assert template, "only a test database is ever remade"  # noqa: S101
        self._drop(name)
        with self._maintenance() as cursor:
            cursor.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )

    def _destroy_test_db(self, test_database_name: str, verbosity: int) -> None:
        self._drop(test_database_name)

    def _template(self) -> str:
        name = f"ops_template_{_fingerprint()}"
        with self._maintenance() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])  # the other workers wait here
            if not _exists(cursor, name):
                half = f"{name}_half"
                cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(half)))
                cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(half)))
                self._use(half)
                call_command("migrate", verbosity=0, interactive=False, database=self.connection.alias)
                self.connection.close()
                cursor.execute(
                    sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                        sql.Identifier(half), sql.Identifier(name)
                    )
                )
                _forget_old_templates(cursor, name)
        return name

    def _drop(self, name: str) -> None:
        self.connection.close()
        self.connection.close_pool()
        # A server thread of the test's may still hold a connection; each role may end only its own.
        end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        end += " AND usename = current_user"
        with self._maintenance(as_application=True) as cursor:
            cursor.execute(end, [name])
        with self._maintenance() as cursor:
            cursor.execute(end, [name])
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))

    def _use(self, name: str) -> None:
        self.connection.close()
        self.connection.settings_dict["NAME"] = name
        settings.DATABASES[self.connection.alias]["NAME"] = name

    @contextmanager
    def _maintenance(self, as_application: bool = False) -> Iterator[psycopg.Cursor[Any]]:
        with as_owner(self.connection, unless=as_application):
            parameters = self.connection.get_connection_params() | {"dbname": MAINTENANCE}
        wanted = {key: value for key, value in parameters.items() if key not in {"context", "cursor_factory"}}
        wanted.pop("prepare_threshold", None)
        with psycopg.connect(**wanted, autocommit=True) as connection, connection.cursor() as cursor:
            yield cursor


def _exists(cursor: psycopg.Cursor[Any], name: str) -> bool:
    return cursor.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def _forget_old_templates(cursor: psycopg.Cursor[Any], name: str) -> None:
    now = timezone.now()
    comment = sql.SQL("COMMENT ON DATABASE {} IS {}")
    cursor.execute(comment.format(sql.Identifier(name), sql.Literal(now.isoformat())))
    cursor.execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname, 'ops_template_')"
        " AND shobj_description(oid, 'pg_database') < %s",
        [(now - timedelta(days=2)).isoformat()],
    )
    for (old,) in cursor.fetchall():
        with suppress(psycopg.Error):  # somebody copies it just now
            cursor.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(old)))


def _fingerprint() -> str:
    digest = hashlib.sha256(settings.DATABASES["default"]["USER"].encode())
    for app in apps.get_app_configs():
        folder = Path(app.path)
        for file in sorted({each for pattern in WHAT_MAKES_A_TEMPLATE for each in folder.glob(pattern)}):
            digest.update(f"{app.label}/{file.relative_to(folder)}\0".encode() + file.read_bytes())
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
