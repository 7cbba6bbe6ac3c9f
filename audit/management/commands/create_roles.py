"""Makes the application's database role on a PostgreSQL of the operator's own."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import ProgrammingError, connection
from psycopg import sql

from audit.postgresql.owner import application_role, as_owner


class Command(BaseCommand):
    help = (
        "Make the role named in DATABASE_URL, with its password, and grant it what the application needs. "
        "Connects as DATABASE_OWNER_URL, which must be allowed to create roles. Safe to repeat."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        app, owner = application_role(), settings.OWNER_DATABASE.get("USER")
        if app == owner:
            raise CommandError(
                f"DATABASE_URL and DATABASE_OWNER_URL both name {app}: they must be two roles."
            )
        password = settings.DATABASES["default"].get("PASSWORD")
        with as_owner(connection), connection.cursor() as cursor:
            cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [app])
            exists = cursor.fetchone() is not None
            if not exists:
                self._create(cursor, app, password)
            database = connection.settings_dict["NAME"]
            cursor.execute(
                sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                    sql.Identifier(database), sql.Identifier(app)
                )
            )
            cursor.execute("SELECT to_regproc('audit.grant_app') IS NOT NULL")
            is_migrated = cursor.fetchone()[0]
            if is_migrated:
                cursor.execute("SELECT audit.grant_app(%s)", [app])
        done = "stands already" if exists else "made"
        granted = "granted its rights" if is_migrated else "its rights follow with manage.py migrate"
        self.stdout.write(f"Role {app}: {done}; {granted}.")

    def _create(self, cursor: Any, app: str, password: str | None) -> None:
        login = sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(app))
        if password:
            login += sql.SQL(" PASSWORD {}").format(sql.Literal(password))
        try:
            cursor.execute(login)
        except ProgrammingError as error:
            raise CommandError(
                f"The owner may not create roles ({error}). Let a superuser run: "
                f"CREATE ROLE \"{app}\" LOGIN PASSWORD '…'; then repeat."
            ) from error
