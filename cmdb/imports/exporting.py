"""Items as rows that the mapping `opsledger` imports again unchanged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from audit.evidence import FORMULA_SIGNS
from cmdb.imports.mapping import ITEM_FIELDS
from cmdb.models import CIType

# A cell beginning so is a formula to Excel: it gets an apostrophe, which the import takes off again.
FORMULA = (*FORMULA_SIGNS, "'")


def export_rows(items: QuerySet) -> Iterator[list[str]]:
    """The header, then one row per item in order of name; one statement for items, one for their types."""
    types = CIType.objects.filter(pk__in=items.order_by().values("type_id"))
    keys = sorted({key for kind in types for key in kind.compiled_schema})
    yield ["address", *ITEM_FIELDS, *(f"attributes.{key}" for key in keys)]
    shown = items.select_related("type", "owner_team", "location__type").order_by("name", "-id")
    for item in shown.iterator(chunk_size=2000):
        values = {name: getattr(item, name) for name in ITEM_FIELDS}
        values["owner_team"] = item.owner_team.key if item.owner_team else None
        values["location"] = item.location.address if item.location else None
        row = [item.address, *values.values(), *(item.attributes.get(key) for key in keys)]
        yield [as_cell(value) for value in row]


def as_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list):
        return guarded("; ".join(value))
    return guarded(value.isoformat() if hasattr(value, "isoformat") else str(value))


def guarded(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text


def unguarded(text: str) -> str:
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text
