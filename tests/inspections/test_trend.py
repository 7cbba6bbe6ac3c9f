"""The trend of one check item on one CI."""

import csv
import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inspections.actions import AnswerInput, record_answers
from inspections.trend import item_of, trend_of
from tests.factories import make_item, make_machine_reading, make_run, make_user
from tests.inspections.readings import watch

pytestmark = pytest.mark.django_db


@pytest.fixture
def engineer(client):
    user = make_user("engineer")
    client.force_login(user)
    return user


@pytest.fixture
def ci():
    return make_item(name="db-01")


def seen(ci, engineer, *values, days=0):
    """A run answered with 50, and readings a minute apart."""
    run = make_run(plan=watch(ci))
    entry = AnswerInput(run.targets.get().pk, run.version.items.get().pk, "50", comment="=1+1")
    record_answers(run, [entry], by=engineer)
    for n, value in enumerate(values):
        at = timezone.now() - timedelta(days=days, minutes=n + 1)
        problem = "" if value is not None else "nan"
        make_machine_reading(value, ci=ci, metric="disk_used", observed_at=at, problem=problem, unit="%")
    return run


def url(ci, *more):
    return f"/inspections/trend/{ci.pk}/disk/{''.join(more)}"


def test_answers_and_readings_stand_between_the_bounds(ci, engineer, client):
    run = seen(ci, engineer, 90, 96, None)
    page = client.get(url(ci)).content.decode()
    for words in (
        "90 %",
        "96 %",
        "not a number",
        "50 %",
        "Critical",
        "Warning",
        "Unknown",
        run.number,
        "≥ 85",
    ):
        assert words in page, words
    trend = trend_of(ci, item_of(ci, "disk"), 30)
    assert [point.severity for point in trend.points] == ["ok", "warn", "crit", "unknown"]


def test_it_takes_the_same_statements_however_many_points(ci, engineer):
    seen(ci, engineer, *range(30))
    item = item_of(ci, "disk")
    with CaptureQueriesContext(connection) as captured:
        assert len(trend_of(ci, item, 30).points) == 31
    assert len(captured) == 3


def test_the_time_is_chosen_and_pages_follow_by_key(ci, engineer, client):
    seen(ci, engineer, *[20] * 60, days=60)
    assert "20 %" not in client.get(url(ci, "?days=30")).content.decode()
    answer = client.get(url(ci, "?days=90"))
    first = [point for point, *_rest in answer.context["points"]]
    second = [point for point, *_rest in client.get(url(ci, answer.context["next"])).context["points"]]
    assert (len(first), len(second)) == (50, 11)
    assert not {point.key for point in first[1:]} & {point.key for point in second}


def test_the_file_holds_all_and_no_formula(ci, engineer, client):
    seen(ci, engineer, 90, None)
    rows = list(csv.reader(io.StringIO(client.get(url(ci, "export/")).content.decode("utf-8-sig"))))
    assert [row[1:3] for row in rows[1:]] == [["answer", "50"], ["reading", "90"], ["reading", ""]]
    assert rows[1][-1] == "'=1+1"


def test_nothing_seen_is_said(ci, engineer, client):
    watch(ci)
    assert "Nothing was seen" in client.get(url(ci)).content.decode()
    assert client.get(f"/inspections/trend/{ci.pk}/nothing/").status_code == 404
    assert client.get("/inspections/trend/999999999/disk/").status_code == 404


def test_strangers_see_nothing(ci, client):
    assert client.get(url(ci)).status_code == 302
    client.force_login(make_user())
    assert client.get(url(ci)).status_code == 403


def test_the_item_s_page_leads_to_it(ci, engineer, client):
    seen(ci, engineer)
    assert url(ci) in client.get(f"/cmdb/{ci.pk}/").content.decode()


@pytest.mark.parametrize("table", ["inspections_machinereading", "inspections_answer"])
def test_ninety_points_come_by_an_index_that_carries_their_order(table):
    key = "metric = 'disk_used'" if table.endswith("reading") else "item_key = 'disk' AND is_current"
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        cursor.execute(
            f"EXPLAIN SELECT * FROM {table} WHERE ci_id = 1 AND {key} ORDER BY observed_at DESC LIMIT 90"
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Sort" not in plan
    assert "_trend" in plan
