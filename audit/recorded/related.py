"""What versions refer to, fetched for many of them at once; what was deleted since is missing, no error."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models


def fetch_related(keys: Iterable[tuple[Any, models.ForeignKey]]) -> None:
    """The row behind each of these foreign keys is at hand, None where it is gone. One query per model."""
    missing = [(row, key) for row, key in keys if not key.is_cached(row)]
    wanted: dict[Any, set[int]] = defaultdict(set)
    for row, key in missing:
        if (value := getattr(row, key.attname)) is not None:
            wanted[key.related_model].add(value)
    found = {}
    for model, pks in wanted.items():
        own = [] if _has_name(model) else [key.name for key in keys_of(model)]
        found[model] = model._base_manager.select_related(*own).in_bulk(pks)
    for row, key in missing:
        key.set_cached_value(row, found.get(key.related_model, {}).get(getattr(row, key.attname)))


def keys_of(row: Any) -> list[models.ForeignKey]:
    """The foreign keys of a row or a model."""
    return [each for each in row._meta.concrete_fields if isinstance(each, models.ForeignKey)]


def _has_name(model: type[models.Model]) -> bool:
    try:
        return bool(model._meta.get_field("name"))
    except FieldDoesNotExist:
        return False
