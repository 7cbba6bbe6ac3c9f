"""One check item on one CI over time: what people answered and what machines said, between its bounds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from cmdb.models import ConfigurationItem
from inspections.bounds import NUMERIC, Bounds, bounds_of
from inspections.models import Answer, MachineReading, TemplateItem
from inspections.severity import Severity
from inspections.sheet import as_text, shown_value

DRAWN = 2_000  # of each kind; more are not told apart on a screen
DAYS = (7, 30, 90, 365)


@dataclass(frozen=True)
class Point:
    """One value: by whom or what, how bad, and where it stands."""

    at: datetime
    value: Decimal | None
    shown: str
    severity: str
    who: str
    is_reading: bool
    key: int
    url: str = ""
    comment: str = ""

    @property
    def word(self) -> str:
        return str(Severity(self.severity).label)


@dataclass(frozen=True)
class Trend:
    """The item with its bounds on the CI today, and the points of a time, newest first."""

    ci: ConfigurationItem
    item: TemplateItem
    bounds: Bounds
    points: list[Point]
    is_cut: bool


def item_of(ci: ConfigurationItem, key: str) -> TemplateItem | None:
    """The item last answered on the CI under this key, else the newest published one. Two queries."""
    answers = Answer.objects.filter(ci=ci, item_key=key).select_related("item")
    answered = answers.order_by("-observed_at").first()
    if answered is not None:
        return answered.item
    published = TemplateItem.objects.filter(key=key, version__state="published", kind__in=NUMERIC)
    return published.order_by("-version__published_at", "-id").first()


def trend_of(ci: ConfigurationItem, item: TemplateItem, days: int, *, most: int = DRAWN) -> Trend:
    """The newest points of so many days. Three statements, each by an index that carries its order."""
    since = timezone.now() - timedelta(days=days)
    answers = list(answers_of(ci, item, since)[: most + 1])
    readings = list(readings_of(ci, item, since)[: most + 1])
    bounds = bounds_of([item], [ci.pk], timezone.localdate()).get((ci.pk, item.key), Bounds())
    points = [_of_answer(each, item) for each in answers[:most]]
    points += [_of_reading(each, item, bounds) for each in readings[:most]]
    points.sort(key=lambda point: (point.at, point.is_reading, point.key), reverse=True)
    return Trend(ci, item, bounds, points, len(answers) > most or len(readings) > most)


def answers_of(ci: ConfigurationItem, item: TemplateItem, since: datetime) -> QuerySet[Answer]:
    """Current answers, newest first; index inspections_answer_trend."""
    found = Answer.objects.current().filter(ci=ci, item_key=item.key, observed_at__gte=since)
    return found.select_related("item", "answered_by", "target__run").order_by("-observed_at")


def readings_of(ci: ConfigurationItem, item: TemplateItem, since: datetime) -> QuerySet[MachineReading]:
    """Readings of the item's metric, newest first; index inspections_reading_trend."""
    if item.kind != item.Kind.MACHINE:
        return MachineReading.objects.none()
    found = MachineReading.objects.filter(ci=ci, metric=item.metric or item.key, observed_at__gte=since)
    return found.select_related("source").order_by("-observed_at")


def _of_answer(answer: Answer, item: TemplateItem) -> Point:
    return Point(
        answer.observed_at, answer.value_number, shown_value(answer.item, answer), answer.severity,
        str(answer.answered_by), False, answer.pk,
        reverse("inspections:run", args=[answer.target.run.number]), answer.comment,
    )  # fmt: skip


def _of_reading(reading: MachineReading, item: TemplateItem, bounds: Bounds) -> Point:
    is_comparable = not reading.unit or not item.unit or reading.unit == item.unit
    if reading.value is None:
        shown = str(reading.get_problem_display())
    else:
        shown = f"{as_text(reading.value)} {reading.unit or item.unit}".strip()
    severity = bounds.grade(reading.value if is_comparable else None)
    value = reading.value if is_comparable else None
    return Point(reading.observed_at, value, shown, severity.value, str(reading.source), True, reading.pk)
