"""The calendar in a real Chromium: drawn, walked through by keys, a list on a phone and without scripts."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from tests.changes.test_calendar import submitted
from tests.factories import make_freeze, make_item, make_maintenance

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def change():
    start = timezone.now() + timedelta(hours=1)
    planned = submitted(
        title="Move the mail",
        service=make_item("service", name="Mail"),
        window=(start, start + timedelta(hours=3)),
    )
    submitted(title="A long one", window=(start - timedelta(days=900), start + timedelta(days=900)))
    make_freeze(label="Year end")
    make_maintenance()
    return planned


def day_of(change):
    """The day its window begins; late on the last day of a week or a month that is in the next one."""
    return timezone.localdate(change.window.lower)


def test_every_view_is_drawn_and_leads_to_the_change(person, change):
    page = person("anna", "engineer")
    for view in ("month", "week", "timeline"):
        page.goto(f"{reverse('changes:calendar')}?view={view}&date={day_of(change)}")
        expect(page.locator(".ec a", has_text="Move the mail").first).to_be_visible()
        expect(page.locator(".ec a", has_text="A long one").first).to_be_visible()
        expect(page.locator(".ec .is-freeze").first).to_be_attached()
        expect(page.locator(".by-day")).to_be_hidden()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view
    page.locator(".ec a", has_text="Move the mail").first.click()
    page.wait_for_url(f"**{reverse('changes:change', args=[change.number])}")
    assert page.errors == []


def test_the_keyboard_goes_on_and_back(person, change):
    page = person("anna", "engineer")
    page.goto(f"{reverse('changes:calendar')}?view=week&date=2026-11-18")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**date=2026-11-25**")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**date=2026-11-18**")
    page.keyboard.press("s")
    page.wait_for_url("**view=timeline**")
    page.keyboard.press("t")
    page.wait_for_url(f"**date={timezone.localdate()}**")
    assert page.errors == []


def test_a_phone_and_a_browser_without_scripts_read_a_list(person, change):
    phone = person("anna", "engineer", viewport={"width": 390, "height": 800})
    phone.goto(f"{reverse('changes:calendar')}?date={day_of(change)}")
    expect(phone.locator(".by-day a", has_text="Move the mail")).to_be_visible()
    expect(phone.locator(".cal-drawn")).to_be_hidden()
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    plain = person("bert", "engineer", java_script_enabled=False)
    plain.goto(f"{reverse('changes:calendar')}?date={day_of(change)}")
    expect(plain.locator(".by-day a", has_text="Move the mail")).to_be_visible()
    expect(plain.locator(".by-day .freeze")).to_contain_text("Year end")
