"""The downtimes of the Open Science Grid: thirteen pairs, as somebody else counted them."""

import csv
import os
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.factories import make_change, make_item

pytestmark = [pytest.mark.django_db]
DATA = Path(os.environ.get("OPSLEDGER_DATA", "../shared/data")).resolve()


def told(*args):
    out = StringIO()
    call_command("collisions", *args, stdout=out)
    return out.getvalue()


@pytest.mark.real_data
@pytest.mark.skipif(not (DATA / "osg").is_dir(), reason=f"no real data in {DATA}")
def test_the_pairs_of_the_open_science_grid():
    out = StringIO()
    call_command("import_items", str(DATA / "osg/osg_cis.csv"), map="osg", summary=True, stdout=out)
    changes = str(DATA / "osg/osg_changes.csv")
    call_command("import_changes", changes, map="osg_changes", summary=True, stdout=out)
    truth = (DATA / "truth/osg_changes_conflicts.csv").read_text(encoding="utf-8")
    expected = list(csv.reader(truth.splitlines()))
    found = list(
        csv.reader(
            StringIO(told("--from", "2016-01-01", "--to", "2023-01-01", "--same-ci", "--format", "csv"))
        )
    )
    assert [row[:4] for row in found] == [row[:4] for row in expected]
    assert len(found) == 14
    for row, wanted in zip(found[1:], expected[1:], strict=True):
        assert set(wanted[4].split(";")) <= set(row[4].split(";"))
    year = told("--from", "2022-01-01", "--to", "2022-12-31", "--same-ci", "--format", "csv")
    assert year.count("\n") == 1 + 4


def test_touching_windows_are_none_and_the_period_keeps_what_touches_it():
    item = make_item(name="db")
    first = make_change(items=[item], window=("2026-01-01T00:00Z", "2026-01-01T02:00Z"))
    second = make_change(items=[item], window=("2026-01-01T01:00Z", "2026-01-01T03:00Z"))
    make_change(items=[item], window=("2026-01-01T03:00Z", "2026-01-01T04:00Z"))
    row = f"{first.number},{second.number},2026-01-01T01:00:00Z,2026-01-01T02:00:00Z,db,same_item"
    for period in (["2025-01-01", "2027-01-01"], ["2026-01-01T02:00Z", "2026-01-01T02:30Z"]):
        listed = told("--from", period[0], "--to", period[1], "--same-ci", "--format", "csv").splitlines()
        assert listed[1:] == [row]
    assert told("--from", "2026-01-01T02:01Z", "--same-ci", "--format", "csv").splitlines()[1:] == []
    assert told("--same-ci", "--state", "live", "--format", "csv").splitlines()[1:] == [], "drafts"
    assert '"kind": "same_item"' in told("--format", "json")
    assert told().endswith("1 collisions\n")


@pytest.mark.parametrize(
    "args",
    [("--from", "yesterday"), ("--from", "2026-02-30"), ("--from", "2027-01-01", "--to", "2026-01-01")],
)
def test_what_is_no_period_is_refused(args):
    with pytest.raises(CommandError):
        told(*args)
