"""Noting what an auditor asks about and no row shows: log-ins, refusals, exports."""

from __future__ import annotations

import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models

from audit.context import current_user, origin
from audit.models import SecurityEvent


def record_event(
    kind: str, *, by: models.Model | None = None, target: str = "", detail: dict[str, Any] | None = None
) -> SecurityEvent:
    """The event stands in the record if the caller's transaction commits; `by` defaults to the current user.

    One query.
    """
    event = _event(kind, by, target, detail or {})
    event.save(force_insert=True)
    return event


def record_lasting_event(
    kind: str, *, by: models.Model | None = None, target: str = "", detail: dict[str, Any] | None = None
) -> None:
    """The event stands in the record whatever becomes of the caller's transaction.

    Written on a connection of its own (a few milliseconds): for what a roll-back must not hide. In tests it
    therefore outlives the test: look for your own target.
    """
    fields = [field for field in SecurityEvent._meta.concrete_fields if not field.primary_key]
    event = _event(kind, by, target, detail or {})
    values = [_as_column(field.pre_save(event, add=True)) for field in fields]
    columns = ", ".join(connection.ops.quote_name(field.attname) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    apart = connection.copy()
    try:
        with apart.cursor() as cursor:
            cursor.execute(f"INSERT INTO audit_securityevent ({columns}) VALUES ({marks})", values)  # noqa: S608
    finally:
        apart.close()


def record_refusal(
    deed: str, *, by: models.Model | None, target: str = "", reasons: list[dict[str, Any]] | None = None
) -> None:
    """The refused deed, with every reason, stands in the record although the caller rolls back."""
    request = origin().request
    if request is not None:
        request.refusal_is_recorded = True  # the middleware need not note the 403 again
    record_lasting_event(
        SecurityEvent.Kind.REFUSAL, by=by, target=target, detail={"deed": deed, "reasons": reasons or []}
    )


def _event(kind: str, by: Any, target: str, detail: dict[str, Any]) -> SecurityEvent:
    who, where = by if by is not None else current_user(), origin()
    if who is not None and not who.is_authenticated:
        who = None
    return SecurityEvent(
        kind=kind,
        actor_id=who.pk if who else None,
        actor=who.get_username()[:200] if who else "",
        target=_plain(target)[:300],
        address=where.address[:64],
        path=_plain(where.path)[:500],
        request_id=where.request_id[:64],
        detail=json.loads(_plain(json.dumps(detail, cls=DjangoJSONEncoder, ensure_ascii=False))),
    )


def _plain(text: str) -> str:
    return text.replace("\x00", "").replace("\\u0000", "")


def _as_column(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value


def note_login(sender: Any, user: Any, **kwargs: Any) -> None:
    """The log-in stands in the record."""
    record_event(SecurityEvent.Kind.LOGIN, by=user)


def note_logout(sender: Any, user: Any, **kwargs: Any) -> None:
    """The log-out stands in the record; without a session there was none."""
    if user is not None:
        record_event(SecurityEvent.Kind.LOGOUT, by=user)


def note_failed_login(sender: Any, credentials: dict[str, Any], **kwargs: Any) -> None:
    """The name that was tried stands in the record, also after a roll-back."""
    name = credentials.get("username") or credentials.get("email") or credentials.get("login") or ""
    record_lasting_event(SecurityEvent.Kind.LOGIN_FAILED, target=str(name))


def note_lockout(sender: Any, username: str | None = None, **kwargs: Any) -> None:
    """The lock stands in the record, also after a roll-back."""
    record_lasting_event(SecurityEvent.Kind.LOCKOUT, target=username or "")
