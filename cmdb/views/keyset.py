"""Pages by key: as fast at the end of the list as at its beginning."""

from __future__ import annotations

import base64
import json
from typing import Any

from django.db.models import Q, QuerySet

Order = list[tuple[str, bool]]  # (field, descending); the last one is unique


class KeysetPage:
    """One page of a queryset in the given order, and the tokens of its neighbours."""

    def __init__(self, queryset: QuerySet, order: Order, token: str, size: int) -> None:
        position = read_token(token, len(order))
        back = bool(position and position["back"])
        walked = [(field, descending != back) for field, descending in order]
        rows = queryset.order_by(*(f"-{field}" if descending else field for field, descending in walked))
        if position:
            rows = rows.filter(beyond(walked, position["key"]))
        found = list(rows[: size + 1])
        more = len(found) > size
        self.rows = found[:size][::-1] if back else found[:size]
        has_next, has_previous = (True, more) if back else (more, bool(position))
        self.next = token_of(self.rows[-1], order, back=False) if has_next and self.rows else ""
        self.previous = token_of(self.rows[0], order, back=True) if has_previous and self.rows else ""


def beyond(order: Order, key: list[Any]) -> Q:
    """Everything after the key in the order, column by column."""
    condition = Q()
    for (field, descending), value in reversed(list(zip(order, key, strict=True))):
        step = Q(**{f"{field}__{'lt' if descending else 'gt'}": value})
        condition = step | (Q(**{field: value}) & condition) if condition else step
    return condition


def token_of(row: Any, order: Order, *, back: bool) -> str:
    key = [getattr(row, field) for field, _descending in order]
    return base64.urlsafe_b64encode(json.dumps({"key": key, "back": back}).encode()).decode().rstrip("=")


def read_token(token: str, length: int) -> dict[str, Any] | None:
    """The position in the token, None where it is empty or somebody else's."""
    try:
        position = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        fits = len(position["key"]) == length and all(isinstance(v, str | int) for v in position["key"])
        return {"key": position["key"], "back": bool(position["back"])} if fits and token else None
    except (ValueError, KeyError, TypeError):
        return None
