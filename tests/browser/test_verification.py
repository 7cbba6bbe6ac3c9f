"""After the work: somebody else verifies with a file behind the value, and the review has consequences."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from changes.models import CriterionResult
from tests.browser.test_change_journey import take
from tests.changes.journey import HIGH, Cast, draft, to_verifying

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}


def test_somebody_else_verifies_with_a_file_and_the_review_has_an_action_and_an_incident(person, tmp_path):
    implementer, verifier = person("implementer", "engineer"), person("verifier", "engineer", **PHONE)
    manager, reader = person("manager", "change_manager"), person("reader", "board_member", **PHONE)
    cast = Cast(implementer=implementer.user, verifier=verifier.user, manager=manager.user)
    change = draft(cast)
    to_verifying(cast, change, HIGH)
    number, work = change.number, reverse("changes:work", args=[change.number])
    chart = tmp_path / "告警曲线.csv"
    chart.write_text("time,alarms\n22:00,0\n", encoding="utf-8")

    implementer.goto(work)
    expect(implementer.get_by_role("button", name="Verified, needs a review")).to_be_disabled()
    expect(implementer.locator("#live-values").get_by_role("button", name="Record")).to_have_count(0)

    verifier.goto(work)
    verifier.get_by_label("Measured value").fill("0")
    verifier.get_by_label("Evidence").fill("Monitoring, an hour after the work")
    verifier.get_by_label("File", exact=True).set_input_files(chart)
    verifier.get_by_role("button", name="Record").first.click()
    expect(verifier.locator("#live-values")).to_contain_text("0: holds")
    verifier.locator("#live-values summary").click()
    with verifier.expect_download() as download:
        verifier.get_by_role("link", name="告警曲线.csv").click()
    assert download.value.path().read_bytes() == chart.read_bytes()
    assert CriterionResult.objects.get().measured_by == verifier.user
    assert verifier.evaluate("document.documentElement.scrollWidth") == 390
    take(verifier, number, "Verified, needs a review", issues="One alarm came an hour late.")

    reader.goto(reverse("changes:review", args=[number]))
    expect(reader.locator("main form")).to_have_count(0)
    expect(reader.locator("main")).to_contain_text("This is for who implements, verifies, owns or manages")
    assert reader.evaluate("document.documentElement.scrollWidth") == 390

    manager.goto(reverse("changes:review", args=[number]))
    manager.get_by_label("Was the goal reached").fill("The number is the one on the label.")
    manager.get_by_label("What was learned").fill("The alarm is checked before the work begins.")
    manager.get_by_role("button", name="Save").click()
    expect(manager.get_by_text("The review is saved.")).to_be_visible()
    incidents, actions = manager.locator("#incidents"), manager.locator("#actions")
    incidents.get_by_label("Reference").fill("INC-2041")
    incidents.get_by_label("Severity").select_option("p3")
    incidents.get_by_role("button", name="Link the incident").click()
    expect(incidents).to_contain_text("INC-2041")
    actions.get_by_label("What is to be done").fill("Check the alarm first")
    actions.get_by_label("Who does it").select_option(str(verifier.user.pk))
    actions.get_by_label("To be done by").fill(f"{timezone.localdate() + timedelta(days=7):%Y-%m-%d}")
    actions.get_by_role("button", name="Agree on it").click()
    expect(actions).to_contain_text("Check the alarm first")
    take(manager, number, "Close", outcome="successful_with_issues")
    change.refresh_from_db()
    assert (change.state, change.outcome) == ("closed", "successful_with_issues")

    reader.goto(reverse("changes:review", args=[number]))
    for words in ("The number is the one on the label.", "The alarm is checked before", "INC-2041"):
        expect(reader.locator("main")).to_contain_text(words)
    verifier.goto(reverse("changes:my-actions"))
    verifier.get_by_role("button", name=re.compile("Done")).first.click()
    expect(verifier.locator("main")).not_to_contain_text("Check the alarm first")
    assert change.review_actions.get().done_by == verifier.user
    assert [page.errors for page in (implementer, verifier, manager, reader) if page.errors] == []
