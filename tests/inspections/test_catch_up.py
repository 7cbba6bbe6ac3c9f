"""Thirty days without a scheduler, then two workers, each a process of its own, in the same moment."""

import subprocess
import sys
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.utils import timezone

from inspections.actions import generate_runs, set_members
from inspections.models import InspectionRun, RunTarget
from inspections.timetable import Timetable
from tests.factories import (
    make_calendar,
    make_calendar_day,
    make_item,
    make_plan,
    make_roster_entry,
    make_shift,
    make_user,
)
from tests.processes import environment

# A worker as it starts anywhere: it waits until the clock shows the moment, then makes what plans call for.
WORKER = """
import sys, time
import django
django.setup()
from django.db import connection
connection.ensure_connection()
from inspections.actions import generate_runs
time.sleep(max(0.0, float(sys.argv[1]) - time.time()))
done = generate_runs()
print(done.created, done.missed)
"""


def start_worker(moment):
    keys = environment() | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    keys.pop("DATABASE_OWNER_URL", None)
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(moment)], env=keys, cwd=settings.BASE_DIR, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def month_of_plans():
    """Four plans of thirty days: by CI, in turn with skipped days, by the rota at night, one run for each."""
    today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    start = today - timedelta(days=30)
    calendar = make_calendar()
    make_calendar_day(calendar=calendar, on=start + timedelta(days=4))
    night = make_shift(starts=time(20), ends=time(8))
    for day in range(31):
        make_roster_entry(shift=night, on=start + timedelta(days=day))
    people = [make_user("engineer") for _each in range(3)]
    given = {"starts_on": start, "shift_start": time(0, 1), "expires_minutes": 600, "opens_minutes": 0}
    plans = [
        make_plan(cis=[make_item(), make_item()], group_by="ci", **given),
        make_plan(calendar=calendar, off_day="skip", assign="rotation", **given),
        make_plan(assign="roster", shift=night, **given),
        make_plan(must_complete="all", calendar=calendar, off_day="next", **given),
    ]
    for plan in (plans[1], plans[3]):
        set_members(plan, people)
    return plans


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_processes_make_every_slot_once_and_a_second_run_adds_nothing():
    plans = month_of_plans()
    moment = timezone.now().timestamp() + 8
    workers = [start_worker(moment) for _each in range(2)]
    answers = [worker.communicate(timeout=120) for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], answers
    made = [int(out.split()[0]) for out, _err in answers]
    # Whoever a plan was locked for made all of it; what both passed over is made by the next call.
    made.append(generate_runs().created)
    runs = InspectionRun.objects.all()
    assert sum(made) == runs.count() > 0
    keys = list(runs.values_list("plan", "slot_at", "group_key"))
    assert len(keys) == len(set(keys))
    for plan, groups in zip(plans, (2, 1, 1, 3), strict=True):
        until = timezone.now() + timedelta(hours=24)
        slots = Timetable(plan).held(plan.begins_at - timedelta(microseconds=1), until)
        wanted = {(at, n) for at in slots for n in range(groups)}
        found = {}
        for at in plan.runs.values_list("slot_at", flat=True):
            found[at] = found.get(at, 0) + 1
        assert {(at, n) for at, count in found.items() for n in range(count)} == wanted
    past = runs.filter(expires_at__lte=timezone.now())
    assert past.count() >= 30
    assert set(past.values_list("state", flat=True)) == {"missed"}
    assert not runs.exclude(targets__isnull=False).exists()
    assert len(set(runs.values_list("number", flat=True))) == runs.count()
    targets = RunTarget.objects.count()
    again = generate_runs()
    assert (again.created, again.missed, RunTarget.objects.count()) == (0, 0, targets)


@pytest.mark.django_db
def test_what_is_caught_up_is_in_the_same_hands_as_what_was_made_in_time():
    in_time, late = (
        make_plan(
            starts_on=begins, shift_start=time(8), assign="rotation", time_zone="Asia/Shanghai",
            rrule="FREQ=WEEKLY;BYDAY=MO,WE,FR",
        )
        for begins in (date(2026, 9, 1), date(2099, 1, 1))  # the other waits its turn
    )  # fmt: skip
    people = [make_user("engineer") for _each in range(4)]
    for plan in (in_time, late):
        set_members(plan, people)
    start = datetime(2026, 9, 1, tzinfo=ZoneInfo("Asia/Shanghai"))
    for day in range(0, 60, 3):
        generate_runs(until=start + timedelta(days=day), now=start + timedelta(days=day))
    type(late).objects.filter(pk=late.pk).update(starts_on=date(2026, 9, 1))
    generate_runs(until=start + timedelta(days=57), now=start + timedelta(days=57))

    def hands(plan):
        return list(plan.runs.order_by("slot_at").values_list("slot_at", "assignee", "deputy"))

    assert hands(in_time) == hands(late)
    assert len(hands(late)) > 20
