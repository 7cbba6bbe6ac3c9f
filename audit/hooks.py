"""What the record needs to know from above; config fills it in (config/evidence.py)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied


def _refuse(user: Any) -> None:
    raise PermissionDenied


def _unknown(number: str) -> int | None:
    return None


#: Pass for who may read the record, or take it away; raise PermissionDenied otherwise.
require_reader: Callable[[Any], None] = _refuse
require_exporter: Callable[[Any], None] = _refuse
#: The reference under which history knows a change, by the number that people use.
change_by_number: Callable[[str], int | None] = _unknown
