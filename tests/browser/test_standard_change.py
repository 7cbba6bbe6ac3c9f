"""A standard change from the catalogue to its end; one that fails suspends its template, and all see it."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from changes.models import ChangeRequest
from tests.browser.test_change_journey import local, take
from tests.factories import make_item, make_standard_template

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SKELETON = {
    "title": "Number of {items}", "reason": "The label says {number}.", "rollback_minutes": 5,
    "rollback_trigger": "It is wrong.", "rollback_steps": ["Put the old number back"],
    "operations": [{"on": "items", "after": {"serial": "{number}"}}],
    "tasks": [{"label": "Read the label of {items}"}], "criteria": [{"metric": "Alarms", "threshold": 0}],
}  # fmt: skip
PARAMETERS = {"number": {"label": "Number on the label", "required": True, "max_length": 12}}


@pytest.fixture
def people(person):
    return {
        "requester": person("requester", "requester"),
        "implementer": person("implementer", "engineer"),
        "verifier": person("verifier", "engineer"),
    }


@pytest.fixture
def template(transactional_db):
    return make_standard_template(
        label="Correct a number", skeleton=SKELETON, parameters=PARAMETERS, scope_types=["host"]
    )


def raise_one(page, item, number):
    page.goto(reverse("changes:catalogue"))
    page.get_by_role("link", name="Raise from template").click()
    page.fill("[name=items]", item.address)
    page.fill("[name='param.number']", number)
    page.fill("[name=window_start]", local(timezone.now() - timedelta(minutes=2)))
    page.fill("[name=window_end]", local(timezone.now() + timedelta(hours=2)))
    page.select_option("[name=implementer]", label="implementer")
    page.select_option("[name=verifier]", label="verifier")
    page.get_by_role("button", name="Raise the change").click()
    page.wait_for_url("**/CHG*/**")
    change = ChangeRequest.objects.latest("pk")
    take(page, change.number, "Submit")
    change.refresh_from_db()
    assert change.state == "scheduled", "no vote, and no assessment"
    return change


def work(page, change):
    take(page, change.number, "Start")
    page.goto(f"/changes/{change.number}/")
    page.locator("#work").get_by_role("button", name="Apply 1 operation").click()
    page.locator("#work").get_by_role("button", name="Done").click()
    take(page, change.number, "Finish")


def test_a_standard_change_goes_from_the_catalogue_to_its_end(people, template):
    item = make_item(serial="OLD")
    change = raise_one(people["requester"], item, "SN-1")
    assert change.reason == "The label says SN-1."
    work(people["implementer"], change)
    item.refresh_from_db()
    assert item.serial == "SN-1"
    verifier = people["verifier"]
    verifier.goto(f"/changes/{change.number}/")
    verifier.locator("#criteria").get_by_placeholder("Measured value").fill("0")
    verifier.locator("#criteria").get_by_role("button", name="Record").click()
    take(verifier, change.number, "Effect verified, close")
    change.refresh_from_db()
    assert (change.state, change.outcome) == ("closed", "successful")
    verifier.goto(reverse("changes:catalogue"))
    expect(verifier.get_by_text("successful: 1")).to_be_visible()
    assert [page.errors for page in people.values() if page.errors] == []


def test_a_failed_one_suspends_its_template_and_the_catalogue_says_so(people, template, person):
    change = raise_one(people["requester"], make_item(serial="OLD"), "SN-2")
    worker, verifier = people["implementer"], people["verifier"]
    work(worker, change)
    take(verifier, change.number, "Roll back", comment="The label says something else.")
    worker.goto(f"/changes/{change.number}/")
    worker.get_by_role("button", name="Restore every field of the configuration").click()
    worker.locator("#rollback").get_by_role("button", name="Done").click()
    take(worker, change.number, "Rollback done")
    take(verifier, change.number, "Restored state confirmed", what_was_checked="As before.")
    manager = person("manager", "change_manager")
    take(manager, change.number, "Close", post="The label was misread.", caused="none", outcome="rolled_back")
    template.refresh_from_db()
    assert (template.is_active, template.state) == (False, "suspended")
    requester = people["requester"]
    requester.goto(reverse("changes:catalogue"))
    expect(requester.get_by_text("It is used again only after its board approves it anew.")).to_be_visible()
    expect(requester.get_by_role("link", name="Raise from template")).to_have_count(0)
    assert requester.goto(reverse("changes:raise", args=[template.pk])).status == 409
    expect(requester.locator(".note.tone-bad").first).to_contain_text("suspended")
