"""Reports of days, months, clients and sites; long ones by the worker."""

import hashlib
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Notice
from inspections.actions import (
    Wanted,
    give_up_lost_orders,
    has_changed_since,
    issue_report,
    make_ordered,
    order_report,
)
from inspections.models import ReportIssue, ReportOrder
from inspections.reports import Period, period_report
from tests.factories import make_report_order, make_run, make_user
from tests.inspections.papers import amended, answered_run, signed_run

pytestmark = pytest.mark.django_db


def today():
    return timezone.localdate()


def of_today(**over):
    return Period.parsed({"day": today().isoformat()} | over)


def test_a_day_counts_runs_rows_findings_and_devices():
    signed_run()
    answered_run(disk="20")
    record = period_report(of_today()).record
    assert record["title"] == "Daily inspection report"
    five = record["kpi"]
    assert (
        five["due"] == five["on_time"] + five["late"] + five["missed"] + five["cancelled"] + five["open"] == 2
    )
    assert (record["conclusion"]["normal"], record["conclusion"]["critical"]) == (11, 1)
    assert record["conclusion"]["pass_rate"] == "91.7"
    assert [row["item_key"] for row in record["rows"]] == ["disk"], "what was normal is left out"
    assert len(period_report(of_today(rows="all")).record["rows"]) == 12
    assert len(record["findings"]) == 1
    assert len(record["devices"]) == 4
    assert {device["warranty"]["code"] for device in record["devices"]} == {"in", "out"}


def test_a_site_is_what_stands_in_it_however_deep():
    run, other = signed_run(), signed_run()
    room = run.targets.first().ci.location.location
    record = period_report(of_today(site=str(room.pk))).record
    assert record["title"] == "Inspection report of the site"
    assert [each["number"] for each in record["runs"]] == [run.number]
    assert other.number not in str(record)
    assert len(record["devices"]) == 2


def test_a_month_is_named_and_a_report_of_it_knows_when_it_went_on():
    signed_run()
    period = Period.parsed({"month": f"{today():%Y-%m}"})
    assert period.is_month
    report = period_report(period)
    assert report.record["title"] == "Monthly inspection report"
    issue = issue_report(Wanted("json", "en", period=period), by=make_user("engineer"))[0]
    assert not has_changed_since(issue)
    make_run()
    assert has_changed_since(issue)


def test_an_amendment_is_in_the_report_with_before_after_and_both_people():
    run = amended(signed_run())
    report = Wanted("json", "en", run).report()
    (line,) = report.record["amendments"]
    assert (line["before"], line["after"], line["reason"]) == ("23.5 ℃", "24 ℃", "misread")
    assert line["by"]
    assert line["approved_by"]
    assert line["by"] != line["approved_by"]


@pytest.mark.parametrize(
    "given",
    [{}, {"day": "2026-13-01"}, {"day": "x"}, {"month": "2026-13"},
     {"from": "2026-11-02", "to": "2026-11-01"},
     {"from": "2020-01-01", "to": "2026-01-01"}, {"day": "2026-11-01", "site": "0'"},
     {"day": "2026-11-01", "site": "9" * 30}, {"day": "2026-11-01", "plan": "999999"}],
)  # fmt: skip
def test_a_period_that_is_none_is_refused_in_words(given, client):
    with pytest.raises(ValidationError):
        Period.parsed(given)
    client.force_login(make_user("engineer"))
    assert (
        client.get(reverse("inspections:report-period"), given or {"from": ""}, follow=True).status_code
        == 200
    )
    assert client.get(reverse("inspections:report-period-file", args=["pdf"]), given).status_code == 302


def test_periods_open_as_pages_and_name_what_they_cover(client):
    client.force_login(make_user("engineer"))
    signed_run()
    url = reverse("inspections:report-period")
    assert "Daily inspection report" in client.get(url).content.decode()
    week = {"from": "2026-11-16", "to": "2026-11-22"}
    assert "Weekly inspection report" in client.get(url, week).content.decode()
    assert Period(date(2026, 11, 1), date(2026, 11, 30)).span == "2026-11"


def test_statements_do_not_grow_with_the_rows():
    def statements():
        with CaptureQueriesContext(
            connection,
        ) as captured:
            period_report(of_today(rows="all"))
        return len(captured)

    signed_run()
    one = statements()
    for _each in range(4):
        signed_run(count=3)
    assert statements() <= one <= 30


# Long reports


def jobs(task):
    with connection.cursor() as cursor:
        cursor.execute("SELECT args FROM procrastinate_jobs WHERE task_name = %s AND status = 'todo'", [task])
        return cursor.fetchall()


def test_a_long_report_is_ordered_made_by_the_worker_and_told(client, monkeypatch):
    monkeypatch.setattr("inspections.actions.reports.LONG", 3)
    user = make_user("engineer")
    client.force_login(user)
    run = signed_run()
    answer = client.get(reverse("inspections:report-file", args=[run.number, "xlsx"]), {"language": "en"})
    order = ReportOrder.objects.get(ordered_by=user)
    page = reverse("inspections:report-order", args=[order.number])
    assert answer["Location"] == page
    assert "the worker makes it" in client.get(page).content.decode()
    assert len(jobs("inspections.make_report")) == 1
    make_ordered(order.pk)
    order.refresh_from_db()
    assert (order.state, order.issue.number, order.issue.issued_by) == ("ready", order.number, user)
    assert Notice.objects.get(person=user, kind="inspections.report_ready").path == page
    assert "is ready" in client.get(page).content.decode()
    taken = client.get(reverse("inspections:report-issue-file", args=[order.number]))
    assert hashlib.sha256(taken.content).hexdigest() == order.issue.file_sha256
    make_ordered(order.pk)  # again changes nothing
    assert ReportIssue.objects.filter(number=order.number).count() == 1
    client.force_login(make_user("engineer"))
    assert client.get(page).status_code == 404


def test_an_order_that_fails_says_why_and_keeps_its_number(monkeypatch):
    order = make_report_order()
    monkeypatch.setattr("inspections.actions.reports.drawn", lambda *given: 1 / 0)
    made = make_ordered(order.pk)
    assert made.state == "failed"
    assert "ZeroDivisionError" in made.trouble
    assert Notice.objects.get(person=order.ordered_by).kind == "inspections.report_failed"
    monkeypatch.undo()
    later = issue_report(Wanted("json", "en", make_run()), by=make_user("engineer"))[0]
    assert later.number > order.number


def test_an_order_whose_worker_was_killed_does_not_wait_for_ever():
    order = make_report_order()
    assert give_up_lost_orders() == 0
    assert give_up_lost_orders(now=timezone.now() + timedelta(hours=2)) == 1
    order.refresh_from_db()
    assert order.state == "failed"
    assert order_report(Wanted("pdf", "en", make_run()), by=make_user("engineer")).number != order.number


def test_a_client_sees_the_inspections_of_its_own_plans(client):
    run, other = signed_run(), signed_run()
    type(run.plan).objects.filter(pk=run.plan_id).update(client="市第一医院")
    record = period_report(of_today(client="市第一医院")).record
    assert record["title"] == "Inspection report for the client"
    assert [each["number"] for each in record["runs"]] == [run.number]
    assert {each["device"] for each in record["findings"]} == {run.targets.first().ci.name}
    assert other.number not in str(record)
    client.force_login(make_user("engineer"))
    assert "市第一医院" in client.get(reverse("inspections:reports")).content.decode()
    facts = Wanted("json", "en", type(run).objects.get(pk=run.pk)).report().record["facts"]
    assert facts[0]["text"] == "市第一医院"
