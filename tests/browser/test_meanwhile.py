"""Two things at once on the phone: what is pressed, sent, left or asked for while something else goes on."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from inspections.models import Answer, Evidence, InspectionRun, SyncOp
from tests.browser.offline import ITEMS, fill_number, open_run, photo_file, wait_for
from tests.factories import make_item, make_run

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SYNC, BUNDLE = "**/api/inspections/sync/", "**/api/inspections/bundle/**"
DRAWN = """async (selector) => {
  const former = document.querySelector(selector);
  const drawn = new Promise((done) => new MutationObserver(done).observe(document.getElementById("main"), { childList: true, subtree: true }));
  new BroadcastChannel("opsledger-phone").postMessage("changed");
  await Promise.race([drawn, new Promise((done) => setTimeout(done, 500))]);
  return former.isConnected;
}"""  # noqa: E501
LEFT = """async () => {
  const { Store } = await import("/static/inspections/phone/db.js");
  const { enqueue, keepForLogin, leave, nextOf, park, postpone } = await import("/static/inspections/phone/outbox.js");
  const store = new Store("trial");
  const answer = (value) => ({ kind: "answer", run: "X", slot: "1-1", payload: { target: 1, item: 1, value, expects: null } });
  await enqueue(store, answer("1"));
  const found = nextOf(await store.all("ops"), Date.now());
  await enqueue(store, answer("2"));
  const gone = await leave(store, found);
  for (const late of [postpone, keepForLogin]) await late(store, found, "");
  await park(store, found, "error", { error: "no" });
  return [gone ?? null, (await store.all("ops")).map((op) => [op.payload.value, op.status, op.attempts])];
}"""  # noqa: E501


@pytest.fixture
def run():
    return make_run(items=ITEMS, cis=[make_item(name="db01")])


@pytest.fixture
def page(person):
    return person("wang", "engineer", viewport={"width": 390, "height": 844})


def press(page, selector):
    """The mouse goes down on it, and stays."""
    page.locator(selector).hover()  # looks for it again where it is drawn anew meanwhile
    page.mouse.down()


@pytest.mark.parametrize("button", ["[data-quick=ok]", ".overview", "[data-submit]"])
def test_a_button_that_is_pressed_keeps_its_click_while_the_page_hears_of_changes(page, run, button):
    open_run(page, run)
    fill_number(page, "42")
    wait_for(lambda: Answer.objects.exists(), page)
    expect(page.locator("#outbox .count")).to_have_count(0)
    if button == "[data-submit]":
        page.locator("[data-quick=ok]").click()
        expect(page.locator("[data-submit]")).to_be_enabled()
    press(page, button)
    assert page.evaluate(DRAWN, button), "what is pressed is not drawn anew"
    page.mouse.up()
    if button == ".overview":
        expect(page.locator("#index.is-open")).to_be_visible()
    else:
        count = {"[data-quick=ok]": 2, "[data-submit]": 3}[button]
        wait_for(lambda: SyncOp.objects.count() == count, page)
    assert page.errors == []


def test_the_button_of_a_photo_keeps_its_click_while_another_is_taken(page):
    run = make_run(items=[{"key": "rack", "kind": "photo", "label": "Rack"}], cis=[make_item(name="db01")])
    open_run(page, run)
    page.locator("[data-camera]").set_input_files(photo_file())
    expect(page.locator("[data-photo] .is-arrived")).to_be_visible()
    expect(page.locator("#outbox .count")).to_have_count(0)
    press(page, "[data-photo] button")
    page.locator("[data-camera]").set_input_files(photo_file())
    wait_for(lambda: Evidence.objects.count() == 2, page)
    page.mouse.up()
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.locator("[data-photo]")).to_have_count(2)
    assert page.errors == []


def test_what_arrives_during_a_press_is_shown_after_it(page, run):
    open_run(page, run)
    held = []
    page.route(SYNC, lambda route: held.append(route))
    fill_number(page, "42")
    page.locator("[data-quick=ok]").click()
    waits = page.locator("[data-waiting]")
    expect(waits).to_contain_text("2")
    wait_for(lambda: held, page)
    press(page, "[data-finish] h2")
    held[0].continue_()
    page.unroute(SYNC)
    wait_for(lambda: Answer.objects.count() == 2, page)
    expect(page.locator("#outbox .count")).to_have_count(0)
    expect(waits).to_be_visible()
    page.mouse.up()
    expect(waits).to_have_count(0)


def test_a_run_is_submitted_once_however_often_the_button_is_tapped(page, run):
    open_run(page, run)
    fill_number(page, "42")
    page.locator("[data-quick=ok]").click()
    expect(page.locator("[data-submit]")).to_be_enabled()
    page.locator("[data-submit]").evaluate("button => { button.click(); button.click(); }")
    wait_for(lambda: InspectionRun.objects.get().state == "submitted", page)
    expect(page.locator("#outbox .count")).to_have_count(0)
    assert SyncOp.objects.filter(kind="submit").count() == 1
    assert page.errors == []


def test_whoever_goes_on_twice_arrives_where_the_address_says(page, run):
    open_run(page, run)
    page.locator("input.big").fill("42")
    page.evaluate("location.hash = '#/outbox'; setTimeout(() => { location.hash = '#/'; })")
    expect(page.locator(f"[data-run='{run.number}']")).to_be_visible()
    wait_for(lambda: Answer.objects.count() == 1, page)  # what was typed went along
    expect(page.locator("#outbox .count")).to_have_count(0)
    expect(page.locator(f"[data-run='{run.number}']")).to_be_visible()


def test_a_card_that_is_still_being_kept_does_not_take_the_address_back(page, run):
    page.add_init_script(
        "addEventListener('hashchange', (event) => { if (window.held) event.stopImmediatePropagation(); });"
    )
    open_run(page, run)
    page.locator("input.big").fill("42")
    page.evaluate(
        "window.held = true; document.querySelector('[data-next]').click(); location.hash = '#/outbox'"
    )
    wait_for(lambda: Answer.objects.exists(), page)
    expect(page.locator("#outbox .count")).to_have_count(0)
    page.evaluate("window.held = false; window.dispatchEvent(new Event('hashchange'))")
    expect(page.locator("h1")).to_have_text("Outbox")
    assert page.url.endswith("#/outbox")
    assert page.errors == []


def test_an_entry_that_has_just_given_way_is_not_sent_after_all(page):
    page.goto(reverse("inspections:phone"))
    assert page.evaluate(LEFT) == [None, [["2", "saved", 0]]]


def test_runs_asked_for_before_an_answer_arrived_do_not_hide_it(page, run):
    open_run(page, run)
    held = []
    page.route(BUNDLE, lambda route: held.append((route, route.fetch())))
    page.reload()
    expect(page.locator("[data-card]")).to_be_visible()  # from what is kept
    wait_for(lambda: held, page)
    fill_number(page, "42")
    wait_for(lambda: len(held) > 1, page)  # the answer has arrived; how the run stands now is asked for
    route, answer = held[0]
    route.fulfill(response=answer)
    expect(page.locator("#connection")).to_have_attribute("data-state", "here")
    page.locator("[data-previous]").click()
    expect(page.locator("input.big")).to_have_value("42")
    expect(page.locator("[data-done]")).to_have_text("1/2")
    for route, answer in held[1:]:
        route.fulfill(response=answer)
    assert page.errors == []
