"""From a bad lamp in a server room to the draft of a change, in Chinese, on a phone and at a desk."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from changes.models import ChangeRequest
from inspections.models import Finding, InspectionRun
from tests.factories import make_item, make_run

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
ITEMS = [
    {"key": "inlet", "kind": "number", "position": 1, "decimals": 1, "unit": "°C", "warn_high": 27,
     "crit_high": 32, "label": "Inlet temperature", "label_zh": "进风温度"},
    {"key": "lamp", "kind": "pass_fail", "position": 2, "label": "Lights", "label_zh": "指示灯"},
]  # fmt: skip


@pytest.fixture
def run():
    return make_run(items=ITEMS, cis=[make_item(name="db01")])


def test_a_bad_answer_becomes_a_finding_and_the_draft_of_a_change(person, run):
    engineer = person("wang", "engineer", "requester", language="zh-CN", **PHONE)
    engineer.goto(reverse("inspections:list"))
    engineer.locator(".runs a").first.click()
    card = engineer.locator("[data-card]")
    expect(card.get_by_role("heading")).to_have_text("进风温度")
    card.locator("input.big").fill("24.5")
    expect(card.locator("[data-severity]")).to_contain_text("正常")
    engineer.locator("[data-next]").click()
    engineer.locator("[data-quick=crit]").click()
    card.locator("#comment").fill("前面板黄灯")
    engineer.locator("[data-next]").click()
    engineer.locator("[data-submit]").click()
    expect(engineer.locator("#main .saved.is-arrived")).to_be_visible()  # 14:03, among what was sent today
    assert InspectionRun.objects.get().state == "submitted"
    assert engineer.evaluate("document.documentElement.scrollWidth") <= 390
    engineer.goto(reverse("inspections:run", args=[run.number]))
    expect(engineer.get_by_role("button", name="签核")).to_be_disabled()  # and it says why

    reviewer = person("ma", "reviewer", language="zh-CN")
    reviewer.goto(reverse("inspections:run", args=[run.number]))
    expect(reviewer.locator("main")).to_contain_text("前面板黄灯")
    reviewer.get_by_role("button", name="签核").click()
    reviewer.locator("#sign-dialog button[type=submit]").click()
    expect(reviewer.locator(".note.tone-good").last).to_contain_text("签核")
    assert InspectionRun.objects.get().state == "signed"

    finding = Finding.objects.get()
    engineer.goto(reverse("inspections:finding", args=[finding.number]))
    engineer.locator("button[data-dialog=raise]").click()
    engineer.locator("#raise button[type=submit]").click()
    expect(engineer.locator(".note.tone-good").last).to_be_visible()
    change = ChangeRequest.objects.get()
    assert (change.state, change.requester) == ("draft", engineer.user)
    engineer.goto(reverse("changes:change", args=[change.number]))
    engineer.get_by_role("link", name=finding.number).click()  # and back from the change to what it is to fix
    engineer.locator("dl").get_by_role("link", name=change.number).click()
    assert engineer.errors == reviewer.errors == []
