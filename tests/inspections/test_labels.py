"""Where a QR label leads."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from inspections.actions import cancel_run, generate_runs, sign_run, submit_run
from tests.factories import make_answer, make_finding, make_item, make_label, make_run, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def engineer(client):
    user = make_user("engineer")
    client.force_login(user)
    return user


def scan(client, item):
    label = getattr(item, "qr_label", None) or make_label(item=item)
    return client.get(f"/q/{label.token}/")


def test_it_opens_todays_check_of_the_item_on_the_phone(client, engineer):
    ci = make_item()
    run = make_run(cis=[ci, make_item()])
    opened = scan(client, ci)
    assert opened.status_code == 302
    assert opened.url == f"/inspections/phone/#/run/{run.number}/{run.targets.get(ci=ci).pk}"


def test_ones_own_check_comes_before_that_of_others(client, engineer):
    ci = make_item()
    make_run(cis=[ci], assignee=make_user("engineer"))
    mine = make_run(cis=[ci], assignee=engineer)
    assert f"#/run/{mine.number}/" in scan(client, ci).url


def test_whoever_scans_it_logs_in_first(client):
    label = make_label()
    asked = client.get(f"/q/{label.token}/")
    assert asked.status_code == 302
    assert asked.url == f"/accounts/login/?next=/q/{label.token}/"
    client.force_login(make_user())
    assert client.get(f"/q/{label.token}/").status_code == 403


def test_a_token_that_nobody_made_leads_nowhere(client, engineer):
    assert client.get("/q/ABCDEFGHJKLMNPQR/").status_code == 404


def test_without_a_check_it_shows_the_last_reports_and_the_next_check(client, engineer):
    ci = make_item()
    answer = make_answer("20", target=make_run(cis=[ci]).targets.get(), by=engineer)
    run = answer.target.run
    submit_run(run, by=engineer)
    run.refresh_from_db()
    sign_run(run, by=make_user("reviewer"))
    generate_runs(until=timezone.now() + timedelta(days=2))
    shown = scan(client, ci).content.decode()
    assert "No check of it is open now." in shown
    assert "The next one is" in shown
    assert reverse("inspections:run", args=[run.number]) in shown


def test_what_is_wrong_with_it_is_told(client, engineer):
    finding = make_finding()
    assert str(finding) in scan(client, finding.ci).content.decode()


def test_an_item_that_nobody_checks_says_so(client, engineer):
    shown = scan(client, make_item()).content.decode()
    assert "None is planned" in shown
    assert "Not inspected yet" in shown


def test_who_does_not_inspect_reads(client):
    ci = make_item()
    run = make_run(cis=[ci])
    client.force_login(make_user("auditor"))
    shown = scan(client, ci)
    assert shown.status_code == 200
    assert run.number in shown.content.decode()


def test_the_label_of_a_duplicate_leads_to_what_it_is(client, engineer):
    ci = make_item()
    run = make_run(cis=[ci])
    label = make_label(item=make_item(duplicate_of=ci))
    assert run.number in client.get(f"/q/{label.token}/").url


def test_what_was_called_off_before_its_time_is_no_inspection(client, engineer):
    ci = make_item()
    run = make_run(cis=[ci], assignee=engineer)
    generate_runs(until=timezone.now() + timedelta(days=2))
    tomorrow = run.plan.runs.filter(slot_at__gt=timezone.now()).earliest("slot_at")
    cancel_run(tomorrow, by=make_user("reviewer"), reason="closed that day")
    client.force_login(make_user("auditor"))
    assert tomorrow.number not in scan(client, ci).content.decode()
