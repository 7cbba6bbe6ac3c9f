"""The offline journey in real Chromium: nothing is lost, and nothing arrives twice.

Behind a proxy that behaves like a basement; the mutants of test_offline_mutants.py do not survive it.
"""

import uuid

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from inspections.actions import AnswerInput, record_answers, return_run, submit_run
from inspections.models import Answer, SyncOp
from tests.browser.offline import (
    ITEMS,
    MANY,
    a_lost_answer,
    a_round_without_signal,
    arrived,
    fill_number,
    open_run,
    person,
    two_tabs,
    wait_for,
)
from tests.factories import make_item, make_run, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_round_without_signal(phone, proxy, ready):
    a_round_without_signal(phone, proxy, ready())


def test_an_answer_lost_after_the_commit_is_replayed(phone, proxy, ready):
    a_lost_answer(phone, proxy, ready())


def test_two_tabs_send_everything_once(phone, proxy, ready):
    two_tabs(phone, proxy, ready(MANY))


SEND = """async ([key, value, run, target, item, made]) => {
  const bundle = await (await fetch("/api/inspections/bundle/")).json();
  const payload = { target, item, value, is_na: false, comment: "", expects: null };
  const now = new Date().toISOString();
  const said = { kind: "answer", run, device: "twin", device_at: now, made_at: made, payload };
  const body = JSON.stringify(said);
  const token = { "Idempotency-Key": key, "X-CSRFToken": bundle.csrf_token };
  const headers = { "Content-Type": "application/json", ...token };
  const post = async () => {
    const answer = await fetch("/api/inspections/sync/", { method: "POST", headers, body });
    return [answer.status, JSON.stringify(await answer.json())];
  };
  return Promise.all(Array.from({ length: 10 }, post));
}"""


def test_ten_twins_of_one_key_are_one_answer_and_another_body_is_refused(phone, proxy, ready):
    run = ready()
    target, item = run.targets.get(), run.version.items.get(key="disk")
    same = [str(uuid.uuid4()), "41", run.number, target.pk, item.pk, "2026-11-22T01:00:00.000Z"]
    answers = phone.page.evaluate(SEND, same)
    assert {status for status, _body in answers} == {201}
    assert len({body for _status, body in answers}) == 1
    altered = phone.page.evaluate(SEND, [same[0], "43", *same[2:]])
    assert {status for status, _body in altered} == {422}
    assert [answer.value_number for answer in Answer.objects.all()] == [41]
    assert SyncOp.objects.count() == 1


def test_an_expired_session_keeps_everything_and_says_so(phone, proxy, ready):
    run = ready()
    page = phone.page
    open_run(page, run)
    Session.objects.all().delete()
    fill_number(page, "42")
    expect(page.locator("[data-login]")).to_be_visible()
    expect(page.locator("#banners")).to_contain_text("1")
    wait_for(lambda: [each["status"] for each in phone.queue()] == ["saved"], page)
    tried = proxy.hits
    page.locator("[data-login]").click()
    phone.log_in("wang")  # a new session, and with it a new token
    arrived(phone)
    assert Answer.objects.get().value_number == 42
    assert proxy.hits == tried + 1
    phone.context.clear_cookies()  # without any cookie Django says 403, not 401
    open_run(page, run)
    page.locator("[data-quick=ok]").click()
    expect(page.locator("[data-login]")).to_be_visible()
    expect(page.locator("#outbox .count")).to_have_text("1")
    page.locator("[data-login]").click()
    phone.log_in("wang")
    arrived(phone)
    assert Answer.objects.count() == 2


def test_a_second_answer_to_the_same_item_is_a_conflict_that_a_person_decides(phone, proxy, ready):
    run = ready()
    page = phone.page
    open_run(page, run)
    proxy.set("refuse")
    fill_number(page, "42")
    page.locator("[data-quick=ok]").click()
    colleague = make_user("engineer", username="li")
    target, item = run.targets.get(), run.version.items.get(key="disk")
    first = record_answers(run, [AnswerInput(target.pk, item.pk, "50")], by=colleague)[0].answer
    proxy.set("up")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("#outbox .count.is-bad")).to_have_text("1")
    assert Answer.objects.current().get(item=item) == first  # the first is kept
    page.goto("/inspections/phone/#/outbox")
    entry = page.locator("[data-group=to_decide] [data-op]")
    expect(entry.locator(".both")).to_contain_text("42")
    expect(entry.locator(".both")).to_contain_text("50")
    expect(entry.locator(".both")).to_contain_text("li")
    entry.locator("[data-keep-mine]").click()
    arrived(phone)
    now = Answer.objects.current().get(item=item)
    assert (now.value_number, now.supersedes, now.answered_by.username) == (42, first, "wang")


def test_what_was_refused_is_sent_under_a_new_key_when_it_is_tried_again(phone, proxy, ready):
    """A refusal is stored under its key for good; what it hung on may be put right."""
    run = ready()
    page = phone.page
    open_run(page, run)
    proxy.set("refuse")
    fill_number(page, "42")
    page.locator("[data-quick=ok]").click()
    colleague, target = make_user("engineer", username="li"), run.targets.get()
    entries = [
        AnswerInput(target.pk, item.pk, "50" if item.kind == "number" else "pass")
        for item in run.version.items.exclude(kind="photo")
    ]
    record_answers(run, entries, by=colleague)
    submit_run(run, by=colleague)
    proxy.set("up")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    page.goto("/inspections/phone/#/outbox")
    expect(page.locator("[data-group=refused] [data-op]")).to_have_count(2)
    entry = page.locator("[data-group=refused] [data-op]", has_text="42")
    expect(entry).to_contain_text("待复核")
    refused = SyncOp.objects.count()
    return_run(run, by=make_user("reviewer"), comment="Once more")
    entry.locator("[data-retry]").click()
    expect(page.locator("[data-group=to_decide] [data-op]", has_text="42")).to_be_visible()
    assert SyncOp.objects.count() > refused


def test_the_page_closed_the_browser_sends_in_the_background(phone, proxy, ready):
    run = ready()
    page = phone.page
    open_run(page, run)
    phone.context.set_offline(True)
    fill_number(page, "42")
    expect(page.locator("#outbox .count")).to_have_text("1")
    tags = "navigator.serviceWorker.ready.then(async (found) => (await found.sync.getTags()).join())"
    wait_for(lambda: page.evaluate(tags) == "outbox", page)
    away = phone.context.new_page()
    page.close()
    phone.context.set_offline(False)
    wait_for(lambda: Answer.objects.count() == 1, away)


def test_the_online_event_sends_by_itself(phone, proxy, ready):
    run = ready()
    page = phone.page
    open_run(page, run)
    phone.context.set_offline(True)
    fill_number(page, "42")
    expect(page.locator("#connection")).to_have_attribute("data-state", "away")
    phone.context.set_offline(False)
    arrived(phone)
    assert Answer.objects.get().value_number == 42


def test_a_newer_shell_takes_over_with_an_entry_waiting(phone, proxy, ready, newer):
    run = ready()
    page = phone.page
    open_run(page, run)
    before = page.locator("html").get_attribute("data-version")
    proxy.set("refuse")
    fill_number(page, "42")
    expect(page.locator("#outbox .count")).to_have_text("1")
    newer(
        "inspections/phone/db.js",
        ("export const VERSION = 1;", "export const VERSION = 2;"),
        ("  if (before < 1) {", '  if (before < 2) db.createObjectStore("later");\n  if (before < 1) {'),
    )
    proxy.set("no_sync")
    page.evaluate("navigator.serviceWorker.getRegistration().then((found) => found.update())")
    expect(page.locator("#banners button")).to_be_visible()  # a new version is here
    page.locator("#banners button").click()
    expect(page.locator("html")).not_to_have_attribute("data-version", before)
    expect(page.locator("#outbox .count")).to_have_text("1")
    proxy.set("up")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    arrived(phone)
    assert phone.version() == 2
    assert Answer.objects.get().value_number == 42


def test_nobody_sends_under_the_name_of_somebody_else(phone, proxy, ready):
    run = ready()
    page = phone.page
    open_run(page, run)
    proxy.set("no_sync")
    fill_number(page, "42")
    expect(page.locator("#outbox .count")).to_have_text("1")
    page.locator("header summary").click()
    page.locator("#logout").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1")
    dialog.locator("button").last.click()
    page.wait_for_url("**/accounts/login/**")
    person("li")
    proxy.set("up")
    hits = proxy.hits
    phone.log_in("li")
    expect(page.locator("#main .note")).to_contain_text("1")  # told, without a name or a value
    page.evaluate("window.dispatchEvent(new Event('online'))")
    page.reload()
    page.goto("/inspections/phone/#/outbox")
    expect(page.locator("#main .note")).to_be_visible()
    expect(page.locator("[data-op]")).to_have_count(0)
    assert proxy.hits == hits
    assert not Answer.objects.exists()
    page.goto("/accounts/logout/")
    page.locator("form[action*=logout] button").last.click()
    page.wait_for_url("**/accounts/login/**")
    phone.log_in("wang")
    arrived(phone)
    assert Answer.objects.get().answered_by.username == "wang"


def test_on_plain_http_it_works_and_says_what_is_missing(phone, proxy, ready, settings):
    settings.ALLOWED_HOSTS = ["plain.test"]
    person("wang")
    run = make_run(items=ITEMS, cis=[make_item(name="db01")])
    phone.base = f"http://plain.test:{proxy.port}"
    page = phone.switch_on()
    phone.log_in("wang")
    there = "[isSecureContext, 'serviceWorker' in navigator, 'locks' in navigator, 'randomUUID' in crypto]"
    assert page.evaluate(there) == [False] * 4
    expect(page.locator("#banners")).to_contain_text("HTTPS")
    open_run(page, run)
    proxy.set("refuse")
    fill_number(page, "42")
    expect(page.locator("#outbox .count")).to_have_text("1")
    other = phone.context.new_page()  # the lease stands in for the lock
    proxy.set("up")
    other.goto("/inspections/phone/#/outbox")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    arrived(phone)
    arrived(phone, other)
    assert Answer.objects.get().value_number == 42
    assert proxy.hits == 1
