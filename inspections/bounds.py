"""The bounds that hold for an item on a CI on a day: the check list's, or those approved for this CI.

PostgreSQL grades answers by the same rule (sql/answer_v1.sql, sql/override_v1.sql); this is for showing, and
for grading series of readings.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from cmdb.models import ConfigurationItem
from inspections.models import Answer, TemplateItem, ThresholdOverride
from inspections.severity import Severity

NAMES = ("crit_low", "warn_low", "warn_high", "crit_high")
NUMERIC = (TemplateItem.Kind.NUMBER.value, TemplateItem.Kind.MACHINE.value)


@dataclass(frozen=True)
class Bounds:
    """Four thresholds, None where there is none; `override` is the id of the one they come from, if any."""

    crit_low: Decimal | None = None
    warn_low: Decimal | None = None
    warn_high: Decimal | None = None
    crit_high: Decimal | None = None
    override: int | None = None

    def grade(self, value: Decimal | None) -> Severity:
        """How bad a value is: `>=` high and `<=` low raise; no value, or NaN, is unknown."""
        if value is None or value.is_nan():
            return Severity.UNKNOWN
        if _reaches(value, self.crit_low, self.crit_high):
            return Severity.CRIT
        return Severity.WARN if _reaches(value, self.warn_low, self.warn_high) else Severity.OK

    def as_json(self) -> dict[str, str]:
        """Those that are set, as texts without trailing zeros, by field name."""
        found = {name: getattr(self, name) for name in NAMES}
        return {name: f"{value.normalize():f}" for name, value in found.items() if value is not None}


def _reaches(value: Decimal, low: Decimal | None, high: Decimal | None) -> bool:
    return (low is not None and value <= low) or (high is not None and value >= high)


def own_bounds(row: TemplateItem | ThresholdOverride, override: int | None = None) -> Bounds:
    """The four bounds of an item or of an override as they stand in its row."""
    return Bounds(row.crit_low, row.warn_low, row.warn_high, row.crit_high, override)


def used_bounds(answer: Answer) -> Bounds | None:
    """The bounds that PostgreSQL graded a number with, as they stand in the answer; None for other values."""
    if answer.value_number is None:
        return None
    used = {name: Decimal(text) for name, text in answer.bounds_used.items() if name in NAMES}
    return Bounds(**used, override=answer.bounds_used.get("override"))


def bounds_of(
    items: Iterable[TemplateItem], cis: Iterable[ConfigurationItem | int], on: date
) -> dict[tuple[int, str], Bounds]:
    """The bounds of each numeric item on each CI on the day `on`, by (CI id, item key). One statement.

    `cis` are rows or ids; items of other kinds are left out. Without an approved override in force the bounds
    are the item's own, and `override` is None.
    """
    numeric = [item for item in items if item.kind in NUMERIC]
    ids = [ci if isinstance(ci, int) else ci.pk for ci in cis]
    found = {(pk, item.key): own_bounds(item) for item in numeric for pk in ids}
    approved = (
        ThresholdOverride.objects.in_force(on)
        .filter(ci__in=ids, item_key__in={item.key for item in numeric})
        .filter(template__versions__in={item.version_id for item in numeric})
        .order_by("approved_at", "id")  # the one approved last counts
    )
    for override in approved:
        found[override.ci_id, override.item_key] = own_bounds(override, override.pk)
    return found
