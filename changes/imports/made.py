"""A mapping made from answers: which column of this very file is what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from changes.imports.mapping import CELLS

DATES = ("start", "end", "created")


def mapping_text(answers: Mapping[str, Any]) -> str:
    """The YAML of a mapping: `source`, a column for each of CELLS, items with their type, dates, zone."""
    changes: dict[str, Any] = {"source": answers["source"]}
    form = answers.get("dates")
    for name in CELLS:
        if column := answers.get(name):
            changes[name] = {"column": column} | ({"dates": [form]} if form and name in DATES else {})
    changes["zone"] = answers.get("zone") or "UTC"
    if column := answers.get("items"):
        entry = {"column": column, "unknown": answers.get("unknown") or "refuse"}
        optional = {"split": answers.get("split"), "type": answers.get("type")}
        changes["items"] = [entry | {key: value for key, value in optional.items() if value}]
    document = {"label": answers["source"], "changes": changes}
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False)
