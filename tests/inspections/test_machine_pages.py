"""The pages of sources, readings and alerts, and answers that machines give."""

import pytest
from django.db import DatabaseError, transaction

from inspections.actions import sign_run, start_run, submit_run
from inspections.models import Answer, InspectionRun
from tests.factories import (
    make_alert,
    make_item,
    make_machine_reading,
    make_reading_source,
    make_run,
    make_user,
)
from tests.inspections.readings import Program, finding_of, watch

pytestmark = pytest.mark.django_db
PAGES = ["/inspections/machines/", "/inspections/machines/readings/", "/inspections/machines/alerts/"]


@pytest.fixture
def engineer(client):
    user = make_user("engineer")
    client.force_login(user)
    return user


@pytest.mark.parametrize("page", PAGES)
def test_strangers_and_people_without_a_role_see_nothing(client, page):
    assert client.get(page).status_code == 302
    client.force_login(make_user())
    assert client.get(page).status_code == 403


@pytest.mark.parametrize("page", PAGES)
def test_an_empty_list_says_so(client, engineer, page):
    assert "empty" in client.get(page).content.decode()


def test_a_source_says_how_it_is(client, engineer):
    make_reading_source(label="Silent"), make_reading_source(label="Broken", last_error="HTTP 500")
    make_reading_source(label="Off", is_enabled=False)
    program = Program(label="Busy")
    program.says(make_item(), 1, 2)
    page = client.get(PAGES[0]).content.decode()
    for words in ("never heard", "fails", "HTTP 500", "disabled", "heard", ">2</a>"):
        assert words in page


def test_readings_are_filtered_and_paged_by_key(client, engineer):
    ci = make_item(name="db-01")
    for n in range(55):
        make_machine_reading(n, ci=ci)
    make_machine_reading(777, metric="other")
    assert "777" in client.get(PAGES[1]).content.decode()
    assert "777" not in client.get(f"{PAGES[1]}?ci=db-01").content.decode()
    answer = client.get(f"{PAGES[1]}?ci=db-01&metric=disk")
    assert len(answer.context["readings"]) == 50
    assert len(client.get(PAGES[1] + answer.context["next"]).context["readings"]) == 5
    assert "No live configuration item" in client.get(f"{PAGES[1]}?ci=nobody").content.decode()
    assert client.get(f"{PAGES[1]}?source=zabbix&before=x").status_code == 200


def test_an_alert_is_matched_by_hand(client, engineer):
    told, ci = make_alert(labels={"instance": "?"}), make_item(name="db-01")
    assert "DiskFull" in client.get(f"{PAGES[2]}?state=unmatched").content.decode()
    path = f"{PAGES[2]}{told.pk}/match/"
    assert "No live" in client.post(path, {"ci": "nobody"}, follow=True).content.decode()
    assert "belongs to db-01" in client.post(path, {"ci": "db-01"}, follow=True).content.decode()
    assert finding_of(ci).alert == told
    assert finding_of(ci).number in client.get(PAGES[2]).content.decode()
    assert "has its CI" in client.post(path, {"ci": "db-01"}, follow=True).content.decode()
    client.force_login(make_user("auditor"))
    other = make_alert()
    client.post(f"{PAGES[2]}{other.pk}/match/", {"ci": "db-01"})
    other.refresh_from_db()
    assert other.ci is None


def test_an_alert_cannot_bring_script_into_the_page(client, engineer):
    make_alert(annotations={"summary": "<script>alert(1)</script>"}, labels={"instance": "<b>"})
    page = client.get(f"{PAGES[2]}?state=all").content.decode()
    assert "<script>alert(1)" not in page
    assert "instance=&lt;b&gt;" in page


# Answers by machines


@pytest.fixture
def ci():
    return make_item()


def run_of(ci, **item):
    return make_run(plan=watch(ci, confirm="auto_if_ok", **item))


def test_a_good_reading_answers_by_itself_when_the_run_starts(ci):
    program, run, engineer = Program(), run_of(ci), make_user("engineer")
    program.says(ci, 42.04)
    assert not Answer.objects.exists()  # nobody has started it
    start_run(run, by=engineer)
    answer = Answer.objects.get()
    assert (answer.source, answer.value_number, answer.severity) == ("machine", 42, "ok")
    assert (answer.answered_by, answer.reading.value) == (program.source.account, answer.reading.value)
    reviewer = make_user("reviewer")
    assert sign_run(submit_run(run, by=engineer), by=reviewer).state == "signed"


def test_one_too_large_for_an_answer_stops_no_batch(ci):
    run = make_run(plan=watch(ci, confirm="auto_if_ok", warn_high=None, crit_high=None))
    start_run(run, by=make_user("engineer"))
    assert Program().says(ci, 1e15)["stored"] == 1
    assert not Answer.objects.exists()


def test_one_that_comes_later_answers_too_but_never_over_somebody(ci):
    program, run = Program(), run_of(ci)
    start_run(run, by=make_user("engineer"))
    program.says(ci, 42)
    program.says(ci, 43, minutes=0.1)
    assert Answer.objects.get().value_number == 42


@pytest.mark.parametrize(("value", "minutes"), [(90, 1), (96, 1), (84.96, 1), (None, 1), (42, 90)])
def test_a_bad_unknown_or_old_one_waits_for_the_engineer(ci, value, minutes):
    program, run = Program(), run_of(ci)
    program.says(ci, value, minutes=minutes)
    start_run(run, by=make_user("engineer"))
    assert not Answer.objects.exists()


def test_an_item_that_is_confirmed_by_hand_is_left_to_the_engineer(ci):
    run = make_run(plan=watch(ci))
    Program().says(ci, 42)
    start_run(run, by=make_user("engineer"))
    assert not Answer.objects.exists()


def test_a_source_of_readings_starts_submits_and_signs_nothing(ci):
    account = make_reading_source().account
    run = start_run(run_of(ci), by=make_user("engineer"))
    with pytest.raises(DatabaseError, match="not by a source"), transaction.atomic():
        InspectionRun.objects.filter(pk=run.pk).update(state="submitted", submitted_by=account)
    item = run.version.items.get()
    for over in ({}, {"reading": make_machine_reading(20, ci=ci, metric="disk_used", unit="%")}):
        given = {"target": run.targets.get(), "item": item, "value_number": 20, "answered_by": account} | over
        with pytest.raises(DatabaseError, match="answers as a machine only"), transaction.atomic():
            Answer.objects.create(**given)
