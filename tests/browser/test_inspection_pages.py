"""Pages of inspections in Chromium: the trend, the rota, labels, amendments and ordered reports."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from inspections.actions import AnswerInput, make_ordered, record_answers, sign_run
from inspections.models import Answer, ReportOrder
from tests.factories import (
    make_amendment,
    make_item,
    make_label,
    make_machine_reading,
    make_report_order,
    make_roster_entry,
    make_run,
    make_signature,
    make_user,
)
from tests.inspections.readings import watch

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"viewport": {"width": 390, "height": 844}}
# How many pixels of the drawing have this colour of the house, dimmed edges included.
COLOURED = """name => {
  const one = new OffscreenCanvas(1, 1).getContext("2d");
  one.fillStyle = getComputedStyle(document.body).getPropertyValue(name).trim();
  one.fillRect(0, 0, 1, 1);
  const wanted = one.getImageData(0, 0, 1, 1).data;
  const canvas = document.querySelector("#trend canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let found = 0;
  for (let n = 0; n < data.length; n += 4)
    if (data[n + 3] > 60 && [0, 1, 2].every((c) => Math.abs(data[n + c] - wanted[c]) < 16)) found += 1;
  return found;
}"""


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.fixture
def measured(transactional_db):
    """A disk that people and machines looked at, with values on both sides of both bounds (85, 95)."""
    ci, by = make_item(name="db-01"), make_user("engineer", username="inspector")
    run = make_run(plan=watch(ci))
    record_answers(run, [AnswerInput(run.targets.get().pk, run.version.items.get().pk, "80")], by=by)
    for n, value in enumerate((90, 96, 97)):
        at = timezone.now() - timedelta(minutes=n + 1)
        make_machine_reading(value, ci=ci, metric="disk_used", observed_at=at, unit="%")
    return ci


@pytest.mark.parametrize("look", [{}, {"color_scheme": "dark", **PHONE}])
def test_the_trend_is_drawn_between_its_bounds(person, measured, look):
    page = person("anna", "engineer", **look)
    page.goto(f"/inspections/trend/{measured.pk}/disk/?days=7")
    expect(page.locator("#trend .u-axis")).to_have_count(2)
    for drawn in ("--tone-warn", "--tone-bad", "--tone-info", "--text"):  # two bounds, readings, axes
        assert page.evaluate(COLOURED, drawn) > 20, drawn
    assert fits(page)
    assert page.errors == []


def test_the_trend_is_a_table_for_who_does_not_see_it_and_follows_the_keyboard(person, measured):
    page = person("anna", "engineer")
    page.goto(f"/inspections/trend/{measured.pk}/disk/?days=7")
    chart = page.locator("section:has(#trend)")
    expect(chart).to_have_attribute("aria-hidden", "true")
    assert chart.locator("a, button, input, [tabindex]").count() == 0
    rows = page.get_by_role("table", name="db-01").get_by_role("row")
    expect(rows).to_have_count(5)
    for words in ("97 %", "Critical", "90 %", "Warning", "80 %", "Normal"):
        expect(rows.filter(has_text=words).first).to_be_visible()
    page.get_by_role("link", name="7 days").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="30 days")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**?days=30")
    assert page.errors == []


@pytest.mark.parametrize("span", ["week", "month"])
def test_the_rota_on_a_phone_begins_with_today(person, span):
    duty = make_roster_entry()
    page = person("anna", "engineer", **PHONE)
    page.goto(f"{reverse('inspections:rota')}?span={span}")
    today = page.locator("thead .is-today")
    expect(today).to_be_in_viewport(ratio=0.9)
    name = page.locator(".rota tbody th").first.bounding_box()
    assert today.bounding_box()["x"] >= name["x"] + name["width"] - 2, "hidden under the name of the shift"
    expect(page.get_by_role("link", name=str(duty.user))).to_be_in_viewport()
    assert fits(page)
    assert page.errors == []


def test_a_label_leads_the_engineer_to_the_check_and_others_to_what_is_known(person):
    ci = make_item(name="db-01")
    label, run = make_label(item=ci), make_run(cis=[ci])
    engineer = person("anna", "engineer", **PHONE)
    engineer.goto(f"/q/{label.token}/")
    engineer.wait_for_url(f"**/inspections/phone/#/run/{run.number}/*")
    reader = person("ben", "auditor", language="zh-CN", **PHONE)
    reader.goto(f"/q/{label.token}/")
    expect(reader.get_by_role("heading", name="db-01")).to_be_visible()
    expect(reader.get_by_text(run.number)).to_be_visible()
    assert fits(reader)
    assert engineer.errors == reader.errors == []


def test_one_amends_and_another_decides(person):
    run = sign_run(make_signature().run, by=make_user("reviewer"))
    answer = Answer.objects.get(target__run=run)
    one = person("anna", "engineer", **PHONE)
    one.goto(reverse("inspections:amend", args=[run.number, answer.pk]))
    one.get_by_label("What it should have been").fill("21")
    one.get_by_label("Why it is amended").fill("misread")
    one.get_by_role("button", name="Propose").click()
    one.wait_for_url("**/inspections/amendments/*/")
    expect(one.get_by_role("button", name="Withdraw")).to_be_visible()
    expect(one.get_by_role("button", name="Approve")).to_have_count(0)
    other = person("ben", "reviewer", language="zh-CN")
    other.goto(one.url)
    other.get_by_role("button", name="同意").click()
    other.wait_for_url(f"**/inspections/runs/{run.number}/")
    assert Answer.objects.get(supersedes=answer).value_number == 21
    assert fits(one)
    assert fits(other)
    assert one.errors == other.errors == []


def test_an_ordered_report_says_how_far_it_is_and_is_taken_out(person):
    page = person("anna", "engineer", **PHONE)
    run = make_amendment().answer.target.run
    order = make_report_order(run=run, by=page.user)
    address = reverse("inspections:report-order", args=[order.number])
    page.goto(address)
    expect(page.get_by_role("progressbar")).to_be_visible()
    ReportOrder.objects.filter(pk=order.pk).update(format="json")
    make_ordered(order.pk)
    page.goto(address)
    with page.expect_download() as taken:
        page.get_by_role("link", name="Take out").click()
    assert taken.value.suggested_filename.endswith(".json")
    assert fits(page)
    assert page.errors == []
