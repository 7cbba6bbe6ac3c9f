"""What days off do to the rounds of a plan: skipped, moved, held; and never twice at one time."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from inspections.actions import disable_plan, enable_plan, generate_runs
from inspections.models import CalendarDay, InspectionPlan
from inspections.slots import OffDays, parse_rule, planned_between, slots_between
from inspections.timetable import Timetable
from tests.factories import make_calendar, make_calendar_day, make_plan, make_user

SHANGHAI = "Asia/Shanghai"
# The National Day of 2026: off from Thursday the 1st to Wednesday the 7th, worked on Saturday the 10th.
OFF = {date(2026, 10, day) for day in range(1, 8)}


def is_workday(day):
    return day not in OFF and (day.isoweekday() < 6 or day == date(2026, 10, 10))


def at(month, day, hour=8, zone=SHANGHAI):
    return datetime(2026, month, day, hour, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def held(rule, off_day, start=date(2026, 9, 28), *, first=(9, 28), last=(10, 13), zone=SHANGHAI):
    off = OffDays(off_day, is_workday, start)
    every = slots_between(parse_rule(rule, start, time(8)), zone, at(*first, 0), at(*last, 0), off)
    return [f"{slot.astimezone(ZoneInfo(zone)):%m-%d}" for slot in every]


def test_daily_rounds_are_skipped_on_days_off_and_held_on_worked_saturdays():
    days = ["09-28", "09-29", "09-30", "10-08", "10-09", "10-10", "10-12"]
    assert held("FREQ=DAILY", "skip") == days
    # Moved, all of them land where there is a round already: one round, once.
    assert held("FREQ=DAILY", "next") == days
    assert held("FREQ=DAILY", "prev") == days
    assert len(held("FREQ=DAILY", "run")) == 15


def test_a_weekly_round_moves_to_the_nearest_workday():
    assert held("FREQ=WEEKLY;BYDAY=TH", "run") == ["10-01", "10-08"]
    assert held("FREQ=WEEKLY;BYDAY=TH", "skip") == ["10-08"]
    assert held("FREQ=WEEKLY;BYDAY=TH", "next") == ["10-08"], "both stand on the 8th: one round"
    assert held("FREQ=WEEKLY;BYDAY=TH", "prev") == ["09-30", "10-08"]
    assert held("FREQ=WEEKLY;BYDAY=FR", "next") == ["10-08", "10-09"]
    assert held("FREQ=WEEKLY;BYDAY=SA", "run")[0] == "10-03"
    assert held("FREQ=WEEKLY;BYDAY=SA", "next") == ["10-08", "10-10"], "the worked Saturday is no day off"


def test_no_round_is_moved_to_before_the_plan_began():
    start = date(2026, 10, 3)
    assert held("FREQ=WEEKLY;BYDAY=SA", "prev", start=start) == ["10-08", "10-10"]


def test_a_round_is_found_in_the_window_it_was_moved_to():
    """The day it was planned for may lie a week outside the window."""
    assert held("FREQ=MONTHLY;BYMONTHDAY=1", "next", first=(10, 7), last=(10, 9)) == ["10-08"]
    assert held("FREQ=MONTHLY;BYMONTHDAY=6", "prev", first=(9, 29), last=(10, 1)) == ["09-30"]


def test_a_holiday_without_end_skips():
    off = OffDays("next", lambda day: False, date(2026, 1, 1))
    rule = parse_rule("FREQ=DAILY", date(2026, 10, 1), time(8))
    slots = planned_between(rule, SHANGHAI, at(10, 1, 0), at(10, 3, 0), off)
    assert [slot.at for slot in slots] == [None, None]


@pytest.mark.parametrize("off_day", ["next", "prev"])
def test_a_moved_round_keeps_its_local_time_across_a_clock_change(off_day):
    """New York springs forward on Sunday 8 March 2026 and falls back on Sunday 1 November."""
    off = OffDays(off_day, lambda day: day.isoweekday() < 6, date(2026, 1, 1))
    rule = parse_rule("FREQ=WEEKLY;BYDAY=SU", date(2026, 1, 4), time(8))
    zone = ZoneInfo("America/New_York")
    for first, last in (((3, 3), (3, 11)), ((10, 27), (11, 4))):
        every = slots_between(rule, "America/New_York", at(*first, 0), at(*last, 0), off)
        assert [slot.astimezone(zone).hour for slot in every] == [8]
        assert every[0].astimezone(zone).isoweekday() == (1 if off_day == "next" else 5)


@settings(max_examples=60)
@given(
    off_day=st.sampled_from(["skip", "prev", "next", "run"]),
    rule=st.sampled_from(
        ["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=TH,SA", "FREQ=DAILY;BYHOUR=8,16", "FREQ=MONTHLY;BYMONTHDAY=-1"]
    ),
    cuts=st.lists(st.integers(0, 60 * 24), min_size=1, max_size=6),
)  # fmt: skip
def test_windows_side_by_side_give_every_round_once(off_day, rule, cuts):
    parsed = parse_rule(rule, date(2026, 9, 1), time(8))
    off = OffDays(off_day, is_workday, date(2026, 9, 1))
    start, end = at(9, 1, 0), at(9, 1, 0) + timedelta(days=60)
    whole = slots_between(parsed, SHANGHAI, start, end, off)
    edges = [start, *sorted(start + timedelta(hours=cut) for cut in cuts), end]
    pieces = [slots_between(parsed, SHANGHAI, a, b, off) for a, b in pairwise(edges)]
    assert [slot for piece in pieces for slot in piece] == whole
    assert len(whole) == len(set(whole))


def week_off(calendar, *, days):
    CalendarDay.objects.bulk_create(
        CalendarDay(calendar=calendar, on=day, kind="holiday") for day in days
    )  # fmt: skip


@pytest.mark.django_db
def test_the_runs_of_a_plan_follow_its_calendar():
    calendar = make_calendar(weekdays=[1, 2, 3, 4, 5, 6, 7])
    today = datetime.now(ZoneInfo(SHANGHAI)).date()
    week_off(calendar, days=[today - timedelta(days=n) for n in (3, 4, 5)])
    given = {"starts_on": today - timedelta(days=7), "calendar": calendar, "shift_start": time(0, 1)}
    skipping, moving = (make_plan(off_day=off_day, **given) for off_day in ("skip", "next"))
    generate_runs()
    for plan in (skipping, moving):
        days = [run.slot_at.astimezone(plan.zone).date() for run in plan.runs.order_by("slot_at")]
        ago = [(today - day).days for day in days]
        assert ago[:5] == [7, 6, 2, 1, 0]
        assert len(set(ago)) == len(ago)
    assert generate_runs().created == 0


@pytest.mark.django_db
def test_a_day_off_that_is_told_too_late_loses_no_round():
    """The workday before was over when the calendar learned of the day off: held as it was planned."""
    calendar = make_calendar(weekdays=[1, 2, 3, 4, 5, 6, 7])
    plan = make_plan(
        rrule="FREQ=WEEKLY;BYDAY=TH,FR", starts_on=date(2026, 9, 24), calendar=calendar, off_day="prev",
        shift_start=time(8), time_zone=SHANGHAI,
    )  # fmt: skip
    generate_runs(until=at(10, 1, 9), now=at(10, 1, 9))
    week_off(calendar, days=[date(2026, 10, 1), date(2026, 10, 2), date(2026, 9, 30)])
    generate_runs(until=at(10, 3), now=at(10, 3))
    days = [f"{run.slot_at.astimezone(plan.zone):%m-%d}" for run in plan.runs.order_by("slot_at")]
    assert days == ["09-24", "09-25", "10-01", "10-02"]
    assert generate_runs(until=at(10, 3), now=at(10, 3)).created == 0


@pytest.mark.django_db
def test_enabling_again_blames_nobody_for_the_day_before():
    """Enabled on a day off: the round of the day off is not moved to before the plan was enabled."""
    today = datetime.now(ZoneInfo(SHANGHAI)).date()
    calendar = make_calendar(weekdays=[1, 2, 3, 4, 5, 6, 7])
    week_off(calendar, days=[today, today + timedelta(days=1)])
    plan = make_plan(
        starts_on=today - timedelta(days=9), calendar=calendar, off_day="prev", shift_start=time(23, 59)
    )  # fmt: skip
    manager = make_user("reviewer")
    disable_plan(plan, by=manager, reason="moved house")
    plan = enable_plan(plan, by=manager)
    assert plan.enabled_at is not None
    generate_runs(until=datetime.now(UTC) + timedelta(days=3))
    first = plan.runs.order_by("slot_at").first()
    assert first.slot_at.astimezone(plan.zone).date() == today + timedelta(days=2)


@pytest.mark.django_db
def test_numbers_do_not_depend_on_when_they_are_asked_for():
    calendar = make_calendar()
    make_calendar_day(calendar=calendar, on=date(2026, 10, 1))
    plan = make_plan(starts_on=date(2026, 9, 1), calendar=calendar, off_day="skip", shift_start=time(8))
    table = Timetable(plan)
    slots = table.held(at(8, 31), at(11, 1))
    at_once = dict(zip(slots, table.numbers(slots), strict=True))
    assert [table.numbers([slot])[0] for slot in slots[-5:]] == [at_once[slot] for slot in slots[-5:]]
    assert list(at_once.values()) == list(range(len(slots)))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"off_day": "next"}, {"off_day": "wait"}, {"assign": "roster"}, {"assign": "lottery"},
        {"must_complete": "all", "assign": "claim"}, {"must_complete": "any"},
    ],
)  # fmt: skip
def test_the_database_refuses_plans_that_make_no_sense(wrong):
    plan = make_plan()
    with pytest.raises(IntegrityError), transaction.atomic():
        InspectionPlan.objects.filter(pk=plan.pk).update(**wrong)
