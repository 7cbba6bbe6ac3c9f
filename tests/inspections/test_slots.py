"""When a plan is due, also around clock changes."""

from datetime import UTC, date, datetime, time
from itertools import pairwise

import pytest
from django.core.exceptions import ValidationError

from inspections.slots import parse_rule, slots_between

NEW_YORK = "America/New_York"


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


def test_daily_slots_in_shanghai_are_half_open():
    rule = parse_rule("FREQ=DAILY", date(2026, 11, 1), time(8))
    slots = slots_between(rule, "Asia/Shanghai", at(2026, 11, 1), at(2026, 11, 4))
    assert slots == [
        at(2026, 11, 2),
        at(2026, 11, 3),
        at(2026, 11, 4),
    ]  # 08:00 is 00:00 UTC


def test_time_that_spring_skips_is_one_slot_an_hour_later():
    rule = parse_rule("FREQ=DAILY", date(2026, 3, 1), time(2, 30))
    slots = slots_between(rule, NEW_YORK, at(2026, 3, 7), at(2026, 3, 10))
    assert slots == [at(2026, 3, 7, 7, 30), at(2026, 3, 8, 7, 30), at(2026, 3, 9, 6, 30)]


def test_time_that_autumn_repeats_is_one_slot():
    rule = parse_rule("FREQ=DAILY", date(2026, 10, 1), time(1, 30))
    slots = slots_between(rule, NEW_YORK, at(2026, 10, 31, 12), at(2026, 11, 2, 12))
    assert slots == [at(2026, 11, 1, 5, 30), at(2026, 11, 2, 6, 30)]


def test_hourly_slots_across_spring_have_no_double():
    rule = parse_rule("FREQ=HOURLY", date(2026, 3, 7), time(0, 30))
    slots = slots_between(rule, NEW_YORK, at(2026, 3, 8, 5), at(2026, 3, 9, 4))
    assert len(slots) == len(set(slots)) == 23
    assert slots == sorted(slots)


def test_windows_side_by_side_give_every_slot_once():
    rule = parse_rule("FREQ=DAILY;BYDAY=MO,WE,FR;BYHOUR=8,16;BYMINUTE=0", date(2026, 1, 1), time(8))
    whole = slots_between(rule, NEW_YORK, at(2026, 1, 1), at(2026, 12, 31))
    cuts = [at(2026, 1, 1), at(2026, 3, 8, 6), at(2026, 3, 8, 7), at(2026, 11, 1, 6), at(2026, 12, 31)]
    pieces = [slots_between(rule, NEW_YORK, a, b) for a, b in pairwise(cuts)]
    assert [slot for piece in pieces for slot in piece] == whole


@pytest.mark.parametrize(
    "text",
    [
        "",
        "DAILY",
        "FREQ=MINUTELY",
        "FREQ=SECONDLY",
        "FREQ=DAILY;BYDAY=XX",
        "DTSTART:20200101\nRRULE:FREQ=DAILY",
    ],
)
def test_what_is_no_rule_is_refused(text):
    with pytest.raises(ValidationError):
        parse_rule(text, date(2026, 1, 1), time(8))
