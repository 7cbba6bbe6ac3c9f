"""Workdays and working minutes, against a model that counts every single minute."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from inspections.models import WorkCalendar
from inspections.working_hours import Hours, add_working_minutes, hours_of, is_workday
from tests.factories import make_calendar, make_calendar_day

OFFICE = {"opens": time(9), "closes": time(18)}
CN_2026 = {date(2026, 2, 14): "workday", date(2026, 2, 16): "holiday", date(2026, 10, 10): "workday"}


def office(zone="Asia/Shanghai", days=None, weekdays=(1, 2, 3, 4, 5), **over):
    return Hours(ZoneInfo(zone), frozenset(weekdays), days=days or {}, **OFFICE | over)


def local(*parts, zone="Asia/Shanghai"):
    return datetime(*parts, tzinfo=ZoneInfo(zone))


def test_rows_of_the_calendar_outweigh_the_week():
    hours = office(days=CN_2026)
    assert hours.is_workday(date(2026, 2, 14)), "a Saturday that is worked"
    assert not hours.is_workday(date(2026, 2, 16)), "a Monday that is not"
    assert hours.is_workday(date(2026, 10, 10))
    assert not hours.is_workday(date(2026, 10, 11))
    assert hours.workday_from(date(2026, 2, 15), 1) == date(2026, 2, 17)
    assert hours.workday_from(date(2026, 2, 16), -1) == date(2026, 2, 14)


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        (local(2026, 11, 23, 10), 120, local(2026, 11, 23, 12)),
        (local(2026, 11, 23, 17), 120, local(2026, 11, 24, 10)),
        (local(2026, 11, 20, 17, 30), 60, local(2026, 11, 23, 9, 30)),  # Friday evening to Monday
        (
            local(2026, 11, 21, 3),
            0,
            local(2026, 11, 23, 9),
        ),  # nothing to wait for begins with the next workday
        (local(2026, 11, 23, 9), 9 * 60, local(2026, 11, 23, 18)),  # a whole day ends at its close
        (local(2026, 11, 23, 9), 9 * 60 + 1, local(2026, 11, 24, 9, 1)),
        (local(2026, 2, 13, 17), 120, local(2026, 2, 14, 10)),  # the worked Saturday counts
    ],
)
def test_working_minutes_run_in_working_hours_alone(start, minutes, end):
    assert office(days=CN_2026).add(start, minutes) == end


def counted(hours, start, minutes):
    """The slow way: walk through the minutes and count those that are worked."""
    at, done, step = start.astimezone(UTC), 0, timedelta(minutes=1)

    def worked(moment):
        wall = moment.astimezone(hours.zone)
        is_open = wall.time() >= hours.opens and (hours.closes == time(0) or wall.time() < hours.closes)
        return is_open and hours.is_workday(wall.date())

    while not worked(at):
        at += step
    while done < minutes:
        done += worked(at)
        at += step
    return at


@settings(max_examples=150, deadline=None)
@given(
    zone=st.sampled_from(["Asia/Shanghai", "America/New_York", "Asia/Kolkata"]),
    weekdays=st.sets(st.integers(1, 7), min_size=1),
    opens=st.sampled_from([time(0), time(8, 30), time(9)]),
    closes=st.sampled_from([time(0), time(12), time(17, 45)]),
    days=st.dictionaries(
        st.dates(date(2026, 3, 4), date(2026, 3, 14)), st.sampled_from(["holiday", "workday"]), max_size=6
    ),
    start=st.integers(0, 8 * 1440),  # around the clock change of New York on 8 March
    minutes=st.integers(0, 3000),
)
def test_it_agrees_with_counting_every_minute(zone, weekdays, opens, closes, days, start, minutes):
    hours = Hours(ZoneInfo(zone), frozenset(weekdays), opens, closes, days)
    begin = datetime(2026, 3, 4, tzinfo=UTC) + timedelta(minutes=start)
    assert hours.add(begin, minutes) == counted(hours, begin, minutes)


def test_an_odd_second_is_kept():
    start = local(2026, 11, 23, 10, 0, 42)
    assert office().add(start, 10) == start + timedelta(minutes=10)


@pytest.mark.django_db
def test_one_question_costs_one_query(django_assert_num_queries):
    calendar = make_calendar()
    make_calendar_day(calendar=calendar, on=date(2026, 11, 23))
    make_calendar_day(on=date(2026, 11, 24))  # of another calendar
    calendar = WorkCalendar.objects.get(pk=calendar.pk)
    with django_assert_num_queries(1):
        assert not is_workday(calendar, date(2026, 11, 23))
    with django_assert_num_queries(1):
        end = add_working_minutes(calendar, local(2026, 11, 20, 17), 120)
    assert end == local(2026, 11, 24, 10)
    assert hours_of(calendar).is_workday(date(2026, 11, 24))


def test_without_a_calendar_minutes_are_minutes():
    start = local(2026, 11, 21, 3)
    assert add_working_minutes(None, start, 90) == start + timedelta(minutes=90)
    assert is_workday(None, date(2026, 11, 22))


@pytest.mark.django_db
@pytest.mark.parametrize("weekdays", [[], 3, {"1": 1}, [0], [8], ["1"], None])
def test_a_week_without_workdays_is_refused_by_form_and_database(weekdays):
    calendar = make_calendar()
    calendar.weekdays = weekdays
    with pytest.raises(ValidationError):
        calendar.full_clean()
    with pytest.raises(DatabaseError), transaction.atomic():
        WorkCalendar.objects.filter(pk=calendar.pk).update(weekdays=weekdays)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE inspections_calendarday SET kind = 'sunday'",
        "UPDATE inspections_workcalendar SET closes = opens",
        "DELETE FROM inspections_workcalendar",
        'INSERT INTO inspections_calendarday (calendar_id, "on", kind, label, row_version)'  # noqa: ISC004
        " SELECT calendar_id, \"on\", 'workday', '', 1 FROM inspections_calendarday",
    ],
)
def test_the_database_keeps_calendars_in_shape(statement):
    make_calendar_day()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
