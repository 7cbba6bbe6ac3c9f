"""The days of a calendar out of a file: every line checked, all or nothing, and again changes nothing."""

from datetime import date
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

import inspections
from accounts.roles import RightMissing
from inspections.actions import load_days
from inspections.models import CalendarDay, WorkCalendar
from inspections.working_hours import hours_of
from tests.factories import make_calendar, make_calendar_day, make_user

pytestmark = pytest.mark.django_db

CHINA_2026 = Path(inspections.__file__).parent / "calendars" / "cn-2026.csv"
GOOD = "date,kind,label\n2026-10-01,holiday,国庆节\n2026-10-10,workday,国庆节调休\n"


def days_of(calendar):
    return list(calendar.days.values_list("on", "kind", "label"))


def test_a_file_becomes_days_and_again_nothing_changes():
    calendar = make_calendar()
    assert load_days(calendar, GOOD.encode(), by=None).counts == {"create": 2}
    assert days_of(calendar) == [
        (date(2026, 10, 1), "holiday", "国庆节"),
        (date(2026, 10, 10), "workday", "国庆节调休"),
    ]
    versions = CalendarDay.history.count()
    again = load_days(calendar, GOOD.encode(), by=None)
    assert (again.counts, again.is_written) == ({"unchanged": 2}, True)
    assert CalendarDay.history.count() == versions


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_what_chinese_excel_saves_is_read(encoding, ends):
    calendar = make_calendar()
    text = "日期,类型,名称\n2026/10/1,节假日,国庆节\n20261010,调休,国庆节调休\n"
    load_days(calendar, text.replace("\n", ends).encode(encoding), by=None)
    assert [kind for _on, kind, _label in days_of(calendar)] == ["holiday", "workday"]
    assert calendar.days.first().label == "国庆节"


def test_every_wrong_line_is_named_and_nothing_is_written():
    calendar = make_calendar()
    text = GOOD + "2026-13-01,holiday,x\n2026-10-01,workday,twice\n2026-10-02,sunday,x\n2026-10-03,holiday\n"
    loaded = load_days(calendar, text.encode(), by=None)
    assert not loaded.is_written
    assert [line.number for line in loaded.errors] == [4, 5, 6, 7]
    assert "2026-13-01" in loaded.errors[0].errors[0]
    assert "line 2" in loaded.errors[1].errors[0]
    assert "sunday" in loaded.errors[2].errors[0]
    assert not calendar.days.exists()


def test_a_dry_run_shows_all_and_writes_nothing():
    day = make_calendar_day(on=date(2026, 10, 1), kind="workday", label="old")
    loaded = load_days(day.calendar, GOOD.encode(), by=None, dry_run=True)
    assert [line.outcome for line in loaded.lines] == ["update", "create"]
    assert "old" in loaded.lines[0].note
    assert days_of(day.calendar) == [(date(2026, 10, 1), "workday", "old")]


def test_a_changed_line_changes_its_day_alone():
    day = make_calendar_day(on=date(2026, 10, 1), kind="workday", label="old")
    other = make_calendar_day(calendar=day.calendar, on=date(2026, 5, 1))
    load_days(day.calendar, GOOD.encode(), by=None)
    assert days_of(day.calendar)[0][0] == other.on
    assert days_of(day.calendar)[1] == (date(2026, 10, 1), "holiday", "国庆节")


@pytest.mark.parametrize(
    "data", [b"", b"day;kind\n", b"PK\x03\x04rest", b"date,label\n2026-10-01,x\n", b"\x00\x01"]
)
def test_what_is_no_such_table_is_refused_in_words(data):
    with pytest.raises(ValidationError) as refused:
        load_days(make_calendar(), data, by=None)
    assert refused.value.messages[0]


def test_only_who_defines_inspections_may_load():
    calendar = make_calendar()
    for role in ("engineer", "auditor", "change_manager"):
        with pytest.raises(RightMissing):
            load_days(calendar, GOOD.encode(), by=make_user(role))
    manager = make_user("reviewer")
    load_days(calendar, GOOD.encode(), by=manager)
    assert calendar.days.first().history.first().history_user == manager


def test_the_cost_does_not_grow_with_the_file(django_assert_num_queries):
    few, many = make_calendar(), make_calendar()
    year = "date,kind\n" + "".join(
        f"2026-{month:02d}-{day:02d},holiday\n" for month in range(1, 13) for day in range(1, 29)
    )
    with django_assert_num_queries(5):
        load_days(few, GOOD.encode(), by=None)
    with django_assert_num_queries(5):
        load_days(many, year.encode(), by=None)


def test_the_command_says_what_it_does(tmp_path, capsys):
    make_calendar(key="office")
    path = tmp_path / "2026.csv"
    path.write_text(GOOD, encoding="gbk")
    call_command("load_calendar", path, "--calendar", "office", "--dry-run")
    assert "Nothing was written" in capsys.readouterr().out
    assert not CalendarDay.objects.exists()
    call_command("load_calendar", path, "--calendar", "office")
    assert "2 new" in capsys.readouterr().out
    call_command("load_calendar", path, "--calendar", "office")
    assert "2 as before" in capsys.readouterr().out
    path.write_text("date,kind\n2026-10-32,holiday\n")
    with pytest.raises(CommandError, match="Nothing was written"):
        call_command("load_calendar", path, "--calendar", "office")
    assert "line 2" in capsys.readouterr().out


def test_the_command_names_the_calendars_there_are(tmp_path):
    make_calendar(key="office")
    with pytest.raises(CommandError, match="office"):
        call_command("load_calendar", CHINA_2026, "--calendar", "offcie")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("load_calendar", tmp_path / "gone.csv", "--calendar", "office")
    call_command("load_calendar", CHINA_2026, "--calendar", "cn", "--create")
    assert WorkCalendar.objects.get(key="cn").days.count() == 39


def test_the_chinese_days_of_2026_are_those_of_the_state_council():
    calendar = make_calendar()
    loaded = load_days(calendar, CHINA_2026.read_bytes(), by=None)
    assert not loaded.errors
    hours = hours_of(calendar)
    worked = [day for day in hours.days if hours.days[day] == "workday"]
    assert worked == [
        date(2026, 1, 4), date(2026, 2, 14), date(2026, 2, 28), date(2026, 5, 9), date(2026, 9, 20),
        date(2026, 10, 10),
    ]  # fmt: skip
    assert all(day.isoweekday() > 5 for day in worked), "a make-up workday is a Saturday or Sunday"
    assert hours.workday_from(date(2026, 2, 15), 1) == date(2026, 2, 24)
    assert {day.year for day in hours.days} == {2026}, "2027 is not announced yet"
