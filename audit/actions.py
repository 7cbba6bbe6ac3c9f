"""Noting what an auditor asks about and no row shows: log-ins, refusals, exports; and keeping files."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from audit.context import current_user, origin
from audit.models import LARGEST_FILE, SecurityEvent, StoredFile


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


def keep_file(upload: UploadedFile[Any] | bytes, *, media_type: str = "") -> StoredFile:
    """The bytes are kept, once: the same bytes give the same row, whoever sends them, also at the same time.

    `media_type` is what the sender says; it is not believed when the file is sent out. Raises
    ValidationError for an empty file and for more than 20 MB, before a byte is stored. Three queries.
    """
    size = len(upload) if isinstance(upload, bytes) else upload.size or 0
    if size > LARGEST_FILE:
        words = {"size": filesizeformat(size), "limit": filesizeformat(LARGEST_FILE)}
        raise ValidationError(
            _("The file has %(size)s; at most %(limit)s are kept. Split it, or give its address instead.")
            % words,
            code="file_too_large",
        )
    content = upload if isinstance(upload, bytes) else upload.read()
    if not content:
        raise ValidationError(_("The file is empty. Choose another one."), code="file_empty")
    digest = hashlib.sha256(content).hexdigest()
    if (kept := StoredFile.objects.filter(sha256=digest).first()) is not None:
        return kept
    row = StoredFile(sha256=digest, size=len(content), media_type=media_type[:120], content=content)
    StoredFile.objects.bulk_create([row], ignore_conflicts=True)  # somebody may keep the same bytes just now
    return StoredFile.objects.get(sha256=digest)
