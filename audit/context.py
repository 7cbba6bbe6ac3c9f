"""Who writes, why, and from where: what PostgreSQL notes beside every row it records."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, replace
from pathlib import PurePath
from typing import Any


@dataclass(frozen=True)
class Origin:
    """Where a write comes from; `request` is asked for its user at the first write, not before."""

    request_id: str = ""
    address: str = ""
    path: str = ""
    request: Any = None


@dataclass(frozen=True)
class Cause:
    """Who writes and why, as given by the innermost `because`."""

    user: Any = None
    reason: str = ""
    change_ref: int | None = None


def _this_command() -> Origin:
    program = PurePath(sys.argv[0]).name if sys.argv and sys.argv[0] else "python"
    command = sys.argv[1] if program == "manage.py" and len(sys.argv) > 1 else ""
    return Origin(path=f"{program} {command}".strip())


_origin: ContextVar[Origin | None] = ContextVar("audit_origin", default=None)
_cause: ContextVar[Cause | None] = ContextVar("audit_cause", default=None)


@contextmanager
def because(reason: str = "", change_ref: int | None = None, user: Any = None) -> Iterator[None]:
    """Rows written inside carry this reason, change reference and user; what is not given is inherited."""
    outer = _cause.get() or Cause()
    token = _cause.set(
        Cause(
            user=user if user is not None else outer.user,
            reason=reason or outer.reason,
            change_ref=change_ref if change_ref is not None else outer.change_ref,
        )
    )
    try:
        yield
    finally:
        _cause.reset(token)


@contextmanager
def coming_from(path: str, *, request_id: str = "", address: str = "", request: Any = None) -> Iterator[None]:
    """Transactions begun inside are noted as coming from this path (a URL, a command, a job)."""
    token = _origin.set(Origin(request_id, address, path[:500], request))
    try:
        yield
    finally:
        _origin.reset(token)


def origin() -> Origin:
    """Where we are called from: the request, the job, or this process's command."""
    return _origin.get() or _this_command()


def current_user() -> Any:
    """The person named by `because`, else the one logged in to the request, else None."""
    user = (_cause.get() or Cause()).user
    if user is None:
        user = getattr(origin().request, "user", None)
    return user if user is not None and user.is_authenticated else None


def as_setting() -> str:
    """The JSON text that the backend sends as `audit.ctx`; keys without a value are left out."""
    cause, user = _cause.get() or Cause(), current_user()
    values = asdict(replace(origin(), request=None)) | {
        "reason": cause.reason,
        "cr": cause.change_ref,
        "user": user.pk if user else None,
        "username": user.get_username() if user else None,
    }
    # PostgreSQL's jsonb refuses NUL, and a refused context would refuse the write.
    return json.dumps({key: value for key, value in values.items() if value}, ensure_ascii=False).replace(
        "\\u0000", ""
    )
