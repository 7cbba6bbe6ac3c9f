"""Performance data of Nagios plugins, as the guidelines write it."""

import pytest

from inspections.perfdata import parse_perfdata


def values(text):
    found, error = parse_perfdata(text)
    assert not error, error
    return [(each.label, each.value, each.unit) for each in found]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("/=2643MB;5948;5958;0;5968", [("/", "2643", "MB")]),
        ("DISK OK - free space: / 3326 MB (56%); | /=2643MB;5948;5958;0;5968", [("/", "2643", "MB")]),
        ("time=0.001657s;;;0.000000;10.000000", [("time", "0.001657", "s")]),
        ("'C:\\ Used Space'=15.50Gb;33;35;0;39", [("C:\\ Used Space", "15.50", "Gb")]),
        ("'it''s'=1", [("it's", "1", "")]),
        ("load1=0.50;5;10;0; load5=-0.1", [("load1", "0.50", ""), ("load5", "-0.1", "")]),
        ("users=U", [("users", None, "")]),
        ("temp=21.5C;18:27;10:35", [("temp", "21.5", "℃")]),
        ("big=1.5e3B", [("big", "1.5e3", "B")]),
        ("packets=12c", [("packets", "12", "")]),
        ("OK | a=1\nlong text | b=2", None),
    ],
)
def test_values_with_their_units(text, wanted):
    if wanted is not None:
        assert values(text) == wanted


@pytest.mark.parametrize("text", ["", "OK", "a=", "=1", "a=1 b", "a=x", "a=1;2;3;4;5;6", "a b=1"])
def test_what_cannot_be_read_is_said(text):
    assert parse_perfdata(text)[1]


@pytest.mark.parametrize(
    ("text", "is_edge"),
    [("a=80;80", True), ("a=81;80", False), ("a=10;10:80", True), ("a=10;~:80", False), ("a=80.0;80:", True),
     ("a=0;80", True), ("a=80;@10:80", False), ("a=80;;80", True), ("a=U;80", False)],
)  # fmt: skip
def test_a_value_at_the_end_of_a_range_is_where_nagios_and_we_differ(text, is_edge):
    assert bool(parse_perfdata(text)[0][0].note) == is_edge
