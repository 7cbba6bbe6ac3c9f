"""Recurrences as people choose them: there and back, and in words."""

from datetime import date, time

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from inspections.recurrence import DAYS, LAST, Choice, Repeat, choice_of, in_words
from inspections.slots import parse_rule

hours = st.lists(st.integers(0, 23), unique=True, max_size=3).map(lambda some: tuple(sorted(some)))
every = st.integers(1, 30)
weekdays = st.sets(st.sampled_from(DAYS), min_size=1).map(lambda some: tuple(d for d in DAYS if d in some))
choices = st.one_of(
    st.builds(Choice, st.just(Repeat.HOURLY), every),
    st.builds(Choice, st.just(Repeat.DAILY), every, hours=hours),
    st.builds(Choice, st.just(Repeat.WEEKLY), every, weekdays, hours=hours),
    st.builds(
        Choice, st.just(Repeat.MONTHLY), every, month_day=st.integers(1, 31) | st.just(LAST), hours=hours
    ),
    st.builds(
        Choice, st.just(Repeat.NTH), every, st.sampled_from(DAYS).map(lambda day: (day,)),
        nth=st.sampled_from([1, 2, 3, 4, LAST]), hours=hours,
    ),
)  # fmt: skip


@given(choices)
def test_every_choice_is_a_rule_and_comes_back(choice):
    parse_rule(choice.rule, date(2026, 1, 1), time(8))
    assert choice_of(choice.rule) == choice
    assert in_words(choice.rule) != choice.rule


@pytest.mark.parametrize(
    "rule",
    ["FREQ=YEARLY", "FREQ=DAILY;UNTIL=20270101", "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=1", "nonsense", "",
     "FREQ=DAILY;INTERVAL=x"],
)  # fmt: skip
def test_what_no_choice_says_stays_a_rule(rule):
    assert choice_of(rule) is None
    assert in_words(rule) == rule


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=DAILY", "every day"),
        ("FREQ=DAILY;BYHOUR=8,16", "every day, in the hours 08, 16"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", "every 2 weeks on Monday, Thursday"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "every month on the last day"),
        ("FREQ=MONTHLY;BYDAY=1MO", "every month on Monday, the first of the month"),
        ("FREQ=HOURLY;INTERVAL=4", "every 4 hours"),
        ("FREQ=DAILY;COUNT=1", "once"),
    ],
)
def test_rules_in_words(rule, words):
    assert in_words(rule) == words


def test_chinese_lists_days_as_chinese_does():
    with translation.override("zh-hans"):
        assert "、" in in_words("FREQ=WEEKLY;BYDAY=MO,TH")
