"""What a text typed into a plan stands for: labels and keys become the values that the field holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import Team
from changes.models.plan import column_label
from cmdb.attributes import from_text
from cmdb.models import CIAttribute, ConfigurationItem

INSIDE = "attributes."
COLUMNS = (
    "lifecycle_stage", "environment", "criticality", "owner_team_id", "location_id", "serial", "primary_ip",
    "name", "description",
)  # fmt: skip


def fields_known() -> list[tuple[str, Any]]:
    """The fields that a plan can change, by name and in words, as choices in two groups. One query."""
    attributes: dict[str, str] = {}
    for each in CIAttribute.objects.order_by("key", "id"):
        attributes.setdefault(each.key, str(each))
    shared = {label for label, n in Counter(attributes.values()).items() if n > 1}
    inside = [
        (f"{INSIDE}{key}", f"{label} ({key})" if label in shared else label)
        for key, label in attributes.items()
    ]
    return [
        ("", "—"),
        (_("Fields of every item"), [(name, column_label(name)) for name in COLUMNS]),
        (_("Attributes"), sorted(inside, key=lambda each: each[1])),
    ]


def column_value(name: str, text: str) -> Any:
    """The column's value; teams by key or label, places as type:name, choices by value or label.

    Raises ValidationError for a text that stands for nothing. At most one query.
    """
    text = text.strip()
    if name == "owner_team_id":
        return _team(text)
    if name == "location_id":
        return _place(text)
    column = ConfigurationItem._meta.get_field(name)
    if not text:
        return None if column.null else ""
    for value, label in column.flatchoices or ():
        if text.lower() in (str(value).lower(), str(label).lower()):
            return value
    return text


def _team(text: str) -> int | None:
    if not text:
        return None
    found = Team.objects.filter(Q(key=text) | Q(label__iexact=text) | Q(label_zh=text)).first()
    if found is None:
        raise forms.ValidationError(_("There is no team “%(team)s”.") % {"team": text})
    return found.pk


def _place(text: str) -> int | None:
    if not text:
        return None
    try:
        return ConfigurationItem.objects.by_address(text).pk
    except ConfigurationItem.DoesNotExist:
        words = {"address": text}
        raise forms.ValidationError(
            _('There is no item "%(address)s". Write it as type:name, for example host:db01.') % words
        ) from None


def attribute_value(schema: Mapping[str, Any], name: str, text: str) -> Any:
    """The attribute's value by the type's schema; an empty text takes it away."""
    return from_text(schema.get(name.removeprefix(INSIDE), {"kind": "text"}), text)


def attributes_from(text: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The lines "key = value" as attributes. Raises ValidationError naming the line that is none."""
    found = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals or not key:
            raise forms.ValidationError(
                _("“%(line)s” is no line of the form key = value.") % {"line": line[:60]}
            )
        found[key] = attribute_value(schema, key, value)
    return {key: value for key, value in found.items() if value is not None}
