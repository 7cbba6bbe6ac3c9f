"""The phone page in real Chromium: cards, photos, readings, submission, keyboard, labels."""

from datetime import time, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from inspections.models import Answer, Evidence, Finding, InspectionRun, RunTarget
from tests.browser.offline import photo_file
from tests.factories import make_answer, make_item, make_machine_reading, make_plan, make_run, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"viewport": {"width": 360, "height": 780}, "has_touch": True, "is_mobile": True}
ITEMS = [
    {"key": "disk", "kind": "number", "position": 1, "decimals": 1, "warn_high": 85, "crit_high": 95,
     "label": "Disk", "unit": "%"},
    {"key": "lamp", "kind": "pass_fail", "position": 2, "label": "Lights", "section": "Front"},
    {"key": "fans", "kind": "pass_fail", "position": 3, "label": "Fans", "fail_severity": "warn",
     "section": "Front"},
]  # fmt: skip
SMALL = """[...document.querySelectorAll("button, a, summary, select, textarea, input")]
  .filter((each) => each.type !== "file" && each.offsetHeight && each.offsetHeight < 56)
  .filter((each) => !each.closest(".option, .brand, .skip, .note"))
  .map((each) => each.outerHTML.slice(0, 90))"""
NAMELESS = """[...document.querySelectorAll("button, a[href], input, textarea, select, summary, [role=img]")]
  .filter((each) => each.checkVisibility() && !each.closest("[hidden]")).filter((each) => {
    const ids = (each.getAttribute("aria-labelledby") ?? "").split(" ");
    const by = [...ids.map((id) => document.getElementById(id)), ...(each.labels ?? [])];
    const said = by.map((label) => label?.textContent ?? "").join("");
    const icons = [...each.querySelectorAll(".icon")].map((icon) => icon.textContent).join("");
    const alt = each.querySelector("img[alt]")?.alt ?? "";
    return !(said || each.getAttribute("aria-label") || alt || each.textContent.replace(icons, "")).trim();
  }).map((each) => each.outerHTML.slice(0, 90))"""


@pytest.fixture
def run():
    return make_run(items=ITEMS, cis=[make_item(name="db01"), make_item(name="db02")])


def card(page):
    return page.locator("[data-card]")


def open_run(page, run):
    page.goto(reverse("inspections:run", args=[run.number]))
    expect(card(page)).to_be_visible()


def until(is_so, page):
    """What was entered has arrived in the database."""
    for _turn in range(300):
        if is_so():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it has not arrived")


def check(page):
    """Nothing too small for a thumb, nothing without a name, nothing wider than the screen."""
    assert page.evaluate(SMALL) == []
    assert page.evaluate(NAMELESS) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


def test_a_round_on_a_phone(person, run):
    page = person("wang", "engineer", **PHONE)
    page.goto(reverse("inspections:phone"))
    expect(page.locator(f"[data-run='{run.number}']")).to_be_visible()
    check(page)
    page.locator(f"[data-run='{run.number}']").click()
    expect(card(page).get_by_role("heading")).to_have_text("Disk")
    expect(card(page).get_by_role("heading")).to_be_focused()
    card(page).locator("input.big").fill("96")
    expect(card(page).locator("[data-severity]")).to_contain_text("Critical")
    check(page)
    page.locator("[data-next]").click()  # without the comment: kept, and asked for at the end
    expect(card(page).get_by_role("heading")).to_have_text("Lights")
    page.locator("[data-quick=ok]").click()  # one tap answers and goes on
    expect(card(page).get_by_role("heading")).to_have_text("Fans")
    page.locator("[data-quick=warn]").click()
    expect(card(page).locator("#comment")).to_be_focused()
    card(page).locator("#comment").fill("loud")
    page.locator("[data-next]").click()
    expect(card(page).get_by_role("heading")).to_have_text("Disk")  # of the next CI
    card(page).locator("input.big").fill("20.55")
    page.locator("[data-next]").click()
    expect(card(page).locator("#card-trouble")).to_contain_text("1 decimal")
    card(page).locator("input.big").fill("20,5")
    card(page).locator("input.big").press("Enter")
    page.locator("[data-all-good]").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("listitem")).to_have_text(["Lights", "Fans"])
    dialog.get_by_role("button").last.click()
    finish = page.locator("[data-finish]")
    expect(finish).to_be_visible()
    expect(finish.locator("[data-submit]")).to_be_disabled()
    check(page)
    finish.locator("[data-gaps] button").click()  # a tap leads to what is missing
    card(page).locator("#comment").fill("log files")
    page.locator(".overview").click()
    page.locator("#index .index-line").last.click()
    page.locator("[data-submit]").click()
    expect(page.locator("#main .saved.is-arrived")).to_be_visible(timeout=15_000)
    assert InspectionRun.objects.get().state == "submitted"
    current = Answer.objects.current().order_by("target", "item__position")
    assert [answer.value_label for answer in current] == ["96", "pass", "fail", "20.5", "pass", "pass"]
    assert sorted(Finding.objects.values_list("severity", flat=True)) == ["crit", "warn"]
    assert all(answer.dwell_seconds is not None for answer in current)
    assert page.errors == []


def test_what_is_being_typed_stays_where_it_is_when_the_first_answer_arrives(person, run):
    page, held = person("wang", "engineer", **PHONE), []
    open_run(page, run)
    page.route("**/api/inspections/sync/", lambda route: held.append(route))
    card(page).locator("input.big").fill("20")
    page.locator("[data-next]").click()
    expect(card(page).get_by_role("heading")).to_have_text("Lights")
    page.locator("[data-quick=crit]").click()
    comment = card(page).locator("#comment")
    expect(comment).to_be_focused()
    page.keyboard.type("da")
    until(lambda: held, page)
    held[0].continue_()  # the answer starts the run: "open" becomes "in progress" on the phone too
    page.unroute("**/api/inspections/sync/")
    until(lambda: InspectionRun.objects.get().state == "in_progress", page)
    expect(page.locator("#outbox .count")).to_have_count(0)
    expect(comment).to_be_focused()
    page.keyboard.type("rk")
    expect(comment).to_have_value("dark")
    assert page.errors == []


def test_the_last_value_stands_above_the_field_with_its_difference_and_the_limits(person):
    items = [
        {"key": "temp", "kind": "number", "decimals": 1, "warn_high": 27, "unit": "℃", "label": "Inlet"}
    ]  # fmt: skip
    ci = make_item(name="db01")
    for hour, value in enumerate(("24", "24.3", "25")):
        former = make_run(plan=make_plan(items=items, cis=[ci], shift_start=time(0, hour)))
        make_answer(value, target=former.targets.get())
    run = make_run(plan=make_plan(items=items, cis=[ci], shift_start=time(0, 30)))
    page = person("wang", "engineer", **PHONE)
    open_run(page, run)
    expect(card(page).locator("#card-last")).to_contain_text("25 ℃")
    expect(card(page).locator("#card-last")).to_contain_text("Warning ≥ 27 ℃")
    expect(card(page).locator("svg.trend polyline")).to_have_count(1)
    card(page).locator("input.big").fill("24.2")
    expect(card(page).locator("[data-delta]")).to_have_text("−0.8")
    check(page)


def test_the_reading_of_a_machine_is_confirmed_or_overruled_with_a_reason(person):
    items = [
        {"key": key, "kind": "machine", "metric": key, "position": place, "decimals": 1, "unit": "%",
         "label": key}
        for place, key in enumerate(("cpu", "disk", "old"))
    ]  # fmt: skip
    ci, now = make_item(name="db01"), timezone.now()
    ages = {"cpu": 5, "disk": 5, "old": 500}
    readings = {
        key: make_machine_reading("41.5", ci=ci, metric=key, observed_at=now - timedelta(minutes=age))
        for key, age in ages.items()
    }
    run = make_run(items=items, cis=[ci])
    page = person("wang", "engineer", **PHONE)
    open_run(page, run)
    prefill = card(page).locator("[data-prefill]")
    expect(prefill).to_contain_text("41.5 %")
    expect(prefill).to_contain_text("min ago")
    check(page)
    prefill.locator("[data-confirm-reading]").click()
    expect(card(page).get_by_role("heading")).to_have_text("disk")
    prefill.locator("button").last.click()
    card(page).locator("input.big").fill("60")
    expect(card(page).locator(".needed").first).to_be_visible()
    card(page).locator("#comment").fill("df says 60")
    page.locator("[data-next]").click()
    expect(card(page)).to_contain_text("look for yourself")  # stale: nothing to confirm
    expect(prefill).to_have_count(0)
    until(lambda: Answer.objects.current().count() == 2, page)
    cpu, disk = Answer.objects.current().order_by("item__position")
    assert (cpu.value_number, cpu.reading, cpu.source) == (Decimal("41.5"), readings["cpu"], "confirmed")
    assert (disk.value_number, disk.reading, disk.comment) == (60, readings["disk"], "df says 60")
    assert page.errors == []


def test_a_photo_is_taken_shown_and_taken_back(person):
    items = [{"key": "rack", "kind": "photo", "label": "Rack"}]
    run = make_run(items=items, cis=[make_item(name="db01")])
    page = person("wang", "engineer", **PHONE)
    open_run(page, run)
    expect(card(page).locator(".needed").last).to_be_visible()
    page.locator("[data-camera]").set_input_files(photo_file())
    expect(page.locator("[data-photo] .is-arrived")).to_be_visible(timeout=15_000)
    page.locator("[data-camera]").set_input_files(photo_file())
    expect(page.locator("[data-photo]")).to_have_count(2)
    expect(page.locator("[data-photo] .is-arrived")).to_have_count(2, timeout=15_000)
    page.locator("[data-camera]").set_input_files(
        {"name": "a.txt", "mimeType": "text/plain", "buffer": b"no picture"}
    )
    expect(card(page).locator(".photo-block .trouble")).to_contain_text("picture")
    page.locator("[data-photo] button").first.click()
    page.get_by_role("dialog").get_by_role("button").last.click()
    expect(page.locator("[data-photo]")).to_have_count(1)
    until(lambda: Evidence.objects.filter(withdrawn_at=None).count() == 1, page)
    assert [row.withdrawn_at is None for row in Evidence.objects.order_by("id")] == [False, True]


def test_a_ci_that_cannot_be_reached_needs_a_reason_and_no_answers(person, run):
    page = person("wang", "engineer", **PHONE)
    open_run(page, run)
    page.locator(".unreachable summary").click()
    page.locator("#reason").fill("locked room")
    page.locator(".unreachable button").click()
    expect(page.locator(".target-chip[aria-current]")).to_contain_text("db02")
    until(lambda: RunTarget.objects.filter(result="unreachable").exists(), page)
    target = RunTarget.objects.get(result="unreachable")
    assert (target.reason, str(target)) == ("locked room", "db01")
    assert page.errors == []


def test_a_whole_run_by_keyboard_alone(person):
    run = make_run(items=ITEMS[:2], cis=[make_item(name="db01")])
    page = person("wang", "engineer", viewport={"width": 1440, "height": 900})
    open_run(page, run)
    assert page.evaluate(NAMELESS) == []
    tab_to(page, "#value")
    page.keyboard.type("20")
    page.keyboard.press("Enter")
    expect(card(page).get_by_role("heading")).to_have_text("Lights")
    tab_to(page, "input[value=pass]")
    page.keyboard.press("Space")
    expect(page.locator("[data-finish]")).to_be_visible()
    expect(page.locator("[data-finish] h2")).to_be_focused()
    tab_to(page, "[data-submit]")
    page.keyboard.press("Enter")
    expect(page.locator("#main .saved.is-arrived")).to_be_visible(timeout=15_000)
    assert InspectionRun.objects.get().state == "submitted"
    assert page.errors == []


def tab_to(page, selector, most=40):
    for _turn in range(most):
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached by Tab")


def test_whoever_may_not_inspect_is_told_and_nothing_is_offered(person, run):
    page = person("ma", "reviewer")
    page.goto(reverse("inspections:phone"))
    expect(page.locator("#banners .note")).to_be_visible()
    expect(page.locator("[data-run]")).to_have_count(0)


def test_the_run_of_somebody_else_can_be_taken_over_by_its_address(person, run):
    make_answer("20", target=run.targets.first(), by=make_user("engineer", username="li"))
    page = person("wang", "engineer", **PHONE)
    open_run(page, run)
    expect(card(page).get_by_role("heading")).to_have_text("Lights")  # where the first gap is
    assert page.errors == []
