"""Django's migrate, run as the owner of the tables, followed by the application's grants."""

from typing import Any

from django.core.management.commands import migrate
from django.db import DEFAULT_DB_ALIAS, connections

from audit.postgresql.owner import application_role, as_owner


class Command(migrate.Command):
    """Migrates as settings.OWNER_DATABASE, then grants the application its rights and nothing more."""

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options.get("database") or DEFAULT_DB_ALIAS]
        with as_owner(connection):
            super().handle(*args, **options)
            with connection.cursor() as cursor:
                cursor.execute("SELECT to_regproc('audit.grant_app')")
                if cursor.fetchone()[0]:
                    cursor.execute("SELECT audit.grant_app(%s)", [application_role()])
