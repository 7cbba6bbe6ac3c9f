"""Spans of time against plain sets of minutes, and the clocks of New York and Shanghai."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from changes.collisions.ranges import holds, joined, overlap, sets_at_once, shared, without
from changes.recurrence import openings, parse_rule

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def at(minute):
    return EPOCH + timedelta(minutes=minute)


def span(pair):
    return (at(pair[0]), at(pair[1]))


pairs = st.tuples(st.integers(0, 30), st.integers(0, 30))
many = st.lists(pairs, max_size=6)


def minutes(spans):
    """The naive model: each span as its set of minutes, the end left out."""
    return {
        minute
        for start, end in spans
        for minute in range(int((start - EPOCH).seconds / 60), int((end - EPOCH).seconds / 60))
    }


@given(pairs, pairs)
def test_overlap_is_what_both_minutes_share(one, two):
    both = overlap(span(one), span(two))
    common = minutes([span(one)]) & minutes([span(two)])
    if one[0] < one[1] and two[0] < two[1]:
        assert minutes([both] if both else []) == common


def test_touching_spans_and_empty_ones_share_nothing():
    assert overlap(span((0, 5)), span((5, 9))) is None
    assert overlap(span((3, 3)), span((0, 9))) is None


@given(many, many)
def test_joining_sharing_and_taking_away(one, two):
    left, right = [span(each) for each in one], [span(each) for each in two]
    assert minutes(joined(left)) == minutes(left)
    assert minutes(shared(left, right)) == minutes(left) & minutes(right)
    assert minutes(without(left, right)) == minutes(left) - minutes(right)
    for found in (joined(left), shared(left, right), without(left, right)):
        assert all(start < end for start, end in found)
        assert all(before[1] < after[0] for before, after in pairwise(found))


@given(many, pairs)
def test_a_span_is_held_by_one_stretch(opened, wanted):
    if wanted[0] < wanted[1]:
        inside = minutes([span(wanted)]) <= minutes([span(each) for each in opened])
        assert holds([span(each) for each in opened], span(wanted)) == inside


@given(st.dictionaries(st.integers(1, 6), pairs, max_size=6), pairs)
def test_every_set_at_one_instant(given_spans, within):
    spans = {key: span(each) for key, each in given_spans.items() if each[0] < each[1]}
    inside = span(within)
    seen = {
        frozenset(key for key, each in spans.items() if each[0] <= at(minute) < each[1])
        for minute in range(*within)
    } - {frozenset()}
    assert set(sets_at_once(spans, inside)) == seen


SUNDAYS = parse_rule("FREQ=WEEKLY;BYDAY=SU", date(2026, 1, 4), time(1))


def of(zone, day, minutes=240, rule=SUNDAYS):
    start = datetime.combine(day, time(0), tzinfo=UTC) - timedelta(hours=12)
    return openings(rule, zone, minutes, start, start + timedelta(days=2))


@pytest.mark.parametrize(
    ("zone", "day", "start", "end"),
    [
        # New York before, in and after the night in which the clocks go on (8 March 2026) …
        ("America/New_York", date(2026, 3, 1), "2026-03-01T06:00", "2026-03-01T10:00"),
        ("America/New_York", date(2026, 3, 8), "2026-03-08T06:00", "2026-03-08T10:00"),
        ("America/New_York", date(2026, 3, 15), "2026-03-15T05:00", "2026-03-15T09:00"),
        # … and back (1 November): one o'clock comes twice, the first one counts.
        ("America/New_York", date(2026, 11, 1), "2026-11-01T05:00", "2026-11-01T09:00"),
        ("America/New_York", date(2026, 11, 8), "2026-11-08T06:00", "2026-11-08T10:00"),
        # Shanghai has no such nights.
        ("Asia/Shanghai", date(2026, 3, 8), "2026-03-07T17:00", "2026-03-07T21:00"),
        ("Asia/Shanghai", date(2026, 11, 1), "2026-10-31T17:00", "2026-10-31T21:00"),
    ],
)
def test_an_opening_lasts_its_length_whatever_the_clocks_do(zone, day, start, end):
    wanted = tuple(datetime.fromisoformat(f"{each}+00:00") for each in (start, end))
    assert of(zone, day) == [wanted]


def test_a_start_that_the_clocks_skip_is_an_hour_later_on_the_clock():
    rule = parse_rule("FREQ=WEEKLY;BYDAY=SU", date(2026, 1, 4), time(2, 30))
    [(start, end)] = of("America/New_York", date(2026, 3, 8), 60, rule)
    assert (start, end - start) == (datetime(2026, 3, 8, 7, 30, tzinfo=UTC), timedelta(hours=1))


def test_openings_that_touch_are_one():
    daily = parse_rule("FREQ=DAILY", date(2026, 1, 1), time(0))
    assert openings(daily, "UTC", 24 * 60, at(0), at(3 * 24 * 60)) == [(at(0), at(3 * 24 * 60))]


@pytest.mark.parametrize(
    "text", ["", "every sunday", "FREQ=HOURLY", "DTSTART:20260101T000000\nRRULE:FREQ=DAILY"]
)
def test_what_is_no_rule_is_refused(text):
    with pytest.raises(ValidationError):
        parse_rule(text, date(2026, 1, 4), time(1))
