"""The night of a change in real browsers: a breach rolls back, two settle a drift, the glass is broken."""

from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from changes.actions import Observation, record_observations
from changes.models import ChangeRequest, PolicyStep, RoundSeat
from cmdb.models import ConfigurationItem
from tests.changes.journey import Cast, do_the_work, draft, emergency, to_implementing
from tests.factories import make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}


@pytest.fixture
def as_person(person):
    """`as_person(user)`: a phone in the hands of somebody of the cast."""

    def open_for(user):
        user.set_password("Correct-horse-9")
        user.save()
        return person(user.username, **PHONE)

    return open_for


def test_a_breached_criterion_rolls_back_before_the_implementers_eyes(as_person):
    cast = Cast()
    change = draft(cast)
    change.criteria.update(metric="error_rate", has_auto_rollback=True, has_auto_restore=True)
    to_implementing(cast, change)
    do_the_work(cast, change)
    page = as_person(cast.implementer)
    page.goto(f"/changes/{change.number}/work/")
    expect(page.get_by_role("button", name="Roll back")).to_be_enabled()
    expect(page.locator("#live-stages")).to_contain_text("applied at")
    record_observations(
        change, [Observation(Decimal("0.5"), metric="error_rate")], by=make_user("integration")
    )
    # Without a word the page hears of it within its ten seconds.
    expect(page.locator("#live-red")).to_contain_text("Rolling back", timeout=15_000)
    expect(page.locator("#live-stages")).to_contain_text("taken back at")
    expect(page.locator("#live-values")).to_contain_text("rolled back by itself")
    page.reload()
    page.get_by_role("button", name="Done", exact=True).click()
    page.get_by_role("button", name="Rollback done").click()
    page.locator("dialog[open]").get_by_role("button", name="Rollback done").click()
    expect(page.locator(".page-head")).to_contain_text("Rolled back, to be checked")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.errors == []


def test_drift_is_settled_by_two_people_in_two_browsers(as_person):
    cast = Cast()
    change = draft(cast)
    to_implementing(cast, change)
    do_the_work(cast, change)
    item = change.operations.get().item
    first, second = as_person(cast.implementer), as_person(cast.second)
    first.goto(f"/changes/{change.number}/work/")
    ConfigurationItem.objects.filter(pk=item.pk).update(serial="BY-HAND")
    expect(first.locator("#live-drift")).to_contain_text("BY-HAND", timeout=15_000)
    first.get_by_role("button", name="Write the plan's value").click()
    expect(first.locator("#live-drift")).to_contain_text("a second person confirms")
    second.goto(f"/changes/{change.number}/work/")
    second.get_by_role("button", name="Confirm as the second person").click()
    expect(second.locator("#live-drift")).not_to_contain_text("BY-HAND")
    assert ConfigurationItem.objects.get(pk=item.pk).serial == "NEW"
    second.get_by_role("button", name="Finish").click()
    second.locator("dialog[open]").get_by_role("button", name="Finish").click()
    expect(second.locator(".page-head")).to_contain_text("Verifying")
    assert first.errors == second.errors == []


def test_the_glass_is_broken_by_two_people(as_person):
    cast = Cast()
    PolicyStep.objects.filter(policy__kind="emergency").update(minutes=0)
    change = emergency(cast)
    oncall, second = as_person(cast.oncall), as_person(cast.peer)
    oncall.goto(f"/changes/{change.number}/")
    oncall.get_by_role("button", name="Break the glass").first.click()
    dialog = oncall.locator("dialog[open]")
    dialog.locator("select[name$=second_person]").select_option(str(cast.peer.pk))
    dialog.locator("textarea[name$=comment]").fill("Two units of blood are needed at once")
    dialog.get_by_role("button", name="Break the glass").click()
    expect(oncall.locator(".page-head")).to_contain_text("glass broken")
    second.goto("/changes/emergencies/")
    expect(second.locator("table").first).to_contain_text("h left")
    second.get_by_role("button", name="I was there: confirm").click()
    expect(second.get_by_text("you were there when the glass was broken")).to_be_visible()
    change = ChangeRequest.objects.get(pk=change.pk)
    assert change.is_break_glass
    assert change.ratify_due_at > timezone.now()
    assert RoundSeat.objects.filter(step__round__change=change).exists()
    assert oncall.errors == second.errors == []
