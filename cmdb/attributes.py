"""What an attribute's value must be, by the type's compiled schema; PostgreSQL has the same rules by the same
names in cmdb/sql/attribute_fault_v1.sql."""

from __future__ import annotations

import datetime
import ipaddress
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

Schema = Mapping[str, Mapping[str, Any]]

KIND_MESSAGES = {
    "text": gettext_lazy("must be text"),
    "integer": gettext_lazy("must be a whole number"),
    "number": gettext_lazy("must be a number"),
    "boolean": gettext_lazy("must be yes or no"),
    "date": gettext_lazy("must be a date, as 2026-11-30"),
    "datetime": gettext_lazy("must be a date and time, as 2026-11-30T08:15+08:00"),
    "choice": gettext_lazy("must be text"),
    "ip": gettext_lazy("must be an IP address"),
    "mac": gettext_lazy("must be a MAC address, as 00:1b:44:11:3a:b7"),
    "url": gettext_lazy("must be a web address, as https://example.org"),
    "list": gettext_lazy("must be a list of texts"),
}
TRUE_WORDS = {"true", "yes", "y", "1", "on", "是", "有", "√"}
FALSE_WORDS = {"false", "no", "n", "0", "off", "否", "无", "×"}


def attribute_faults(
    schema: Schema, attributes: Mapping[str, Any], before: Mapping[str, Any] | None = None
) -> dict[str, str]:
    """What is wrong, by attribute key, in the reader's language; `before` are values that stand already and
    are not held against the writer (a tightened type blocks nobody)."""
    faults = {}
    for key, value in attributes.items():
        if value is None or (before is not None and key in before and same(before[key], value)):
            continue
        if key not in schema:
            faults[key] = _("This type has no attribute “%(key)s”.") % {"key": key}
        elif rule := broken_rule(schema[key], value):
            faults[key] = fault_message(schema[key], rule)
    for key, spec in schema.items():
        missing = spec.get("required") and attributes.get(key) is None
        if missing and (before is None or before.get(key) is not None):
            faults[key] = fault_message(spec, "required")
    return faults


def same(one: Any, other: Any) -> bool:
    """True if two JSON values are equal; true is not 1."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def broken_rule(spec: Mapping[str, Any], value: Any) -> str | None:
    """The first rule that the value breaks: kind, choice, pattern, minimum or maximum."""
    if not is_of_kind(spec["kind"], value):
        return "kind"
    if spec["kind"] == "choice" and value not in choice_labels(spec):
        return "choice"
    if isinstance(value, str) and "pattern" in spec and not re.fullmatch(spec["pattern"], value):
        return "pattern"
    if isinstance(value, int | float) and not isinstance(value, bool):
        if "minimum" in spec and value < spec["minimum"]:
            return "minimum"
        if "maximum" in spec and value > spec["maximum"]:
            return "maximum"
    return None


def is_of_kind(kind: str, value: Any) -> bool:
    """True if the JSON value is of the kind."""
    if kind in ("integer", "number"):
        return isinstance(value, int if kind == "integer" else (int, float)) and not isinstance(value, bool)
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "list":
        return isinstance(value, list) and all(isinstance(entry, str) for entry in value)
    return isinstance(value, str) and "\x00" not in value and _is_text_of_kind(kind, value)


def _is_text_of_kind(kind: str, text: str) -> bool:
    try:
        if kind == "date":
            return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text) and datetime.date.fromisoformat(text))
        if kind == "datetime":
            return "T" in text and parse_datetime(text) is not None
        if kind == "ip":
            return bool(ipaddress.ip_address(text)) and "%" not in text
    except ValueError:
        return False
    if kind == "mac":
        return bool(re.fullmatch(r"[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}", text))
    if kind == "url":
        return bool(re.fullmatch(r"[a-zA-Z][a-zA-Z0-9+.-]*://\S+", text))
    return True


def fault_message(spec: Mapping[str, Any], rule: str) -> str:
    """The broken rule as a sentence that names the attribute as its reader knows it."""
    words = {
        "kind": KIND_MESSAGES[spec["kind"]],
        "choice": _("must be one of: %(choices)s") % {"choices": ", ".join(choice_labels(spec))},
        "pattern": _("must have the form %(pattern)s") % {"pattern": spec.get("pattern", "")},
        "minimum": _("must be %(limit)s or more") % {"limit": spec.get("minimum")},
        "maximum": _("must be %(limit)s or less") % {"limit": spec.get("maximum")},
        "required": _("is required"),
    }
    return _("%(attribute)s %(claim)s.") % {"attribute": attribute_label(spec), "claim": words[rule]}


def attribute_label(spec: Mapping[str, Any]) -> str:
    """The attribute's label in the reader's language."""
    chinese = (get_language() or "").startswith("zh")
    return (spec.get("label_zh") if chinese else None) or spec["label"]


def choice_labels(spec: Mapping[str, Any]) -> dict[str, str]:
    """The allowed values of a choice with their labels in the reader's language."""
    chinese = (get_language() or "").startswith("zh")
    return {
        choice["value"]: (choice.get("label_zh") if chinese else None)
        or choice.get("label")
        or choice["value"]
        for choice in spec.get("choices", [])
    }


def in_order(schema: Schema) -> list[tuple[str, Mapping[str, Any]]]:
    """The attributes as forms and pages show them: inherited ones first, then by position."""
    return sorted(schema.items(), key=lambda entry: entry[1]["order"])


def from_text(spec: Mapping[str, Any], text: str) -> Any:
    """The JSON value that a text (a cell of a file, a form) stands for; None for an empty text.

    A text that stands for none comes back as it is, for `attribute_faults` to name.
    """
    text = text.strip()
    if not text:
        return None
    kind = spec["kind"]
    if kind in ("integer", "number"):
        return _number(text, whole=kind == "integer")
    if kind == "boolean":
        return True if text.lower() in TRUE_WORDS else False if text.lower() in FALSE_WORDS else text
    if kind == "list":
        return [entry.strip() for entry in re.split(r"[\n;；]", text) if entry.strip()]
    if kind == "choice":
        labels = {label.lower(): value for value, label in choice_labels(spec).items()}
        return text if text in choice_labels(spec) else labels.get(text.lower(), text)
    return text


def _number(text: str, *, whole: bool) -> Any:
    try:
        number = Decimal(text.replace(",", ""))
    except InvalidOperation:
        return text
    if not number.is_finite():
        return text
    if number == number.to_integral_value():
        return int(number)
    return text if whole else float(number)
