"""One inspection of items that were just changed, by the check list that fits each of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from audit.context import because
from cmdb.models import CIType, ConfigurationItem
from inspections import reasons
from inspections.actions.generation import generate_runs
from inspections.models import ChecklistTemplate, InspectionPlan, InspectionRun
from inspections.workflow import VersionState

ZONE = "Asia/Shanghai"
OPEN_FOR = timedelta(hours=24)


@dataclass(frozen=True)
class Scheduled:
    """The runs that were made, and the items for which no published check list fits."""

    runs: list[InspectionRun]
    without: list[ConfigurationItem]


def fitting_template(item_type: CIType) -> ChecklistTemplate | None:
    """The published check list for the type, else for the nearest type above it; None where there is none."""
    published = ChecklistTemplate.objects.filter(versions__state=VersionState.PUBLISHED)
    step: CIType | None = item_type
    while step is not None:
        if (found := published.filter(ci_type=step).order_by("key").first()) is not None:
            return found
        step = step.parent
    return None


def inspect_once(
    items: Iterable[ConfigurationItem],
    *,
    key: str,
    label: str,
    label_zh: str,
    template: ChecklistTemplate | None = None,
    now: datetime | None = None,
) -> Scheduled:
    """Each item stands in one run within the hour, by `template`, else the check list that fits its type;
    once for a `key`.

    A run belongs to a plan that recurs once and makes no other. Items without a fitting published check list
    are named in the answer, and nothing is made for them.
    """
    now = now or timezone.now()
    start = (now.astimezone(ZoneInfo(ZONE)) + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
    by_template: dict[ChecklistTemplate, list[ConfigurationItem]] = defaultdict(list)
    without: list[ConfigurationItem] = []
    fits: dict[int, ChecklistTemplate | None] = {}
    for item in items:
        if item.type_id not in fits:
            fits[item.type_id] = fitting_template(item.type)
        fitting = template or fits[item.type_id]
        by_template[fitting].append(item) if fitting else without.append(item)
    plans = []
    with transaction.atomic(), because(reasons.AFTER_CHANGE):
        for chosen, mine in by_template.items():
            plan, _created = InspectionPlan.objects.get_or_create(
                key=f"{key}-{chosen.pk}"[:50],
                defaults={
                    "label": label, "label_zh": label_zh, "template": chosen, "time_zone": ZONE,
                    "scope": {"id__in": sorted(item.pk for item in mine)}, "rrule": "FREQ=DAILY;COUNT=1",
                    "starts_on": start.date(), "shift_start": start.time(), "opens_minutes": -60,
                    "due_minutes": 240, "expires_minutes": int(OPEN_FOR.total_seconds() // 60),
                },
            )  # fmt: skip
            plans.append(plan)
    generate_runs(until=now + timedelta(hours=2), now=now)
    return Scheduled(list(InspectionRun.objects.filter(plan__in=plans).order_by("number")), without)
