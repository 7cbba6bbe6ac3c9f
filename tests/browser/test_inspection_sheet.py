"""The round in real Chromium: one hand, a lost answer, no double, a signature by somebody else."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from inspections.models import Answer, Finding, InspectionRun
from tests.factories import make_item, make_run

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"viewport": {"width": 360, "height": 780}, "has_touch": True}
ITEMS = [
    {"key": "disk", "kind": "number", "position": 1, "decimals": 1, "warn_high": 85, "crit_high": 95,
     "label": "Disk", "unit": "%"},
    {"key": "lamp", "kind": "pass_fail", "position": 2, "label": "Lights"},
    {"key": "fans", "kind": "pass_fail", "position": 3, "label": "Fans", "fail_severity": "warn"},
]  # fmt: skip


@pytest.fixture
def run():
    return make_run(items=ITEMS, cis=[make_item(name="db01"), make_item(name="db02")])


def card(page):
    return page.locator(".probe.is-current")


def test_a_round_on_a_phone(person, run):
    page = person("wang", "engineer", **PHONE)
    page.goto(reverse("inspections:run", args=[run.number]))
    expect(card(page).get_by_role("heading")).to_have_text("Disk")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    small = page.evaluate(
        "[...document.querySelectorAll('.thumb-bar .btn, .option, .big, .target-chip')]"
        ".filter((e) => e.offsetHeight && e.offsetHeight < 56).length"
    )
    assert small == 0

    card(page).locator("input.big").fill("96")
    expect(card(page).locator("[data-word]")).to_have_text("Critical")
    expect(card(page).locator("[data-needed]")).to_be_visible()
    card(page).locator("[data-comment]").fill("log files")
    expect(card(page).locator("[data-needed]")).to_be_hidden()
    page.locator("[data-next]").click()

    page.locator("[data-quick=ok]").click()  # one tap answers and goes on
    expect(card(page).get_by_role("heading")).to_have_text("Fans")
    page.locator("[data-quick=bad]").click()
    expect(card(page).locator("[data-needed]")).to_be_visible()
    card(page).locator("[data-comment]").fill("loud")
    expect(card(page).locator("[data-needed]")).to_be_hidden()
    page.locator("[data-next]").click()
    page.locator("[data-next]").click()  # on to the next CI
    expect(page.locator(".target-chip[aria-current]")).to_contain_text("db02")
    card(page).locator("input.big").fill("20")
    card(page).locator("input.big").press("Enter")
    for _each in range(2):
        page.locator("[data-quick=ok]").click()
    page.get_by_role("button", name="Submit the inspection").click()
    expect(page.get_by_text("is submitted")).to_be_visible()
    assert Answer.objects.current().count() == 6
    assert sorted(Finding.objects.values_list("severity", flat=True)) == ["crit", "warn"]
    assert page.errors == []

    reviewer = person("li", "reviewer")
    reviewer.goto(reverse("inspections:run", args=[run.number]))
    reviewer.get_by_role("button", name="Sign").click()
    reviewer.locator("#sign-dialog button[type=submit]").click()
    expect(reviewer.get_by_text("is signed")).to_be_visible()
    assert InspectionRun.objects.get().state == "signed"
    assert reviewer.errors == []


def test_a_lost_answer_is_sent_again_and_counts_once(person, run):
    page = person("wang", "engineer", **PHONE)
    page.goto(reverse("inspections:run", args=[run.number]))
    asked = []

    def lose_the_first(route):
        asked.append(route.request.post_data_json["answers"][0]["op"])
        if len(asked) == 1:
            route.fetch()  # the server has it
            route.abort()  # the phone never hears of it
        else:
            route.continue_()

    page.route("**/answers/", lose_the_first)
    card(page).locator("input.big").fill("42")
    expect(card(page).locator("[data-saved]")).to_contain_text("Not saved")
    expect(card(page).locator("[data-saved]")).to_contain_text("Saved", timeout=10_000)
    assert len(asked) >= 2
    assert len(set(asked)) == 1
    assert Answer.objects.count() == 1


def test_without_a_connection_nothing_typed_is_lost(person, run):
    page = person("wang", "engineer", **PHONE)
    page.goto(reverse("inspections:run", args=[run.number]))
    page.context.set_offline(True)
    card(page).locator("input.big").fill("43")
    expect(card(page).locator("[data-retry]")).to_be_visible()
    page.context.set_offline(False)
    expect(card(page).locator("[data-saved]")).to_contain_text("Saved", timeout=15_000)
    assert Answer.objects.get().value_number == 43


def test_the_same_page_without_javascript(person, run):
    page = person("wang", "engineer", java_script_enabled=True)
    context = page.context.browser.new_context(
        java_script_enabled=False, storage_state=page.context.storage_state()
    )
    plain = context.new_page()
    plain.goto(page.url.rstrip("/") + reverse("inspections:run", args=[run.number]))
    plain.locator("input.big").fill("44")
    plain.get_by_role("button", name="Save", exact=True).first.click()
    expect(plain.get_by_text("Saved at")).to_be_visible()
    assert Answer.objects.get().value_number == 44
    context.close()
