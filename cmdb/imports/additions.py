"""The part of a mapping's model that the house does not have yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cmdb.models import CIAttribute, CIType, RelationRule, RelationType


def additions_of(model: Mapping[str, Any]) -> dict[str, Any]:
    """The definitions that are new; what stands already is the house's own and is not touched.

    Four statements. Entries without a key are passed on, for `load_model` to refuse.
    """
    if not model:
        return {}
    types = set(CIType.objects.values_list("key", flat=True))
    attributes = set(CIAttribute.objects.values_list("type__key", "key"))
    ways = set(RelationType.objects.values_list("key", flat=True))
    rules = set(
        RelationRule.objects.values_list("relation_type__key", "source_type__key", "target_type__key")
    )
    new_types = [
        extended(entry, types, "attributes", lambda one, row: (one, row.get("key")) in attributes)
        for entry in entries(model, "types")
    ]
    new_ways = [
        extended(entry, ways, "rules", lambda one, row: (one, row.get("source"), row.get("target")) in rules)
        for entry in entries(model, "relation_types")
    ]
    found = dict(model) | {
        "types": [entry for entry in new_types if entry],
        "relation_types": [entry for entry in new_ways if entry],
    }
    return {part: value for part, value in found.items() if value}


def entries(model: Mapping[str, Any], part: str) -> list[dict[str, Any]]:
    listed = model.get(part) or []
    return [entry if isinstance(entry, dict) else {"key": ""} for entry in listed]


def extended(entry: dict[str, Any], known: set[str], part: str, stands: Any) -> dict[str, Any]:
    """The entry itself if it is new, else its key with the new rows of one part; empty if nothing is new."""
    key = entry.get("key")
    if key not in known:
        return entry
    rows = [row for row in entry.get(part) or [] if not (isinstance(row, dict) and stands(key, row))]
    return {"key": key, part: rows} if rows else {}
