"""The heat map of items and days, and the page of punctuality."""

import csv
import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.models import SecurityEvent
from inspections.actions import cancel_run, generate_runs, submit_run
from inspections.heat import heat_of, inspected_items
from tests.factories import make_answer, make_item, make_plan, make_run, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def today():
    return timezone.localdate()


@pytest.fixture
def viewer(client):
    client.force_login(make_user("reviewer"))
    return client


def cell_of(item, today):
    (row,) = heat_of([item], today, today)
    return row.cells[0]


def test_the_worst_answer_colours_the_day(today):
    item, other = make_item(), make_item()
    make_answer("20", target=make_run(cis=[item]).targets.get())
    run = make_run(cis=[item])
    make_answer("90", target=run.targets.get(), comment="Full")
    cell = cell_of(item, today)
    assert (cell.state, cell.bad, cell.number, cell.runs) == ("warn", 1, run.number, 2)
    assert cell_of(other, today).state == ""


def test_a_superseded_answer_colours_nothing(today):
    item = make_item()
    target = make_run(cis=[item]).targets.get()
    make_answer("96", target=target, comment="Full")
    make_answer("20", target=target)
    assert cell_of(item, today).state == "open"
    submit_run(target.run, by=make_user("engineer"))
    assert cell_of(item, today).state == "ok"


def test_what_nobody_looked_at_is_not_good(today):
    item = make_item()
    make_run(cis=[item], starts_on=today - timedelta(days=1), expires_minutes=600)
    (row,) = heat_of([item], today - timedelta(days=1), today)
    assert row.cells[0].state == "missed"
    plan = make_plan(starts_on=today + timedelta(days=1))
    generate_runs(until=timezone.now() + timedelta(days=2))
    run = plan.runs.earliest("slot_at")
    cancel_run(run, by=make_user("reviewer"), reason="The room is closed.")
    (row,) = heat_of([run.targets.get().ci], today, today + timedelta(days=1))
    assert [cell.state for cell in row.cells] == ["", "cancelled"]


def test_the_map_costs_the_same_for_one_item_and_for_six(viewer, today):
    def cost():
        with CaptureQueriesContext(connection) as asked:
            assert viewer.get(reverse("inspections:heat")).status_code == 200
        return len(asked)

    make_answer("90", target=make_run().targets.get(), comment="Full")
    viewer.get(reverse("inspections:heat"))
    one = cost()
    for _n in range(5):
        make_answer("20", target=make_run().targets.get())
    assert cost() == one


def test_the_map_is_filtered_and_paged(viewer, today, monkeypatch):
    monkeypatch.setattr("inspections.views.heat.PAGE_SIZE", 2)
    names = ["db01", "db02", "web01"]
    for name, value in zip(names, ("20", "90", "20"), strict=True):
        make_answer(value, target=make_run(cis=[make_item(name=name)]).targets.get(), comment="-")

    def shown(**asked):
        page = viewer.get(reverse("inspections:heat"), asked)
        return [row.item.name for row in page.context["rows"]], page.context["after"]

    first, after = shown()
    assert first == ["db01", "db02"]
    assert shown(after=after) == (["web01"], None)
    assert shown(q="db") == (["db01", "db02"], None)
    assert shown(only_bad="on") == (["db02"], None)
    yesterday = f"{today - timedelta(days=1)}"
    assert shown(until=yesterday) == ([], None)
    assert shown(after="nonsense", until="0001-01-01", plan="999", team="x")[0] == ["db01", "db02"]


def test_only_inspected_items_are_on_the_map(today):
    make_item()
    run = make_run()
    assert list(inspected_items(today, today)) == [run.targets.get().ci]
    assert not inspected_items(today, today, plan=run.plan_id + 1).exists()


@pytest.mark.parametrize("name", ["heat", "figures", "figures-export"])
def test_strangers_do_not_see_them(client, name):
    assert client.get(reverse(f"inspections:{name}")).status_code == 302
    client.force_login(make_user())
    assert client.get(reverse(f"inspections:{name}")).status_code == 403


def test_the_figures_add_up_and_can_be_taken_away(viewer):
    engineer = make_user("engineer")
    run = make_run(signoff="none", label="=1+1", due_minutes=1440)
    make_answer("20", target=run.targets.get(), by=engineer)
    submit_run(run, by=engineer)
    make_run()
    page = viewer.get(reverse("inspections:figures"))
    total = page.context["total"]
    assert (total.due, total.on_time, total.open) == (2, 1, 1)
    asked = viewer.get(reverse("inspections:figures-export"))
    rows = list(csv.DictReader(io.StringIO(asked.content.decode("utf-8-sig"))))
    assert rows[0] | {"part": "total", "due": "2", "on_time": "1", "open": "1"} == rows[0]
    assert any(row["name"] == "'=1+1" for row in rows)
    assert not any(row["name"].startswith("=") for row in rows)
    assert SecurityEvent.objects.filter(kind="export", target="inspections.figures").exists()


def test_a_year_that_is_no_year_is_said(viewer):
    page = viewer.get(reverse("inspections:figures"), {"since": "2026-02-01", "until": "2026-01-01"})
    assert "The last day lies before the first." in page.content.decode()
    page = viewer.get(reverse("inspections:figures"), {"since": "2020-01-01", "until": "2026-01-01"})
    assert "At most 366 days" in page.content.decode()
