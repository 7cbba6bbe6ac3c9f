"""What one version of a check list has that another has not, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Field
from django.utils.translation import gettext as _

from accounts.labelled import in_active_language
from inspections.models import TemplateItem
from inspections.scope import in_words
from inspections.severity import Severity

UNLIKE = {"id", "version", "row_version", "position", "key"}
FIELDS: list[Field] = [field for field in TemplateItem._meta.concrete_fields if field.name not in UNLIKE]


@dataclass(frozen=True)
class FieldDifference:
    """One setting of an item, before and after, as its reader knows it."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class ItemDifference:
    """An item that both versions have, and how they differ."""

    item: TemplateItem
    fields: list[FieldDifference]


@dataclass(frozen=True)
class Comparison:
    """What the later version adds, leaves out and asks differently; `is_reordered`: in another order."""

    added: list[TemplateItem] = field(default_factory=list)
    removed: list[TemplateItem] = field(default_factory=list)
    changed: list[ItemDifference] = field(default_factory=list)
    is_reordered: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.removed or self.changed or self.is_reordered)


def compare_items(old: Iterable[TemplateItem], new: Iterable[TemplateItem]) -> Comparison:
    """The differences between two lists of items, which are the same item where their keys are."""
    before, after = ({item.key: item for item in each} for each in (old, new))
    changed = [
        ItemDifference(after[key], fields)
        for key in after
        if key in before and (fields := differing_fields(before[key], after[key]))
    ]
    common = [[key for key in one if key in other] for one, other in ((before, after), (after, before))]
    return Comparison(
        [after[key] for key in after if key not in before],
        [before[key] for key in before if key not in after],
        changed,
        common[0] != common[1],
    )


def differing_fields(old: TemplateItem, new: TemplateItem) -> list[FieldDifference]:
    """The settings in which two items differ; 85 and 85.0 do not."""
    return [
        FieldDifference(
            str(each.verbose_name).capitalize(), shown_setting(old, each), shown_setting(new, each)
        )
        for each in FIELDS
        if each.value_from_object(old) != each.value_from_object(new)
    ]


def shown_setting(item: TemplateItem, setting: Field) -> str:
    """One setting of an item in words; empty where it says nothing."""
    value = setting.value_from_object(item)
    if setting.name == "choices":
        return "; ".join(shown_choice(choice) for choice in value)
    if setting.name == "applies_if":
        return "; ".join(in_words(value))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if setting.choices and value:
        return str(getattr(item, f"get_{setting.name}_display")())
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return "" if value is None else str(value)


def shown_choice(choice: dict[str, Any]) -> str:
    """A choice with how bad it is, for example "Degraded: critical"."""
    label = in_active_language(choice.get("label") or choice["value"], choice.get("label_zh", ""))
    return f"{label}: {Severity(choice['severity']).label}"
