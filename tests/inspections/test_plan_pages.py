"""The pages of plans, the rota, calendars and of whose hands a run is in."""

import base64
from datetime import date, time, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inspections.actions import set_members
from inspections.models import InspectionPlan
from tests.factories import (
    make_calendar,
    make_calendar_day,
    make_item,
    make_plan,
    make_roster_entry,
    make_run,
    make_shift,
    make_user,
)

pytestmark = pytest.mark.django_db

NEW = {
    "key": "rooms", "label": "Rooms", "label_zh": "机房", "client": "第一医院", "group_by": "plan",
    "repeat": "weekly", "every": "1", "weekdays": ["MO", "TH"], "month_day": "1", "nth": "1", "hours": "",
    "rrule": "", "starts_on": "2026-09-28", "shift_start": "08:00", "time_zone": "Asia/Shanghai",
    "off_day": "run", "opens_minutes": "-60", "due_minutes": "60", "expires_minutes": "480",
    "assign": "fixed", "must_complete": "one", "people": "", "signoff": "reviewer",
}  # fmt: skip


@pytest.fixture
def reviewer(client):
    client.user = make_user("reviewer")
    client.force_login(client.user)
    return client


def text(response, status=200):
    assert response.status_code == status, response.content.decode()[:2000]
    return response.content.decode()


def test_a_plan_is_made_by_choices_and_shows_what_it_will_do(reviewer):
    template = make_plan().template
    item = make_item()
    given = NEW | {"template": template.pk, "scope-name_part": item.name, "people": ""}
    response = reviewer.post("/inspections/plans/new/", given, follow=True)
    body = text(response)
    plan = InspectionPlan.objects.get(key="rooms")
    assert (plan.rrule, plan.scope, plan.client) == (
        "FREQ=WEEKLY;BYDAY=MO,TH",
        {"name__icontains": item.name},
        "第一医院",
    )
    assert "every week on Monday, Thursday" in body
    assert item.name in body
    # The form opens with the same choices.
    form = text(reviewer.get("/inspections/plans/rooms/edit/"))
    assert form.count("checked") == 2
    reviewer.post("/inspections/plans/rooms/edit/", given | {"label": "Other", "reason": "named better"})
    plan.refresh_from_db()
    assert (plan.label, plan.rrule) == ("Other", "FREQ=WEEKLY;BYDAY=MO,TH")
    assert plan.history.first().history_change_reason == "named better"


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({"weekdays": []}, "Choose a day of the week"),
        ({"repeat": "raw", "rrule": "FREQ=SECONDLY"}, "at most hourly"),
        ({"repeat": "raw", "rrule": ""}, "Write the rule"),
        ({"hours": "8, 25"}, "from 0 to 23"),
        ({"assign": "rotation"}, "Name the people"),
        ({"assign": "roster"}, "Choose the shift"),
        ({"off_day": "next"}, "Choose the work calendar"),
        ({"people": "nobody"}, "Nobody who may inspect is called: nobody"),
        ({"time_zone": "Mars/Base"}, "no IANA time zone"),
        ({"due_minutes": "-90"}, "opens_before_due"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_is_lost(reviewer, over, words):
    template = make_plan().template
    body = text(reviewer.post("/inspections/plans/new/", NEW | {"template": template.pk} | over), 400)
    assert words in body
    assert "第一医院" in body
    assert not InspectionPlan.objects.filter(key="rooms").exists()


def test_the_preview_follows_the_form_and_writes_nothing(reviewer):
    calendar = make_calendar(weekdays=[1, 2, 3, 4, 5, 6, 7])
    tomorrow = timezone.localdate() + timedelta(days=1)
    make_calendar_day(calendar=calendar, on=tomorrow, label="国庆节")
    item, first, second = make_item(), make_user("engineer"), make_user("engineer")
    given = NEW | {
        "repeat": "daily", "starts_on": timezone.localdate(), "calendar": calendar.pk, "off_day": "skip",
        "shift_start": "23:59", "scope-name_part": item.name, "assign": "rotation",
        "people": f"{first.username}\n{second.username}",
    }  # fmt: skip
    body = text(reviewer.post("/inspections/plans/preview/", given))
    assert "国庆节" in body
    assert "skipped" in body
    assert "1</strong> CI" in body
    assert body.index(str(first)) < body.index(str(second))
    body = text(reviewer.post("/inspections/plans/preview/", given | {"off_day": "next"}))
    assert "together with" in body
    body = text(reviewer.post("/inspections/plans/preview/", given | {"time_zone": "Mars/Base"}))
    assert "Correct what is marked" in body
    assert InspectionPlan.objects.count() == 0


def test_a_plan_is_stopped_for_a_reason_started_and_copied(reviewer):
    plan = make_plan(key="rooms")
    url = "/inspections/plans/rooms/"
    assert "Say why" in text(reviewer.post(f"{url}disable/", {"reason": " "}, follow=True))
    body = text(reviewer.post(f"{url}disable/", {"reason": "moved house"}, follow=True))
    assert "moved house" in body
    reviewer.post(f"{url}enable/")
    plan.refresh_from_db()
    assert plan.is_enabled
    copy = {"key": "rooms-2", "label": "Rooms 2"}
    assert "copy is disabled" in text(reviewer.post(f"{url}copy/", copy, follow=True))
    assert "already exists" in text(reviewer.post(f"{url}copy/", copy, follow=True))


def test_the_page_of_a_plan_shows_moved_days_trouble_and_people(reviewer):
    calendar = make_calendar(key="office", weekdays=[1, 2, 3, 4, 5, 6, 7])
    tomorrow = timezone.localdate() + timedelta(days=1)
    make_calendar_day(calendar=calendar, on=tomorrow, label="停电")
    plan = make_plan(
        key="rooms", rrule="FREQ=DAILY;INTERVAL=2", starts_on=tomorrow, calendar=calendar, off_day="next",
        assign="rotation", shift_start=time(8),
    )  # fmt: skip
    person = make_user("engineer")
    set_members(plan, [person])
    InspectionPlan.objects.filter(pk=plan.pk).update(trouble="scope", trouble_detail="colour?")
    body = text(reviewer.get("/inspections/plans/rooms/"))
    for words in ("moved", "停电", "colour?", str(person), "every 2 days"):
        assert words in body
    listed = text(reviewer.get("/inspections/plans/?state=trouble&q=rooms&assign=rotation"))
    assert "rooms" in listed
    assert "No plan here" in text(reviewer.get("/inspections/plans/?state=off"))


@pytest.mark.parametrize("role", ["engineer", "auditor", "requester"])
def test_others_look_and_change_nothing(client, role):
    client.force_login(make_user(role))
    plan, entry = make_plan(key="rooms"), make_roster_entry()
    calendar = make_calendar(key="office")
    for url in ("plans/", "plans/rooms/", "rota/", f"rota/{entry.pk}/", "calendars/", "calendars/office/"):
        body = text(client.get(f"/inspections/{url}"))
        assert "Disable this plan" not in body
        assert 'type="file"' not in body
    for url, data in (
        ("plans/new/", NEW), ("plans/rooms/edit/", NEW), ("plans/preview/", NEW),
        ("plans/rooms/disable/", {"reason": "x"}), ("plans/rooms/enable/", {}),
        ("plans/rooms/copy/", {"key": "x", "label": "x"}),
        ("rota/", {"fill": "1"}), ("calendars/office/", {"shipped": "cn-2026"}),
    ):  # fmt: skip
        assert client.post(f"/inspections/{url}", data).status_code == 403, url
    client.post(
        f"/inspections/rota/{entry.pk}/", {"step": "give", "to": make_user("engineer").pk, "reason": "x"}
    )
    entry.refresh_from_db()
    assert entry.replaces is None
    assert not calendar.days.exists()
    plan.refresh_from_db()
    assert plan.is_enabled
    client.logout()
    assert client.get("/inspections/rota/").status_code == 302


def test_a_calendar_is_loaded_only_after_it_was_looked_at(reviewer):
    calendar = make_calendar(key="office")
    url = "/inspections/calendars/office/"
    file = SimpleUploadedFile("2026.csv", "date,kind,label\n2026-10-01,holiday,国庆节\n".encode("gbk"))
    body = text(reviewer.post(url, {"file": file}))
    assert "国庆节" in body
    assert not calendar.days.exists()
    kept = body.partition('name="kept" value="')[2].partition('"')[0]
    reviewer.post(url, {"kept": kept, "load": "1"})
    assert calendar.days.get().label == "国庆节"
    bad = SimpleUploadedFile("2026.csv", b"date,kind\n2026-10-41,holiday\n")
    assert "2026-10-41" in text(reviewer.post(url, {"file": bad}))
    reviewer.post(url, {"kept": base64.b64encode(b"date,kind\n2026-10-41,holiday\n").decode(), "load": "1"})
    assert calendar.days.count() == 1
    for nothing in ({}, {"kept": "%%%"}, {"shipped": "../../secret"}):
        text(reviewer.post(url, nothing), 400)
    assert "State Council" in text(reviewer.get(url))
    reviewer.post(url, {"shipped": "cn-2026", "load": "1"})
    assert calendar.days.count() == 39
    assert "春节" in text(reviewer.get(f"{url}?year=2026"))


def test_managers_are_warned_of_a_year_without_days(reviewer, client):
    calendar = make_calendar(key="office")
    for url in ("plans/", "calendars/office/"):
        assert "knows no holidays" in text(reviewer.get(f"/inspections/{url}"))
    assert "is missing" in text(reviewer.get("/inspections/calendars/"))
    day = timezone.localdate()
    for on in (day, day + timedelta(days=60)):
        make_calendar_day(calendar=calendar, on=on)
    assert "knows no holidays" not in text(reviewer.get("/inspections/plans/"))


def test_the_rota_shows_its_gaps_and_is_filled(reviewer):
    shift = make_shift(key="day")
    one, two = make_user("engineer"), make_user("engineer")
    monday = date(2099, 3, 2)
    make_roster_entry(shift=shift, on=monday, user=one)
    body = text(reviewer.get("/inspections/rota/?day=2099-03-04"))
    assert "13 duties nobody has" in body
    given = {
        "fill": "1", "shift": "day", "first": "2099-03-02", "last": "2099-03-08", "days_each": "1",
        "people": f"{one.username}\n{two.username}",
    }  # fmt: skip
    body = text(reviewer.post("/inspections/rota/", given, follow=True))
    assert "13 duties were filled" in body
    assert "nobody has" not in body
    assert "called: nobody" in text(reviewer.post("/inspections/rota/", given | {"people": "nobody"}), 400)
    assert "within a year" in text(reviewer.post("/inspections/rota/", given | {"last": "2109-03-08"}), 400)
    text(reviewer.get("/inspections/rota/?day=2099-03-04&span=month&shift=day"))


def test_a_rota_is_loaded_only_after_it_was_looked_at(reviewer):
    shift, one = make_shift(key="day"), make_user("engineer")
    file = SimpleUploadedFile("rota.csv", f"date,person\n2099-03-02,{one.username}\n".encode())
    body = text(reviewer.post("/inspections/rota/", {"shift": "day", "file": file}))
    assert not shift.roster.exists()
    kept = body.partition('name="kept" value="')[2].partition('"')[0]
    reviewer.post("/inspections/rota/", {"shift": "day", "kept": kept, "load": "1"})
    assert shift.roster.get().user == one
    assert "Choose a shift" in text(reviewer.post("/inspections/rota/", {"kept": kept, "load": "1"}), 400)


def test_a_duty_is_given_swapped_and_taken_out(client):
    shift = make_shift()
    tomorrow = timezone.localdate() + timedelta(days=2)
    mine, other = (
        make_roster_entry(shift=shift, on=tomorrow),
        make_roster_entry(shift=shift, on=tomorrow + timedelta(days=1)),
    )
    client.force_login(mine.user)
    url = f"/inspections/rota/{mine.pk}/"
    assert str(other.user) in text(client.get(url))
    assert "Say why" in text(client.post(url, {"step": "swap", "to": other.pk, "reason": " "}))
    client.post(url, {"step": "swap", "to": other.pk, "reason": "a wedding"})
    former = mine.user
    mine.refresh_from_db()
    assert (mine.user, mine.replaces) == (other.user, former)
    assert client.post(url, {"step": "remove"}).status_code == 403
    client.force_login(make_user("reviewer"))
    assert "a wedding" in text(client.get(url))
    client.post(url, {"step": "remove"})
    assert not shift.roster.filter(pk=mine.pk).exists()


def test_a_run_is_handed_over_on_its_page(client):
    run, to = make_run(), make_user("engineer")
    url = f"/inspections/runs/{run.number}/hands/"
    client.force_login(to)
    assert "hands it over" in text(client.get(url))
    assert "yours" in text(client.post(url, {"step": "claim"}, follow=True))
    other = make_user("engineer")
    body = text(client.post(url, {"step": "hand_over", "to": other.pk, "reason": "ill"}, follow=True))
    assert "ill" in body
    run.refresh_from_db()
    assert run.assignee == other
    assert "Say why" in text(client.post(url, {"step": "hand_over", "to": to.pk, "reason": ""}, follow=True))
    assert client.post(url, {"step": "hand_over", "to": "x", "reason": "y"}).status_code == 404


@pytest.mark.parametrize("url", ["plans/", "plans/rooms/", "rota/", "rota/?span=month", "calendars/"])
def test_a_page_costs_the_same_for_one_and_for_six(reviewer, url):
    def more(n):
        plan = make_plan(key="rooms" if n == 0 else f"p-{n}", calendar=make_calendar(), off_day="next")
        set_members(plan, [make_user("engineer")])
        shift = make_shift()
        for back in range(3):
            make_roster_entry(shift=shift, on=timezone.localdate() + timedelta(days=back))

    def cost():
        with CaptureQueriesContext(connection) as captured:
            text(reviewer.get(f"/inspections/{url}"))
        return len(captured)

    more(0)
    cost()
    one = cost()
    for n in range(1, 6):
        more(n)
    assert cost() <= one
