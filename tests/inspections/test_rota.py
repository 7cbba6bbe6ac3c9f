"""Who is on duty, by shifts that may cross midnight."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from accounts.models import Notice
from accounts.roles import RightMissing
from inspections.actions import fill_rota, give_duty, load_rota, remove_duty, swap_duties
from inspections.guards import Refused
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


def day(n):
    return date(2099, 3, n)


def rota_of(shift):
    return [(e.on.day, e.role, e.user) for e in shift.roster.order_by("on", "role")]


def test_the_rota_is_filled_in_turn_and_what_stands_stays():
    shift, (one, two, three) = make_shift(), [make_user("engineer") for _each in range(3)]
    manager = make_user("reviewer")
    make_roster_entry(shift=shift, on=day(2), user=three)
    assert fill_rota(shift, [one, two, three], first=day(1), last=day(3), by=manager) == 5
    assert rota_of(shift) == [
        (1, "A", one), (1, "B", two), (2, "A", three), (2, "B", one), (3, "A", three), (3, "B", one),
    ]  # fmt: skip
    assert fill_rota(shift, [one, two, three], first=day(1), last=day(3), by=manager) == 0
    weekly = make_shift(has_deputy=False)
    fill_rota(weekly, [one, two], first=day(1), last=day(6), by=manager, days_each=3)
    assert [user for _on, _role, user in rota_of(weekly)] == [one, one, one, two, two, two]


def test_filling_costs_the_same_for_a_week_and_a_year(django_assert_max_num_queries):
    people, manager = [make_user("engineer") for _each in range(4)], make_user("reviewer")
    with django_assert_max_num_queries(12):
        assert fill_rota(make_shift(), people, first=day(1), last=date(2100, 2, 28), by=manager) == 730


def test_a_fill_without_sense_is_refused_in_words():
    shift, manager, engineer = make_shift(), make_user("reviewer"), make_user("engineer")
    for people, last in (([], day(2)), ([engineer], date(2099, 2, 1)), ([engineer], date(2101, 1, 1))):
        with pytest.raises(ValidationError):
            fill_rota(shift, people, first=day(1), last=last, by=manager)
    with pytest.raises(RightMissing):
        fill_rota(shift, [engineer], first=day(1), last=day(2), by=engineer)


def test_people_swap_their_own_duties_and_both_are_told():
    shift = make_shift()
    monday, tuesday = make_roster_entry(shift=shift, on=day(2)), make_roster_entry(shift=shift, on=day(3))
    swap_duties(monday, tuesday, by=monday.user, reason="a wedding")
    assert [user for _on, _role, user in rota_of(shift)] == [tuesday.user, monday.user]
    told = {notice.person for notice in Notice.objects.filter(kind="inspections.rota")}
    assert told == {tuesday.user}, "who did it knows"
    with pytest.raises(Refused) as refused:
        give_duty(monday, to=make_user("engineer"), by=make_user("engineer"), reason="x")
    assert {each.code for each in refused.value.refusals} == {"right"}
    with pytest.raises(Refused) as refused:
        give_duty(monday, to=make_user("auditor"), by=make_user("reviewer"), reason=" ")
    assert {each.code for each in refused.value.refusals} == {"cannot", "reason"}


def test_a_and_b_change_places_in_one_statement():
    shift = make_shift()
    a, b = make_roster_entry(shift=shift, on=day(2)), make_roster_entry(shift=shift, on=day(2), role="B")
    give_duty(a, to=b.user, by=make_user("reviewer"), reason="B knows the room")
    assert rota_of(shift) == [(2, "A", b.user), (2, "B", a.user)]
    with pytest.raises(Refused):
        remove_duty(make_roster_entry(), by=make_user("reviewer"))
    remove_duty(a, by=make_user("reviewer"))
    assert shift.roster.count() == 1


def test_a_rota_out_of_a_file_all_or_nothing():
    shift, manager = make_shift(), make_user("reviewer")
    one, two = make_user("engineer", display_name="王伟"), make_user("engineer")
    text = f"日期,人员,角色\n2099/3/1,王伟,A角\n2099-03-01,{two.username},B\n2099-03-02,{two.username},\n"
    assert load_rota(shift, text.encode("gbk"), by=manager, dry_run=True).counts == {"create": 3}
    assert not shift.roster.exists()
    load_rota(shift, text.encode("gbk"), by=manager)
    assert rota_of(shift) == [(1, "A", one), (1, "B", two), (2, "A", two)]
    assert load_rota(shift, text.encode(), by=manager).counts == {"unchanged": 3}
    changed = text.replace("王伟", two.username).replace(f"{two.username},B", "王伟,B")
    assert load_rota(shift, changed.encode(), by=manager).counts == {"update": 2, "unchanged": 1}
    assert rota_of(shift)[:2] == [(1, "A", two), (1, "B", one)]


def test_every_wrong_line_of_a_rota_is_named():
    shift, manager = make_shift(), make_user("reviewer")
    one, auditor = make_user("engineer"), make_user("auditor")
    text = (
        f"date,person,role\n2099-03-01,{one.username},A\n2099-03-01,{one.username},B\n"
        f"2099-03-02,nobody,A\n2099-03-03,{auditor.username},A\n2099-02-30,{one.username},A\n"
        f"2099-03-04,{one.username},C\n2099-03-01,{one.username},A\n"
    )
    loaded = load_rota(shift, text.encode(), by=manager)
    assert [line.number for line in loaded.errors] == [2, 3, 4, 5, 6, 7, 8]
    assert not shift.roster.exists()
    assert not loaded.is_written
    with pytest.raises(RightMissing):
        load_rota(shift, text.encode(), by=one)
