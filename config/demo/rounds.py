"""Thirty days of inspections: what was seen when, what was found, who fixed it and who looked again.

The rows are written now, as those of a phone that had no signal are: the times of the device are earlier.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from random import Random

from django.utils import timezone

from accounts.models import Team
from audit.context import because
from config.demo import people, readings, upkeep
from config.demo.people import Cast
from inspections.actions import (
    accept_risk,
    acknowledge_finding,
    cancel_run,
    disable_plan,
    ensure_starter_templates,
    generate_runs,
    mark_fixed,
    record_answers,
    return_run,
    save_plan,
    sign_run,
    start_fix,
    start_run,
    submit_run,
)
from inspections.models import (
    ChecklistTemplate,
    Finding,
    InspectionPlan,
    InspectionRun,
    Shift,
    WorkCalendar,
)
from inspections.workflow import RunState

DAYS = 30
INSPECTORS = ("engineer", "engineer4", "engineer2")
SERVERS = ["his-db-01", "his-db-02", "emr-db-01", "log-store-01"]
# Key, labels, check list, scope, rule, start of the shift, due and missed after so many minutes, team.
PLANS = (
    ("rooms", "Machine rooms, morning round", "机房早巡", "machine-room", {"type": "room", "name__startswith": "Machine"},
     "FREQ=DAILY", time(8), 120, 959, "facilities"),
    ("servers", "Critical servers, daily", "关键服务器日巡检", "server", {"name__in": SERVERS},
     "FREQ=DAILY", time(9), 540, 899, "systems"),
    ("databases", "Core databases, working days", "核心数据库工作日巡检", "database",
     {"type": "database", "name__in": ["his-db", "emr-db", "lis-db", "pacs-db"]},
     "FREQ=DAILY", time(9), 540, 899, "database"),
    ("network", "Core network, twice a week", "核心网络每周两次巡检", "network-device",
     {"type": "network_device", "name__startswith": "core"}, "FREQ=WEEKLY;BYDAY=MO,TH", time(10), 480, 839, "network"),
    ("rooms-evening", "Machine rooms, evening round", "机房晚巡", "machine-room",
     {"type": "room", "name__startswith": "Machine"}, "FREQ=DAILY", time(20), 180, 239, "facilities"),
)  # fmt: skip
SINCE = {"rooms-evening": 4}
# What else each plan says: days off, who makes it, for whom.
MORE: dict[str, dict[str, str]] = {
    "rooms": {"assign": "roster", "shift": "day", "client": "Linghu Regional Hospital 灵湖区医院"},
    "rooms-evening": {"assign": "roster", "shift": "night"},
    "servers": {"assign": "rotation"},
    "databases": {"calendar": "hospital", "off_day": "skip"},
    "network": {"calendar": "hospital", "off_day": "next", "assign": "claim"},
}
TURNS = ("engineer", "engineer2", "engineer3")
# Nobody came: (plan, days ago).
MISSED = {("rooms", 16), ("rooms", 9), ("servers", 23), ("rooms-evening", 3)}
LATE = {("rooms", 21), ("servers", 14), ("rooms", 5)}


def are_there() -> bool:
    return InspectionPlan.objects.filter(key="rooms").exists()


def make() -> None:
    cast, today = people.cast(), timezone.localdate()
    ensure_starter_templates()
    with because(reason="Plans of the house 制定巡检计划", user=cast.reviewer):
        plans(today, cast)
    # As the scheduler would have stood thirty days ago: nothing is missed before its time has been told.
    first = at(today - timedelta(days=DAYS), time(0))
    generate_runs(now=first, until=at(today + timedelta(days=1), time(23)))
    chance = Random(22)  # noqa: S311 (the same month every time)
    runs: dict[date, list[InspectionRun]] = {}
    for run in InspectionRun.objects.select_related("plan", "version").order_by("slot_at", "pk"):
        runs.setdefault(timezone.localdate(run.slot_at), []).append(run)
    for ago in range(DAYS, 0, -1):
        for run in runs.get(today - timedelta(days=ago), ()):
            if (run.plan.key, ago) not in MISSED:
                inspect(run, cast, chance, ago)
        follow_up(cast, today, ago)
    generate_runs()
    today_and_tomorrow(runs, today, cast, chance)
    unused(cast, today)
    upkeep.overrides(cast, today)


def at(day: date, moment: time) -> datetime:
    return timezone.make_aware(datetime.combine(day, moment))


def plans(today: date, cast: Cast) -> None:
    linked = {"shift": Shift.objects.in_bulk(field_name="key")}
    linked["calendar"] = WorkCalendar.objects.in_bulk(field_name="key")
    templates = ChecklistTemplate.objects.in_bulk(field_name="key")
    teams = Team.objects.in_bulk(field_name="key")
    for key, label, zh, template, scope, rule, start, due, expires, team in PLANS:
        plan = InspectionPlan(
            key=key, label=label, label_zh=zh, template=templates[template], scope=scope, rrule=rule,
            starts_on=today - timedelta(days=SINCE.get(key, DAYS)), shift_start=start,
            opens_minutes=-60 * start.hour, due_minutes=due, expires_minutes=expires, team=teams[team],
        )  # fmt: skip
        for name, value in MORE[key].items():
            setattr(plan, name, linked[name][value] if name in linked else value)
        plan.owner = cast.reviewer
        turns = [cast[name] for name in TURNS] if plan.assign == plan.Assign.ROTATION else []
        save_plan(plan, by=cast.reviewer, members=turns)


def inspect(run: InspectionRun, cast: Cast, chance: Random, ago: int) -> None:
    """The run is filled in and handed in; all but yesterday's are signed, one is sent back first."""
    who = cast[INSPECTORS[ago % len(INSPECTORS)]]
    began = run.slot_at + timedelta(minutes=chance.randrange(5, 40))
    if (run.plan.key, ago) in LATE:
        began = run.due_at + timedelta(minutes=50)
    run = start_run(run, by=who)
    answers = readings.of(run, began, chance, ago) + upkeep.labels(run, began, ago)
    record_answers(run, answers, by=who)
    run = submit_run(run, by=who, completed_at=began + timedelta(minutes=25))
    if ago == 1:
        if run.plan.key == "servers":
            return_run(run, by=cast.reviewer, comment="Which log? Add its name 请注明是哪个日志")
        return
    sign_run(run, by=cast.reviewer, comment="" if ago % 5 else "Read in the weekly meeting 周例会已通报")


def follow_up(cast: Cast, today: date, ago: int) -> None:
    """What became of the findings on that day."""
    evening = at(today - timedelta(days=ago), time(17, 30))
    for ci, item, days, deed, comment in readings.FIXES:
        if days != ago:
            continue
        finding = Finding.objects.unclosed().filter(ci__name=ci, item_key=item).first()
        if finding is None:
            continue
        if deed == "fixed":
            seen = finding.last_answer.observed_at if finding.last_answer else finding.opened_at
            fixed_at = max(evening, seen + timedelta(minutes=20))
            mark_fixed(finding, by=cast.engineer3, comment=comment, at=fixed_at)
        elif deed == "taken":
            acknowledge_finding(finding, by=cast.engineer4, comment=comment)
        elif deed == "fixing":
            start_fix(acknowledge_finding(finding, by=cast.engineer4), by=cast.engineer4, comment=comment)
        else:
            until = today + timedelta(days=45)
            finding = acknowledge_finding(finding, by=cast.engineer4)
            accept_risk(finding, by=cast.reviewer, until=until, comment=comment)


def today_and_tomorrow(
    runs: dict[date, list[InspectionRun]], today: date, cast: Cast, chance: Random
) -> None:
    """One run is half filled in, the others wait; one of tomorrow's is called off."""
    by_key = {run.plan.key: run for run in current(runs.get(today, ()))}
    half = by_key.get("servers")
    if half is not None and half.state in (RunState.OPEN, RunState.SCHEDULED):
        answers = readings.of(half, timezone.now() - timedelta(minutes=20), chance, 0)
        record_answers(half, answers[: len(answers) // 2], by=cast.engineer)
    for run in current(runs.get(today + timedelta(days=1), ())):
        if run.plan.key == "rooms-evening":
            cancel_run(run, by=cast.reviewer, reason="The power drill takes its place 与停电演练合并")


def current(runs: Iterable[InspectionRun]) -> Iterable[InspectionRun]:
    return InspectionRun.objects.select_related("plan").filter(pk__in=[run.pk for run in runs])


def unused(cast: Cast, today: date) -> None:
    """A plan that was stopped, with who and why."""
    template = ChecklistTemplate.objects.get(key="network-device")
    plan = InspectionPlan.objects.create(
        key="closets", label="Wiring closets, monthly", label_zh="弱电间月度巡检", template=template,
        scope={"type": "network_device", "name__startswith": "sw-"}, rrule="FREQ=MONTHLY",
        starts_on=today + timedelta(days=20),
    )  # fmt: skip
    disable_plan(plan, by=cast.reviewer, reason="The closets are being rebuilt 弱电间改造中")
