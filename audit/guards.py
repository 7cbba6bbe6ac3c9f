"""What must hold of an installation for its record to be believed."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.db import OperationalError, connection

UNMIGRATED = "SELECT rolsuper, false, current_user FROM pg_roles WHERE rolname = current_user"
OWNED = """
SELECT r.rolsuper, EXISTS (SELECT FROM audit.tracked t JOIN pg_class c ON c.oid = to_regclass(t.tbl)
                            WHERE pg_has_role(current_user, c.relowner, 'USAGE')), current_user
  FROM pg_roles r WHERE r.rolname = current_user
"""


class OwnerRefusedError(RuntimeError):
    """The server is connected as the owner of its tables."""


def owner_complaint() -> str:
    """Why the application must not run as this database role; empty if it may. Two queries."""
    with connection.cursor() as cursor:
        cursor.execute(OWNED if _is_migrated(cursor) else UNMIGRATED)
        is_super, is_owner, role = cursor.fetchone()
    if not (is_super or is_owner):
        return ""
    what = "a superuser" if is_super else "the owner of the tables"
    return (
        f"The server is connected as {role}, {what}: it could switch the history triggers off, and nobody "
        "could prove that it did not. Let DATABASE_URL name a role of its own (manage.py create_roles makes "
        "it) and DATABASE_OWNER_URL the owner."
    )


def refuse_owner() -> None:
    """The server runs as a role that cannot touch the record, or was told otherwise.

    Raises OwnerRefusedError if it does not; OPSLEDGER_ALLOW_OWNER=1 overrules.
    """
    if settings.ALLOW_OWNER:
        return
    try:
        complaint = owner_complaint()
    except OperationalError:
        return  # no database yet: every request will say so
    finally:
        connection.close()
    if complaint:
        raise OwnerRefusedError(f"{complaint} OPSLEDGER_ALLOW_OWNER=1 starts it all the same.")


def check_application_role(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """`check --deploy`: the server's database role owns nothing."""
    try:
        complaint = owner_complaint()
    except OperationalError as error:
        return [Error(f"The database does not answer: {error}".strip(), id="audit.E002")]
    return [Error(complaint, id="audit.E001")] if complaint else []


def check_history_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """simple-history's settings that promise what append-only history cannot keep are not set."""
    forbidden = {"SIMPLE_HISTORY_EDIT": True, "SIMPLE_HISTORY_ENABLED": False}
    return [
        Error(f"{name} = {value} has no place here: PostgreSQL writes history and keeps it.", id="audit.E003")
        for name, value in forbidden.items()
        if getattr(settings, name, not value) == value
    ]


def _is_migrated(cursor: Any) -> bool:
    cursor.execute("SELECT to_regclass('audit.tracked') IS NOT NULL")
    return bool(cursor.fetchone()[0])
