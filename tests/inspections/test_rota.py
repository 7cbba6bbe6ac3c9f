"""Who is on duty, by shifts that may cross midnight."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction

from inspections.models import RosterEntry
from inspections.rota import on_duty
from tests.factories import make_roster_entry, make_shift, make_user

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(*parts, zone=SHANGHAI):
    return datetime(2026, 11, *parts, tzinfo=zone)


def test_a_night_shift_is_the_one_that_began_the_day_before():
    night = make_shift(starts=time(20), ends=time(8))
    monday = make_roster_entry(shift=night, on=date(2026, 11, 23))
    deputy = make_roster_entry(shift=night, on=date(2026, 11, 23), role="B")
    tuesday = make_roster_entry(shift=night, on=date(2026, 11, 24))
    assert on_duty(night, at(23, 19, 59)) == []
    assert on_duty(night, at(23, 20)) == [monday.user, deputy.user]
    assert on_duty(night, at(24, 7, 59)) == [monday.user, deputy.user]
    assert on_duty(night, at(24, 8)) == []
    assert on_duty(night, at(24, 20)) == [tuesday.user]


def test_a_day_is_that_of_the_shifts_own_zone(django_assert_num_queries):
    shift = make_shift(starts=time(0), ends=time(0), time_zone="America/New_York")
    duty = make_roster_entry(shift=shift, on=date(2026, 11, 23))
    with django_assert_num_queries(1):
        assert on_duty(shift, at(24, 12, 59)) == [duty.user]
    assert on_duty(shift, at(23, 12)) == [], "it is still the 22nd in New York"
    assert on_duty(shift, at(24, 13)) == []


def test_a_duty_is_held_once_and_by_two_people():
    duty = make_roster_entry()
    for again in (
        {"user": make_user("engineer")},
        {"user": duty.user, "role": "B"},
        {"user": make_user(), "role": "C"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            make_roster_entry(shift=duty.shift, on=duty.on, **again)


def test_another_person_takes_a_duty_for_a_reason_alone():
    duty, other = make_roster_entry(), make_user("engineer")
    with pytest.raises(IntegrityError), transaction.atomic():
        RosterEntry.objects.filter(pk=duty.pk).update(user=other)
    RosterEntry.objects.filter(pk=duty.pk).update(user=other, reason="ill")
    former = duty.user
    duty.refresh_from_db()
    assert (duty.user, duty.replaces) == (other, former)


@pytest.mark.parametrize(
    "change", ['"on" = "on" + 1', "role = 'B'", "replaces_id = user_id", "shift_id = shift_id + 1"]
)
def test_a_duty_keeps_its_place(change):
    duty = make_roster_entry()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE inspections_rosterentry SET {change} WHERE id = %s", [duty.pk])


def test_a_duty_of_today_stays_and_one_ahead_may_go():
    today, ahead = make_roster_entry(), make_roster_entry(on=date(2099, 1, 1))
    ahead.delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        today.delete()
