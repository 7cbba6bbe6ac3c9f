"""The phone page in real Chromium: cards, photos, readings, submission, keyboard."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.factories import make_item, make_run

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"viewport": {"width": 360, "height": 780}, "has_touch": True, "is_mobile": True}
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
    return page.locator("[data-card]")


def test_a_round_on_a_phone(person, run):
    page = person("wang", "engineer", **PHONE)
    page.goto(reverse("inspections:phone"))
    page.locator(f"[data-run='{run.number}']").click()
    expect(card(page).get_by_role("heading")).to_have_text("Disk")
    expect(card(page).get_by_role("heading")).to_be_focused()
    card(page).locator("input.big").fill("96")
    expect(card(page).locator("[data-severity]")).to_contain_text("Critical")
    card(page).locator("#comment").fill("log files")
    page.locator("[data-next]").click()
    expect(card(page).get_by_role("heading")).to_have_text("Lights")
    assert page.errors == []
