"""The outbox from inside: what is refused, what is kept, who may send, and exact decimals."""

import json

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from inspections import shell
from inspections.actions import submit_run
from inspections.models import Answer
from tests.browser.offline import ITEMS, fill_number, open_run, wait_for
from tests.factories import make_answer, make_item, make_run, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NUMBERS = ITEMS[:1]
WAITS = """async () => {
  const { Store } = await import("/static/inspections/phone/db.js");
  const { enqueue, leave, postpone } = await import("/static/inspections/phone/outbox.js");
  const store = new Store("trial");
  await enqueue(store, { kind: "submit", run: "X", payload: {} });
  const waits = [];
  for (let turn = 0; turn < 12; turn += 1) {
    const gone = await leave(store, (await store.all("ops"))[0]);
    await postpone(store, gone, "");
    waits.push(Math.round(((await store.all("ops"))[0].next_at - Date.now()) / 1000));
  }
  return waits;
}"""
LEASES = """async () => {
  const { Store } = await import("/static/inspections/phone/db.js");
  const [one, two] = [await import("/static/inspections/phone/lock.js?1"), await import("/static/inspections/phone/lock.js?2")];
  const store = new Store("trial");
  const first = [await one.take(store), await two.take(store), await one.take(store)];
  await store.put("meta", { ...(await store.get("meta", "lease")), until: Date.now() - 1 });
  return [...first, await two.take(store)];
}"""  # noqa: E501
GRADES = """async (table) => {
  const { difference, grade } = await import("/static/inspections/phone/decimal.js");
  return table.map(([value, bounds]) => (typeof bounds === "string" ? difference(value, bounds) : grade(value, bounds)));
}"""  # noqa: E501
BOUNDS = {"crit_low": "-5", "warn_low": "0", "warn_high": "85", "crit_high": "95"}


@pytest.fixture
def page(person):
    return person("wang", "engineer", viewport={"width": 390, "height": 844})


def test_what_an_ended_run_refuses_stays_with_its_words_and_ways_out(page):
    run = make_run(items=NUMBERS, cis=[make_item(name="db01")])
    open_run(page, run)
    page.context.set_offline(True)
    fill_number(page, "42")
    expect(page.locator("#outbox .count")).to_have_text("1")
    colleague = make_user("engineer", username="li")
    make_answer("20", target=run.targets.get(), by=colleague)
    submit_run(run, by=colleague)
    page.context.set_offline(False)
    expect(page.locator("#outbox .count.is-bad")).to_have_text("1", timeout=15_000)
    page.locator("#outbox").click()
    entry = page.locator("[data-group=refused] [data-op]")
    expect(entry.locator(".trouble")).to_contain_text("Waiting for sign-off")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    entry.locator("[data-copy-json]").click()
    expect(page.locator(".toast")).to_be_visible()
    (copied,) = json.loads(page.evaluate("navigator.clipboard.readText()"))
    assert copied["payload"]["value"] == "42"
    assert (copied["run"], copied["ci"], copied["item"]) == (run.number, "db01", "disk")
    entry.locator("[data-drop]").click()
    page.get_by_role("dialog").get_by_role("button").first.click()  # not yet
    expect(entry).to_have_count(1)
    entry.locator("[data-drop]").click()
    page.get_by_role("dialog").get_by_role("button").last.click()
    expect(entry).to_have_count(0)
    assert Answer.objects.get().value_number == 20


def test_the_worker_keeps_the_shell_and_nobodys_data(page):
    run = make_run(items=NUMBERS, cis=[make_item(name="db01")])
    open_run(page, run)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    kept = """async () => {
      const found = [];
      for (const name of await caches.keys()) {
        const requests = await (await caches.open(name)).keys();
        found.push(...requests.map((request) => new URL(request.url).pathname));
      }
      return found;
    }"""
    assert set(page.evaluate(kept)) == {reverse("inspections:phone"), *shell.urls()}


def test_a_database_that_another_version_took_is_opened_again(page):
    run = make_run(items=NUMBERS, cis=[make_item(name="db01")])
    open_run(page, run)
    upgrade = """async () => {
      const { name, version } = (await indexedDB.databases()).find((each) => /inspections-/.test(each.name));
      await new Promise((done, failed) => {
        const asked = indexedDB.open(name, version + 1);
        asked.onsuccess = () => { asked.result.close(); done(); };
        asked.onerror = failed;
      });
    }"""
    page.evaluate(upgrade)
    expect(page.locator("#banners")).to_contain_text("new version")
    fill_number(page, "42")
    wait_for(lambda: Answer.objects.count() == 1, page)
    assert page.errors == []


def test_logging_out_elsewhere_asks_too_while_entries_wait(page):
    run = make_run(items=NUMBERS, cis=[make_item(name="db01")])
    open_run(page, run)
    page.route("**/api/inspections/sync/", lambda route: route.abort())
    page.evaluate(
        "navigator.serviceWorker.getRegistrations().then((all) => all.map((each) => each.unregister()))"
    )
    fill_number(page, "42")
    expect(page.locator("#outbox .count")).to_have_text("1")
    page.goto(reverse("inspections:list"))
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.locator("header details.menu summary").click()
    page.locator("form[data-waiting] button").click()
    wait_for(lambda: asked, page)
    assert asked[0].startswith("1 ")
    assert page.url.endswith(reverse("inspections:list"))
    page.once("dialog", lambda dialog: dialog.accept())
    page.locator("form[data-waiting] button").click()
    page.wait_for_url("**/accounts/login/**")


def test_waits_grow_from_a_second_to_five_minutes_and_one_holds_the_lease(page):
    page.goto(reverse("inspections:phone"))
    waits = page.evaluate(WAITS)
    assert waits[:4] == [1, 2, 4, 8]
    assert waits[-1] == 300
    assert page.evaluate(LEASES) == [True, False, True, True]


def test_decimals_are_exact_and_a_bound_that_is_reached_counts(page):
    page.goto(reverse("inspections:phone"))
    table = {
        "85": "warn", "85.0": "warn", "84.999999": "ok", "95": "crit", "0": "warn", "-0.0": "warn",
        "0.1": "ok", "-5": "crit", "-5.000": "crit", "-4.9": "warn", "１２。５": "ok", "20,5": "ok",
    }  # fmt: skip
    assert page.evaluate(GRADES, [[value, BOUNDS] for value in table]) == list(table.values())
    deltas = {("0.3", "0.1"): "+0.2", ("24.5", "25"): "−0.5", ("1.50", "1.5"): "", ("-1", "1"): "−2"}
    assert page.evaluate(GRADES, [list(pair) for pair in deltas]) == list(deltas.values())
