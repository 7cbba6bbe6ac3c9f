"""An objection of an owning team, overruled with a reason, and the impact confirmed, in two browsers."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from changes.actions import take_step
from tests.browser.test_change_journey import ANSWERS, take
from tests.changes.journey import Cast, draft
from tests.factories import make_item, make_member, make_relation

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"viewport": {"width": 390, "height": 844}}


def test_an_objection_is_overruled_with_a_reason_and_the_change_goes_on(person):
    assessor, member = person("assessor", "engineer"), person("member", "engineer", **PHONE)
    cast = Cast(assessor=assessor.user)
    item = make_item(serial="OLD")
    team = make_member(user=member.user).team
    make_relation(source=make_item(criticality=4, owner_team=team), target=item)
    change = draft(cast, item=item)
    take_step(change, "submit", by=cast.requester)
    page = reverse("changes:assess", args=[change.number])

    assessor.goto(page)
    assessor.get_by_role("button", name="Confirm the impact").click()
    expect(assessor.get_by_text("The impact is confirmed")).to_be_visible()

    member.goto(reverse("changes:asked"))
    assert member.evaluate("document.documentElement.scrollWidth") <= 390
    member.get_by_role("button", name="Object").click()
    expect(member.locator(".note.tone-bad, .errorlist").first).to_be_visible()
    member.locator("textarea[name=comment]").fill("Not before the month's end: settlement runs.")
    member.get_by_role("button", name="Object").click()
    expect(member.get_by_text("Your team's answer is recorded.")).to_be_visible()

    assessor.goto(reverse("changes:change", args=[change.number]))
    expect(assessor.locator(".process").get_by_role("button", name="Assessment done")).to_be_disabled()
    assessor.goto(page)
    expect(assessor.get_by_text("Not before the month's end")).to_be_visible()
    assessor.get_by_label("Overrule, because").fill("Settlement was moved to Friday, agreed with its owner.")
    assessor.get_by_role("button", name="Overrule", exact=True).click()
    expect(assessor.get_by_text("Overruled by assessor")).to_be_visible()
    take(assessor, change.number, "Assessment done", **ANSWERS)
    change.refresh_from_db()
    assert (change.state, change.risk) == ("testing", "high")

    member.goto(reverse("changes:asked") + "?show=answered")
    expect(member.get_by_text("Settlement was moved to Friday")).to_be_visible()
    assert assessor.errors == []
