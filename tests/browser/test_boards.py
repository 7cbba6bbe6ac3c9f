"""Boards in a real Chromium: a vote lent and given by key, a consent agenda, a meeting up to its minutes."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from changes.actions import fill_agenda, open_meeting, plan_meeting
from changes.models import AgendaItem, Board, BoardMeeting, RoundReading, Vote
from tests.browser.offline import wait_for
from tests.changes import journey
from tests.factories import make_item, make_seat

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def cast():
    return journey.Cast()


def waiting(cast, serial, days, answers):
    start = timezone.now() + timedelta(days=days)
    change = journey.draft(cast, item=make_item(serial=serial), window=(start, start + timedelta(hours=1)))
    journey.to_approving(cast, change, answers)
    return change


def test_a_member_lends_the_vote_and_the_deputy_gives_it_by_key(person, cast):
    anna, ben = person("anna", "board_member"), person("ben", "board_member")
    make_seat("tech_owner", user=anna.user)
    change = waiting(cast, "ONE", 1, journey.MEDIUM)
    anna.goto(reverse("changes:delegations"))
    anna.select_option("select[name=deputy]", label="ben")
    now = timezone.localtime()
    anna.fill("input[name=starts_at]", (now - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M"))
    anna.fill("input[name=ends_at]", (now + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M"))
    anna.fill("input[name=reason]", "Congress")
    anna.click("form[data-once] button[type=submit]")
    expect(anna.get_by_text("counts now")).to_be_visible()
    ben.goto(reverse("changes:change", args=[change.number]))
    expect(ben.locator(".seat-of")).to_contain_text("For anna")
    ben.keyboard.press("?")
    expect(ben.locator("#keys")).to_be_visible()
    ben.keyboard.press("Escape")
    expect(ben.locator("#keys")).to_be_hidden()
    ben.keyboard.press("a")
    dialog = ben.locator("dialog[open]")
    expect(dialog.get_by_text("You vote for anna")).to_be_visible()
    dialog.locator("textarea").fill("Looked at it for anna")
    dialog.locator("button[type=submit]").click()
    expect(ben.get_by_text("Your vote is recorded.")).to_be_visible()
    vote = Vote.objects.get()
    assert (vote.voter, vote.on_behalf_of, vote.choice) == (ben.user, anna.user, "approve")
    assert RoundReading.objects.filter(reader=ben.user).exists()
    assert (anna.errors, ben.errors) == ([], [])


def test_a_meeting_is_walked_noted_voted_together_and_ended(person, cast):
    manager, peer = person("mia", "change_manager"), person("pia", "board_member")
    make_seat("peer", user=peer.user)
    first, second = waiting(cast, "ONE", 1, journey.LOW), waiting(cast, "TWO", 4, journey.LOW)
    meeting = plan_meeting(Board.objects.get(key="peer"), by=manager.user, starts_at=timezone.now())
    fill_agenda(meeting, by=manager.user)
    open_meeting(meeting, by=manager.user)
    url = reverse("changes:meeting", args=[meeting.pk])
    peer.goto(url)
    peer.get_by_role("button", name="Approve those chosen").click()
    expect(peer.get_by_text("Approved together: 2 changes.")).to_be_visible()
    for change in (first, second):
        change.refresh_from_db()
        assert change.state == "scheduled"
    assert Vote.objects.filter(voter=peer.user, channel="consent").count() == 2
    manager.goto(url)
    manager.fill("#note", "Both are routine 均为例行")
    expect(manager.locator("[data-saved]")).to_have_text("Saved")
    manager.locator("a[rel=next]").first.click()
    manager.wait_for_url("**item=**")
    assert meeting.agenda.first().note == "Both are routine 均为例行"
    manager.get_by_role("button", name="End the meeting").click()
    manager.locator("dialog[open] button[type=submit]").click()
    expect(manager.get_by_text("its minutes are kept")).to_be_visible()
    with manager.expect_download() as download:
        manager.get_by_role("link", name="Minutes", exact=True).last.click()
    assert download.value.suggested_filename.startswith("minutes-peer-")
    assert BoardMeeting.objects.get().state == "ended"
    assert (manager.errors, peer.errors) == ([], [])


@pytest.fixture
def walked(person, cast):
    """The page of a meeting under way, in the hands of its manager, and the item it stands at."""
    manager = person("mia", "change_manager")
    make_seat("peer", user=person("pia", "board_member").user)
    waiting(cast, "ONE", 1, journey.LOW)
    meeting = plan_meeting(Board.objects.get(key="peer"), by=manager.user, starts_at=timezone.now())
    fill_agenda(meeting, by=manager.user)
    open_meeting(meeting, by=manager.user)
    manager.goto(reverse("changes:meeting", args=[meeting.pk]))
    return manager, meeting.agenda.get()


def test_saved_is_said_of_the_last_word_only(walked):
    manager, item = walked
    held = []
    manager.route("**/agenda/*/", lambda route: held.append(route))
    manager.fill("#note", "First")
    wait_for(lambda: held, manager)
    manager.fill("#note", "First, then second")
    held[0].continue_()
    wait_for(lambda: len(held) == 2, manager)
    expect(manager.locator("[data-saved]")).to_have_text("…")
    held[1].continue_()
    expect(manager.locator("[data-saved]")).to_have_text("Saved")
    item.refresh_from_db()
    assert item.note == "First, then second"
    assert manager.errors == []


@pytest.mark.parametrize("leave", ["form[action*=attendance] button", ".walk a.strong"])
def test_whoever_leaves_right_after_typing_leaves_a_saved_note(walked, leave):
    manager, item = walked
    manager.evaluate(
        """(leave) => {
      const note = document.getElementById("note");
      note.value = "Typed to the last moment";
      note.dispatchEvent(new InputEvent("input", { bubbles: true }));
      document.querySelector("main").querySelector(leave).click();
    }""",
        leave,
    )
    wait_for(lambda: AgendaItem.objects.filter(pk=item.pk, note="Typed to the last moment").exists(), manager)
    if "attendance" in leave:
        expect(manager.get_by_text("Attendance is noted.")).to_be_visible()
        expect(manager.locator("#note")).to_have_value("Typed to the last moment")
    else:
        manager.wait_for_url("**/changes/CHG**")
    assert manager.errors == []
