"""Which items of a check list apply to which CIs."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import IntegerField, QuerySet, Value
from django.utils.translation import gettext as _

from cmdb.models import ConfigurationItem
from inspections.models import TemplateItem

logger = logging.getLogger(__name__)


def matching_cis(condition: dict[str, Any]) -> QuerySet[ConfigurationItem]:
    """Live CIs that an item with this condition applies to. Raises ValidationError for an unknown one."""
    return ConfigurationItem.objects.live().matching(condition)


def skipped_items_of(items: Iterable[TemplateItem], cis: Sequence[int]) -> dict[int, list[str]]:
    """Keys of the items that do not apply, by CI id; CIs to which all apply are absent.

    One statement, or none where no item has a condition. A condition that can no longer be read skips
    nothing: what is asked needlessly is seen, what is silently left out is not.
    """
    conditional = [item for item in items if item.applies_if]
    conditions = {_as_text(item.applies_if): item.applies_if for item in conditional}
    branches = []
    readable: list[str] = []
    for text, condition in conditions.items():
        try:
            branch = ConfigurationItem.objects.filter(pk__in=cis).matching(condition)
        except (ValidationError, TypeError, ValueError):
            logger.exception("The condition %s of a check list cannot be read; its items are asked", text)
            continue
        numbered = branch.order_by().annotate(n=Value(len(readable), output_field=IntegerField()))
        branches.append(numbered.values_list("n", "pk"))
        readable.append(text)
    if not branches or not cis:
        return {}
    found = branches[0].union(*branches[1:], all=True) if len(branches) > 1 else branches[0]
    fits = {(readable[n], pk) for n, pk in found}
    skipped: dict[int, list[str]] = defaultdict(list)
    for item in conditional:
        text = _as_text(item.applies_if)
        if text in readable:
            for pk in cis:
                if (text, pk) not in fits:
                    skipped[pk].append(item.key)
    return dict(skipped)


def _as_text(condition: dict[str, Any]) -> str:
    return json.dumps(condition, sort_keys=True)


def in_words(condition: dict[str, Any]) -> list[str]:
    """The parts of a filter of configuration items as a reader says them, for example "criticality ≥ 3"."""
    return [_part_in_words(key, value) for key, value in condition.items()]


def _part_in_words(key: str, value: Any) -> str:
    base, _sep, lookup = key.partition("__")
    words = {
        "type": _("type"), "location": _("location"), "id": _("number"), "name": _("name"),
        "serial": _("serial number"), "environment": _("environment"), "criticality": _("criticality"),
        "lifecycle_stage": _("lifecycle stage"), "owner_team": _("owner team"),
    }  # fmt: skip
    signs = {"": "=", "in": "=", "gte": "≥", "lte": "≤"}
    sign = signs.get(lookup) or (_("begins with") if lookup.endswith("startswith") else _("contains"))
    shown = _(" or ").join(str(each) for each in value) if isinstance(value, list) else str(value)
    return f"{words.get(base, base.removeprefix('attributes.'))} {sign} {shown}"
