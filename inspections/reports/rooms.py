"""The room environment (机房环境): what was measured in the rooms in which the devices stand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Avg, Count, Max, Min

from cmdb.models import ConfigurationItem
from inspections.models import Answer, InspectionRun, TemplateItem
from inspections.querysets import AnswerQuerySet
from inspections.reports.conclusion import TONE
from inspections.reports.rows import normal_of
from inspections.reports.shape import Record, moment
from inspections.severity import Severity
from inspections.sheet import shown_value

#: How long a room's own inspection still says how it is in the room.
VALID = timedelta(hours=24)
PLACES = ("site", "room")
MOST = 60


def environment(items: Iterable[ConfigurationItem], run: InspectionRun, zone: ZoneInfo) -> list[Record]:
    """What other runs measured last, within a day, in the rooms of these devices. One statement."""
    at = run.completed_at or run.slot_at
    around: set[int] = set()
    for here in items:
        around |= {here.pk, here.location_id or 0, (here.location and here.location.location_id) or 0}
    rooms = ConfigurationItem.objects.of_type(*PLACES).filter(pk__in=around - {0})
    measured = (
        Answer.objects.current()
        .filter(ci__in=rooms, value_number__isnull=False, observed_at__gt=at - VALID, observed_at__lte=at)
        .exclude(target__run=run)
        .select_related("ci", "item", "target__run")
        .order_by("ci_id", "item_key", "-observed_at", "-id")
        .distinct("ci_id", "item_key")
    )
    return [
        {
            "room": answer.ci.name,
            "item": str(answer.item),
            "shown": shown_value(answer.item, answer),
            "normal": normal_of(answer.item, answer),
            "result": answer.severity,
            "word": str(Severity(answer.severity).label),
            "tone": TONE[answer.severity],
            "at": moment(answer.observed_at, zone),
            "run": answer.target.run.number,
        }
        for answer in measured[:MOST]
    ]


def climate(answers: AnswerQuerySet) -> list[Record]:
    """Least, mean and greatest value of each measure of each room in a period. Two statements."""
    rooms = ConfigurationItem.objects.of_type(*PLACES)
    found = list(
        answers.filter(ci__in=rooms, value_number__isnull=False)
        .order_by("ci__name", "item_key")
        .values("ci__name", "item_key")
        .annotate(
            least=Min("value_number"), mean=Avg("value_number"), most=Max("value_number"),
            n=Count("pk"), item=Max("item"),
        )[:MOST]
    )  # fmt: skip
    items = TemplateItem.objects.in_bulk([row["item"] for row in found])
    return [_climate(row, items[row["item"]]) for row in found]


def _climate(row: dict[str, Any], item: TemplateItem) -> Record:
    shown = {name: f"{row[name]:.{max(item.decimals, 1)}f}" for name in ("least", "mean", "most")}
    return {
        "room": row["ci__name"], "item": str(item), "unit": item.unit, "count": row["n"],
        "normal": normal_of(item), **shown,
    }  # fmt: skip
