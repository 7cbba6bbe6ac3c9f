"""Computing the risk of a change: its answers, what the record knows, and the highest of all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, DateTimeField, F, Func, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import User
from changes.collisions import maintenance_misses
from changes.models import (
    AssessmentPolicy,
    ChangeRequest,
    RiskQuestion,
    RiskThreshold,
    TestRun,
    WorkingHours,
)
from changes.models.request import ItemImpact
from changes.risk import RiskInput, highest, level_for
from changes.workflow import Outcome, State
from cmdb.impact import Impact, impact_of
from cmdb.models import ConfigurationItem

GOOD = (Outcome.SUCCESSFUL, Outcome.SUCCESSFUL_WITH_ISSUES)
BAD = (Outcome.FAILED, Outcome.ROLLED_BACK)
YEAR = timedelta(days=365)
# A window of weeks meets working hours anyhow.
DAYS_LOOKED_AT = 14


def compute_risk(change: ChangeRequest, by: User | None, data: Mapping[str, Any]) -> None:
    """Risk stands on the change with the questions as they were, each input, its level and what it saw."""
    answers = data.get("risk_answers") or change.risk_inputs.get("answers") or {}
    change.risk_inputs = assess(change, answers)
    change.risk = change.risk_inputs["level"]
    change.save(update_fields=["risk", "risk_inputs"])


def assess(change: ChangeRequest, answers: Mapping[str, str]) -> dict[str, Any]:
    """What `compute_risk` would store: {answers, questions, thresholds, inputs, level}. Writes nothing."""
    questions = list(RiskQuestion.objects.asked_of(change.kind))
    bounds = {row.measure: row for row in RiskThreshold.objects.all()}
    inputs = computed_inputs(change, bounds)
    for question in questions:
        answer = answers.get(question.key, "")
        inputs[question.key] = RiskInput(answer, question.level(answer) or "medium", {})  # unknown is not low
    # A critical item that goes down for long, or has no sure way back, is more than the sum of its parts.
    hard = inputs["no_return"].value or answers.get("rollback") == "hard"
    if inputs["criticality"].value == 4 and (change.downtime_minutes > 60 or hard):
        inputs["critical_item"] = RiskInput(True, "very_high", inputs["criticality"].about)
    asked = {question.key for question in questions}
    return {
        "answers": {key: answer for key, answer in answers.items() if key in asked},
        "questions": [question.as_json() for question in questions],
        "thresholds": {
            key: [row.medium_from, row.high_from, row.very_high_from] for key, row in bounds.items()
        },
        "inputs": {key: each.as_json() for key, each in inputs.items()},
        "level": highest(each.level for each in inputs.values()),
    }


def computed_inputs(change: ChangeRequest, bounds: Mapping[str, RiskThreshold]) -> dict[str, RiskInput]:
    """Each input that OpsLedger finds out by itself. About ten queries, and those of the impact."""
    items = changed_items(change)
    impact = impact_of([item.pk for item in items])
    worst = _most_critical(items, impact)
    hours = minutes_in_working_hours(change)
    measured: dict[str, tuple[int, dict[str, Any]]] = {
        "criticality": worst,
        "affected": (
            impact.total,
            {name: len(getattr(impact, name)) for name in ("down", "degraded", "informed")},
        ),
        "downtime_minutes": (change.downtime_minutes, {}),
        "working_hours": (min(hours, change.downtime_minutes), {"overlap": hours}),
        "precedents": precedents(change, items),
        "failures": failures(change, items),
        "outside_maintenance": outside_maintenance(change),
    }
    found = {
        key: RiskInput(value, level_for(key, value, bounds.get(key)), about)
        for key, (value, about) in measured.items()
    }
    # A rehearsal is asked for where it counts: losing a critical item with an untried way back.
    rehearsed = change.test_runs.filter(
        purpose=TestRun.Purpose.REHEARSAL, has_passed=True, plan_hash=change.plan_hash
    ).exists()
    found["rehearsal"] = RiskInput(rehearsed, "low" if rehearsed or worst[0] < 3 else "medium", {})
    final = change.stages.filter(is_point_of_no_return=True).first()
    found["no_return"] = RiskInput(
        final is not None, "high" if final else "low", {"stage": final.label} if final else {}
    )
    return found


def changed_items(change: ChangeRequest) -> list[ConfigurationItem]:
    """The items that the change changes. One query."""
    rows = ConfigurationItem.objects.filter(
        change_items__change=change, change_items__impact=ItemImpact.MANUAL
    )
    return list(rows.select_related("type").order_by("pk"))


def _most_critical(items: list[ConfigurationItem], impact: Impact) -> tuple[int, dict[str, Any]]:
    own = [(item.criticality, item.address) for item in items]
    hit = [(row.criticality, row.address) for row in (*impact.down, *impact.degraded)]
    value, address = max([*own, *hit], key=lambda each: each[0], default=(1, ""))
    return value, {"item": address}


class _End(Func):
    function = "upper"
    output_field = DateTimeField()


# Imported changes end with their window; the day they were taken over says nothing.
ENDED_AT = Coalesce(F("actual_end_at"), _End(F("window")), F("state_since_at"), output_field=DateTimeField())


def _ended(change: ChangeRequest) -> Any:
    others = ChangeRequest.objects.filter(state=State.CLOSED).exclude(pk=change.pk)
    return others.annotate(ended_at=ENDED_AT)


def precedents(change: ChangeRequest, items: list[ConfigurationItem]) -> tuple[int, dict[str, Any]]:
    """How many changes of the same items, or of items of the same types, succeeded within a year."""
    since = timezone.now() - YEAR
    own = Q(change_items__item__in=items)
    alike = Q(change_items__item__type__in={item.type_id for item in items})
    counted = _ended(change).filter(
        own | alike, change_items__impact=ItemImpact.MANUAL, outcome__in=GOOD, ended_at__gte=since
    ).aggregate(all=Count("pk", distinct=True), own=Count("pk", filter=own, distinct=True))  # fmt: skip
    types = sorted({item.type.key for item in items})
    return counted["all"], {"same_items": counted["own"], "types": types}


def failures(change: ChangeRequest, items: list[ConfigurationItem]) -> tuple[int, dict[str, Any]]:
    """How many changes of these items failed or were rolled back lately; about the worst item of them."""
    days = look_back_days(change.kind)
    lately = _ended(change).filter(
        change_items__item__in=items, change_items__impact=ItemImpact.MANUAL,
        ended_at__gte=timezone.now() - timedelta(days=days), outcome__in=(*GOOD, *BAD),
    )  # fmt: skip
    failed = lately.filter(outcome__in=BAD).values("pk").distinct().count()
    worst = (
        lately.values("change_items__item")
        .annotate(all=Count("pk", distinct=True), bad=Count("pk", filter=Q(outcome__in=BAD), distinct=True))
        .order_by("-bad", "change_items__item")
        .first()
    )
    if not failed or worst is None:
        return 0, {"days": days}
    address = next(item.address for item in items if item.pk == worst["change_items__item"])
    return failed, {"days": days, "failed": worst["bad"], "of": worst["all"], "item": address}


def look_back_days(kind: str) -> int:
    found = AssessmentPolicy.objects.filter(kind=kind).values_list("look_back_days", flat=True).first()
    return 90 if found is None else found


def outside_maintenance(change: ChangeRequest) -> tuple[int, dict[str, Any]]:
    """How many items have maintenance windows of which none holds the window; about the first of them."""
    missed = maintenance_misses(change, change.window)
    if not missed:
        return 0, {"has_window": change.window is not None and not change.window.isempty}
    opens = missed[0].opens
    about = {"item": missed[0].item.address, "more": len(missed) - 1}
    return len(missed), about | ({"opens": opens[0][0].isoformat()} if opens else {})


def minutes_in_working_hours(change: ChangeRequest) -> int:
    """Minutes of the window that fall within working hours, in the organisation's time zone."""
    window = change.window
    if window is None or window.isempty or window.lower is None or window.upper is None:
        return 0
    hours = {row.day: (row.starts_at, row.ends_at) for row in WorkingHours.objects.all()}
    zone = timezone.get_default_timezone()
    start, end = window.lower.astimezone(zone), window.upper.astimezone(zone)
    total = timedelta()
    for ahead in range(min((end.date() - start.date()).days, DAYS_LOOKED_AT) + 1):
        day: date = start.date() + timedelta(days=ahead)
        if day.isoweekday() not in hours:
            continue
        opens, closes = (_at(day, each, zone) for each in hours[day.isoweekday()])
        total += max(min(end, closes) - max(start, opens), timedelta())
    return round(total.total_seconds() / 60)


def _at(day: date, moment: time, zone: Any) -> datetime:
    return datetime.combine(day, moment, tzinfo=zone)
