"""A freeze that is declared after the approval stops the start, until a change manager overrides it."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.changes.journey import Cast, draft, to_scheduled

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def local(moment):
    return timezone.localtime(moment).strftime("%Y-%m-%dT%H:%M")


def test_a_freeze_declared_after_the_approval_blocks_the_start(person):
    implementer = person("implementer", "engineer")
    manager = person("manager", "change_manager")
    cast = Cast(implementer=implementer.user)
    change = draft(cast)
    to_scheduled(cast, change)
    page = f"/changes/{change.number}/"
    implementer.goto(page)
    expect(implementer.get_by_role("button", name="Start", exact=True).first).to_be_enabled()

    manager.goto("/changes/freezes/new/")
    manager.fill("[name=label]", "Audit week")
    manager.fill("[name=reason]", "Auditors are in the house")
    manager.fill("[name=window_start]", local(timezone.now() - timedelta(hours=1)))
    manager.fill("[name=window_end]", local(timezone.now() + timedelta(days=1)))
    manager.fill("[name=item]", change.change_items.get(impact="manual").item.address)
    manager.get_by_role("button", name="Preview").click()
    expect(manager.locator("#h-preview")).to_be_visible()
    expect(manager.get_by_role("link", name=change.number)).to_be_visible()
    manager.get_by_role("button", name="Declare the freeze").click()
    manager.wait_for_url("**/freezewindow/**")

    implementer.goto(page)
    expect(implementer.get_by_role("button", name="Start", exact=True).first).to_be_disabled()
    expect(implementer.get_by_text("A freeze is in force: Audit week").first).to_be_visible()
    expect(implementer.locator("#collisions").get_by_text("hard freeze")).to_be_visible()

    manager.goto(page)
    manager.get_by_role("button", name="Override the freeze").first.click()
    manager.locator("dialog[open] textarea").fill("Patients wait")
    manager.locator("dialog[open]").get_by_role("button", name="Override the freeze").click()
    expect(manager.locator("#collisions").get_by_text("Patients wait")).to_be_visible()

    implementer.goto(page)
    expect(implementer.get_by_role("button", name="Start", exact=True).first).to_be_enabled()
    assert implementer.errors == manager.errors == []
