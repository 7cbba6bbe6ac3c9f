"""Who may not, cannot: neither a button on the page nor a forged form from that very page."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from audit.models import SecurityEvent
from changes.models import Vote
from inspections.models import Answer
from tests.factories import make_change, make_item, make_round, make_run

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FORGE = """async ([url, fields]) => {
  const body = new FormData();
  body.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  return (await fetch(url, { method: "POST", body })).status;
}"""


def forge(page, url, **fields):
    """Posts a form that the page does not offer, with its own session and token; the answer's status."""
    return page.evaluate(FORGE, [url, fields])


def buttons(page):
    return page.locator("main form[method=post] button[type=submit], main [data-dialog]")


def test_an_auditor_reads_everything_and_posts_nothing(person):
    page = person("lin", "auditor")
    item, change, run = make_item(), make_change(), make_run()
    for name, *args in (
        ("audit:history",), ("audit:events",), ("changes:change", change.number), ("cmdb:item", item.pk),
        ("inspections:run", run.number), ("changes:history", change.number),
    ):  # fmt: skip
        assert page.goto(reverse(name, args=args)).status == 200
        expect(buttons(page), page.url + str(buttons(page).all_inner_texts())).to_have_count(0)
    before = change.row_version
    assert forge(page, reverse("changes:step", args=[change.number, "submit"])) in (403, 409)
    assert forge(page, reverse("changes:edit", args=[change.number]), title="Mine", row_version="1") >= 400
    assert forge(page, reverse("inspections:run", args=[run.number]), step="submit") in (200, 403, 409)
    assert page.goto(reverse("admin:cmdb_configurationitem_add")).status == 403
    for record in (change, run):
        record.refresh_from_db()
    assert (change.state, change.row_version, run.state) == ("draft", before, "open")
    assert not Answer.objects.exists()
    assert SecurityEvent.objects.filter(kind="refusal", actor="lin").exists()


def test_a_requester_has_no_vote_and_no_record_of_others(person):
    page = person("zhou", "requester")
    change = make_change(kind="emergency", incident_ref="INC-1", risk="medium", requester=page.user)
    opened = make_round(change=change)
    seat = opened.steps.first().seats.first()
    page.goto(reverse("changes:change", args=[change.number]))
    expect(page.locator("[data-dialog^=vote]")).to_have_count(0)
    expect(page.locator(".votes-mine")).to_contain_text("You asked for this change")
    vote = {"seat": str(seat.pk), "choice": "approve", "plan_hash": change.plan_hash}
    assert forge(page, reverse("changes:vote", args=[change.number]), **vote) in (403, 404, 409)
    assert not Vote.objects.exists()
    for name in ("audit:history", "audit:events", "audit:export", "cmdb:import"):
        assert page.goto(reverse(name)).status == 403
        expect(page.locator("main, .gate")).to_contain_text("right")
    page.goto(reverse("home"))
    expect(page.get_by_role("link", name="What happened")).to_have_count(0)


def test_a_reviewer_signs_and_does_not_answer(person):
    page, run = person("ma", "reviewer"), make_run()
    page.goto(reverse("inspections:run", args=[run.number]))
    assert "/phone/" not in page.url
    forge(page, reverse("inspections:run", args=[run.number]), step="submit")
    run.refresh_from_db()
    assert run.state == "open"
