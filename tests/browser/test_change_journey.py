"""A change from application to verified effect, and another one back, by eight people in eight browsers."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from changes.models import ChangeRequest
from cmdb.models import ConfigurationItem

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ANSWERS = {"how_often": "first_time", "how_sure": "planned", "who_would_notice": "department"}


@pytest.fixture
def people(person, seat, imported):
    cast = {
        "requester": person("requester", "requester"),
        "assessor": person("assessor", "engineer"),
        "tester": person("tester", "engineer"),
        "implementer": person("implementer", "engineer"),
        "verifier": person("verifier", "engineer"),
    }
    for n in (1, 2, 3):
        member = person(f"board{n}", "board_member")
        cast[f"board{n}"] = member
        seat("cab", member)
    cast["technical owner"] = person("owner", "board_member")
    seat("tech_owner", cast["technical owner"])
    return cast


def local(moment):
    return timezone.localtime(moment).strftime("%Y-%m-%dT%H:%M")


def add_row(page, section, **fields):
    """Fills in one row of the plan and adds it."""
    card = page.locator(f"#{section}")
    for way in card.locator("details.plan-way:not([open])", has=page.locator(f"[name={section}-item]")).all():
        way.locator("summary").click()
    for name, value in fields.items():
        field = card.locator(f"[name={section}-{name}]")
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    card.get_by_role("button", name="Add").click()
    expect(page.locator(".note.tone-bad")).to_have_count(0)


def raise_change(page, title, item, serial):
    """A complete draft, typed in by the requester."""
    page.goto("/changes/new/")
    page.fill("[name=title]", title)
    page.fill("[name=reason]", "The board was swapped; the record must follow.")
    page.fill("[name=description]", "Write the number on the label into the record.")
    page.fill("[name=window_start]", local(timezone.now() - timedelta(minutes=2)))
    page.fill("[name=window_end]", local(timezone.now() + timedelta(hours=2)))
    page.fill("[name=test_plan]", "Compare label and record in staging.")
    page.fill("[name=rollback_trigger]", "The label says something else.")
    page.fill("[name=rollback_minutes]", "10")
    page.select_option("[name=rollback_owner]", label="implementer")
    page.get_by_role("button", name="Save").click()
    add_row(page, "items", item=item)
    add_row(page, "operations", item=item, field="serial", after=serial)
    for part in ("assessor", "tester", "implementer", "verifier"):
        add_row(page, "people", role=part, user=part)
    add_row(page, "tasks", label="Read the label")
    add_row(page, "cases", label="Label in staging", expected="The record says what the label says.")
    add_row(page, "rollback", label="Put the old number back")
    add_row(page, "criteria", metric="Alarms", threshold="0")
    page.get_by_role("link", name="Back to the change").click()
    return page.url.rstrip("/").rsplit("/", 1)[1]


def take(page, number, step, **answers):
    """Takes a step through its dialog."""
    page.goto(f"/changes/{number}/")
    page.locator(".process, .decision").get_by_role("button", name=step, exact=True).first.click()
    dialog = page.locator("dialog[open]")
    for label, value in answers.items():
        field = dialog.get_by_label(re.compile(label.replace("_", " "), re.IGNORECASE))
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        elif field.evaluate("field => field.type") == "checkbox":
            field.check()
        else:
            field.fill(value)
    dialog.get_by_role("button", name=step, exact=True).click()
    expect(page.locator(".note.tone-bad")).to_have_count(0)


def to_implementing(people, number):
    take(people["requester"], number, "Submit")
    assessor, tester = people["assessor"], people["tester"]
    assessor.goto(f"/changes/{number}/assess/")
    assessor.get_by_role("button", name="Confirm the impact").click()
    expect(assessor.get_by_text("The impact is confirmed")).to_be_visible()
    take(assessor, number, "Assessment done", **ANSWERS)
    for purpose in ("test", "rehearsal of the rollback"):
        tester.goto(f"/changes/{number}/tests/")
        tester.locator("[name=purpose]").select_option(label=purpose)
        tester.fill("[name=environment]", "staging")
        tester.get_by_role("group", name="Label in staging").get_by_text("passed", exact=True).click()
        if purpose != "test":
            tester.fill("[name=measured_minutes]", "4")
        tester.get_by_role("button", name="Record", exact=True).click()
        expect(tester.locator(".note.tone-bad")).to_have_count(0)
    take(tester, number, "Test passed")


def vote(page, number, button="Approve"):
    page.goto(f"/changes/{number}/")
    page.locator(".decision").get_by_role("button", name=button, exact=True).first.click()
    page.locator("dialog[open]").get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_text("Your vote is recorded.")).to_be_visible()


def work(page, number):
    take(page, number, "Start", backup="BK-2026-11-22")
    page.locator("#work").get_by_role("button", name="Apply 1 operation").click()
    page.locator("#work").get_by_role("button", name="Done").click()
    take(page, number, "Finish")


def serial_of(name):
    return ConfigurationItem.objects.get(name=name).serial


def test_a_normal_change_goes_from_application_to_verified_effect(people, person):
    requester = people["requester"]
    number = raise_change(requester, "Correct the serial of his-db-01", "host:his-db-01", "SN-NEW-1")
    to_implementing(people, number)
    change = ChangeRequest.objects.get(number=number)
    assert (change.state, change.risk) == ("approving", "high")

    requester.goto(f"/changes/{number}/")
    button = requester.locator(".decision").get_by_role("button", name="Approve")
    expect(button).to_be_disabled()
    expect(requester.locator(".votes-mine")).to_contain_text(
        "You asked for this change; somebody else decides on it."
    )

    for member in ("technical owner", "board1", "board2", "board3"):
        vote(people[member], number)
    change.refresh_from_db()
    assert change.state == "scheduled"
    assert serial_of("his-db-01") == "SN-OLD-1"

    work(people["implementer"], number)
    assert serial_of("his-db-01") == "SN-NEW-1"
    verifier = people["verifier"]
    verifier.goto(f"/changes/{number}/")
    verifier.locator("#criteria").get_by_placeholder("Measured value").fill("0")
    verifier.locator("#criteria").get_by_role("button", name="Record").click()
    take(verifier, number, "Verified, needs a review")
    manager = person("manager", "change_manager")
    take(manager, number, "Close", post="Went as planned; nothing to add.", outcome="successful")
    change.refresh_from_db()
    assert (change.state, change.outcome) == ("closed", "successful")

    requester.get_by_role("link", name="History").click()
    events = requester.locator("#events")
    for step in ("Submit", "Assessment done", "Test passed", "Close the vote as approved", "Start", "Finish",
                 "Verified, needs a review", "Close"):  # fmt: skip
        expect(events).to_contain_text(step)
    item = ConfigurationItem.objects.get(name="his-db-01")
    requester.goto(f"/cmdb/{item.pk}/")
    expect(requester.locator("main")).to_contain_text(number)
    requester.goto(f"/admin/cmdb/configurationitem/{item.pk}/history/")
    expect(requester.locator("body")).to_contain_text(number)
    expect(requester.locator("body")).to_contain_text("SN-NEW-1")
    assert [page.errors for page in people.values() if page.errors] == []


def test_a_change_is_rolled_back_and_the_field_restored(people, person):
    number = raise_change(
        people["requester"], "Correct the serial of his-db-02", "host:his-db-02", "SN-NEW-2"
    )
    to_implementing(people, number)
    for member in ("technical owner", "board1", "board2", "board3"):
        vote(people[member], number)
    worker, verifier = people["implementer"], people["verifier"]
    work(worker, number)
    assert serial_of("his-db-02") == "SN-NEW-2"

    take(verifier, number, "Roll back", comment="The label says something else.")
    worker.goto(f"/changes/{number}/")
    worker.get_by_role("button", name="Restore every field of the configuration").click()
    assert serial_of("his-db-02") == "SN-OLD-2"
    worker.locator("#rollback").get_by_role("button", name="Done").click()
    take(worker, number, "Rollback done")
    take(verifier, number, "Restored state confirmed", what_was_checked="The record is as before.")
    manager = person("manager", "change_manager")
    take(manager, number, "Close", post="The label was misread.", caused="none", outcome="rolled_back")
    change = ChangeRequest.objects.get(number=number)
    assert (change.state, change.outcome) == ("closed", "rolled_back")
    verifier.goto(f"/changes/{number}/history/")
    expect(verifier.locator("main")).to_contain_text("SN-OLD-2")
    assert [page.errors for page in (*people.values(), manager) if page.errors] == []


def test_everything_in_the_decision_strip_is_reached_by_keyboard_and_on_a_phone(people, person, seat):
    number = raise_change(people["requester"], "Correct the serial of one", "host:his-db-01", "SN-NEW-3")
    to_implementing(people, number)
    phone = person("board9", "board_member", viewport={"width": 390, "height": 844})
    phone.goto(f"/changes/{number}/")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    page = people["board1"]
    page.goto(f"/changes/{number}/")
    page.keyboard.press("a")
    expect(page.locator("dialog[open]")).to_contain_text("Approve")
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
