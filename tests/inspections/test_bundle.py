"""The bundle: what a phone takes along, at a cost that does not grow with it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actions import create_token
from inspections.actions import generate_runs, reassign_run
from inspections.models import InspectionPlan, InspectionRun
from tests.factories import (
    make_answer,
    make_evidence,
    make_item,
    make_member,
    make_plan,
    make_run,
    make_team,
    make_user,
)

pytestmark = pytest.mark.django_db
URL = "/api/inspections/bundle/"


@pytest.fixture
def engineer(client):
    user = make_user("engineer", display_name="Li Wei")
    client.force_login(user)
    return user


def numbers(client, url=URL):
    return {run["number"] for run in client.get(url).json()["runs"]}


def test_it_holds_own_runs_those_of_the_team_and_of_nobody(client, engineer):
    team = make_member(user=engineer).team
    mine, ours, free = make_run(assignee=engineer), make_run(team=team), make_run()
    theirs, foreign = make_run(assignee=make_user("engineer")), make_run(team=make_team())
    assert numbers(client) == {mine.number, ours.number, free.number}
    scanned = numbers(client, f"{URL}?run={foreign.number}")
    assert scanned == {mine.number, ours.number, free.number, foreign.number}
    assert theirs.number not in scanned


def test_a_deputy_takes_the_run_along_too(client, engineer):
    run = make_run(assignee=make_user("engineer"))
    assert numbers(client) == set()
    reassign_run(run, to=engineer, by=run.assignee, reason="On leave", role="B")
    told = client.get(URL).json()["runs"]
    assert [(each["number"], each["is_mine"]) for each in told] == [(run.number, True)]


def test_ended_runs_and_those_of_next_week_are_not_in_it(client, engineer):
    soon, late = make_plan(), make_plan()
    generate_runs(until=timezone.now() + timedelta(days=8))
    opens = [run.opens_at for run in InspectionRun.objects.filter(number__in=numbers(client))]
    assert opens
    assert max(opens) <= timezone.now() + timedelta(hours=24)
    assert {soon, late} == set(InspectionPlan.objects.all())


def test_it_says_what_the_sheet_says(client, engineer):
    ci = make_item(serial="SN-1")
    items = [{"key": "disk", "kind": "number", "warn_high": 85, "unit": "%", "label": "Disk"}]
    plan = make_plan(items=items, cis=[ci], starts_on=timezone.localdate() - timedelta(days=20))
    now = timezone.now()
    generate_runs(until=now, now=now - timedelta(days=20))
    runs = list(plan.runs.order_by("slot_at"))
    for day, run in enumerate(runs[-16:-1]):
        InspectionRun.objects.filter(pk=run.pk).update(state="open")
        make_answer(f"{day}", target=run.targets.get(), observed_at=run.slot_at, by=engineer)
    today = runs[-1]
    photo = make_evidence(target=today.targets.get(), taken_by=engineer)
    told = next(run for run in client.get(URL).json()["runs"] if run["number"] == today.number)
    name = f"{today.targets.get().pk}-{today.version.items.get().pk}"
    assert told["items"][0]["bounds"] == {"warn_high": "85"}
    assert told["targets"][0]["ci"]["serial"] == "SN-1"
    assert told["photos"][name][0]["op"] == str(photo.op)
    assert (told["last"][name]["shown"], told["last"][name]["by"]) == ("14 %", "Li Wei")
    assert [number for _at, number in told["last"][name]["points"]] == [float(n) for n in range(3, 15)]


def test_the_last_value_is_that_of_an_earlier_round(client, engineer):
    items = [{"key": "disk", "kind": "number", "unit": "%"}, {"key": "lamp", "kind": "pass_fail"}]
    plan = make_plan(items=items, cis=[make_item()], starts_on=timezone.localdate() - timedelta(days=6))
    now = timezone.now()
    generate_runs(until=now, now=now - timedelta(days=6))
    before, asked, after = list(plan.runs.order_by("slot_at"))[-3:]
    InspectionRun.objects.filter(state="scheduled").update(state="open")
    disk, lamp = asked.version.items.order_by("position")
    for run, number, word in ((before, "7", "pass"), (after, "9", "fail")):
        given = {"target": run.targets.get(), "observed_at": run.slot_at, "by": engineer}
        make_answer(number, item=disk, **given)
        make_answer(word, item=lamp, **given)
    told = {run["number"]: run for run in client.get(URL).json()["runs"]}[asked.number]["last"]
    target = asked.targets.get().pk
    assert told[f"{target}-{disk.pk}"]["shown"] == "7 %"
    assert [number for _at, number in told[f"{target}-{disk.pk}"]["points"]] == [7.0]
    assert (told[f"{target}-{lamp.pk}"]["shown"], told[f"{target}-{lamp.pk}"]["points"]) == ("Normal", [])


def test_it_is_in_the_language_of_its_reader(client, engineer):
    make_run(items=[{"key": "lamp", "kind": "pass_fail", "label": "Lamp", "label_zh": "指示灯"}])
    told = client.get(URL, headers={"Accept-Language": "zh-hans"}).json()
    assert (told["user"]["language"], told["user"]["time_zone"]) == ("zh-hans", "Asia/Shanghai")
    assert told["runs"][0]["items"][0]["label"] == "指示灯"
    assert told["runs"][0]["items"][0]["choices"][0]["label"] == "正常"


def test_nothing_is_sent_again_while_nothing_changed(client, engineer):
    run = make_run()
    first = client.get(URL)
    again = client.get(URL, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    make_answer("20", target=run.targets.get(), by=engineer)
    assert client.get(URL, headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_after_a_new_log_in_the_phone_gets_its_token_although_nothing_changed(client, engineer):
    make_run()
    first = client.get(URL)
    client.logout()
    client.force_login(engineer)
    client.cookies.pop("csrftoken", None)
    again = client.get(URL, headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 200
    assert again.json()["csrf_token"]


@pytest.mark.parametrize(("role", "status"), [("", 403), ("auditor", 403), ("reviewer", 403), (None, 401)])
def test_it_is_for_those_who_inspect(client, role, status):
    run = make_run()
    if role is not None:
        client.force_login(make_user(role))
    refused = client.get(URL)
    assert refused.status_code == status
    assert set(refused.json()) == {"error"}
    assert run.number not in refused.content.decode()


def test_a_token_takes_it_along_without_a_session(client, engineer):
    run = make_run()
    ends = timezone.now() + timedelta(days=1)
    _token, secret = create_token(engineer, by=engineer, name="tablet", expires_at=ends)
    client.logout()
    told = client.get(URL, headers={"Authorization": f"Bearer {secret}"})
    assert [each["number"] for each in told.json()["runs"]] == [run.number]
    assert told.json()["csrf_token"] == ""


def test_its_cost_does_not_grow_with_runs_targets_and_items(client, engineer):
    def cost():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(URL).status_code == 200
        return len(captured)

    make_answer("20", target=make_run().targets.get(), by=engineer)
    cost()
    one = cost()
    items = [{"key": f"i{n}", "kind": "number"} for n in range(5)]
    for _run in range(6):
        run = make_run(items=items, cis=[make_item() for _ci in range(3)])
        for target in run.targets.all():
            make_answer("5", target=target, by=engineer)
            make_evidence(target=target, taken_by=engineer)
    assert cost() == one <= 18
