"""A link in a mail, followed by a program that follows every link: nothing happens."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from changes.actions import fill_agenda, open_meeting, plan_meeting
from changes.models import (
    AgendaItem,
    Attendance,
    Board,
    BoardMeeting,
    ChangeEvent,
    ChangeRequest,
    Remark,
    RoundReading,
    RoundSeat,
    Vote,
    VoteDelegation,
)
from cmdb.models import ConfigurationItem
from tests.changes import journey
from tests.factories import make_item

SCANNER = "Mozilla/5.0 (compatible; SafeLinks/1.0; +https://scanner.example)"


@pytest.fixture
def change(cast):
    change = journey.draft(cast)
    journey.to_approving(cast, change)
    return change


RECORDS = (
    AgendaItem, Attendance, BoardMeeting, ChangeEvent, ChangeRequest, Remark, RoundReading, RoundSeat, Vote,
    VoteDelegation, ConfigurationItem,
)  # fmt: skip


def versions():
    """How many versions of records there are, of everything that the pages speak of."""
    return sum(model.history.count() for model in RECORDS)


@pytest.mark.parametrize("agent", [SCANNER, "curl/8"])
def test_every_link_of_the_page_followed_by_get_changes_nothing(change, cast, agent):
    meeting = plan_meeting(Board.objects.get(key="tech_owner"), by=cast.manager, starts_at=change.created_at)
    fill_agenda(meeting, by=cast.manager)
    open_meeting(meeting, by=cast.manager)
    client = Client(headers={"user-agent": agent})
    client.force_login(cast.owner)
    pages = [
        reverse("changes:change", args=[change.number]),
        reverse("changes:queue"),
        reverse("changes:meeting", args=[meeting.pk]),
        reverse("changes:delegations"),
    ]
    for page in pages:  # seen once: the day of a visit may be noted
        client.get(page)
    before = versions()
    followed = set()
    for page in pages:
        text = client.get(page).text
        found = re.findall(r'(?:href|action|data-reading)="(/(?!static/)[^"#]*)"', text)
        for link in {each.replace("&amp;", "&") for each in found} - followed:
            followed.add(link)
            assert client.get(link).status_code in {200, 301, 302, 404, 405, 409, 403}, link
            assert client.head(link).status_code < 500, link
    assert any("/votes/" in link for link in followed)
    assert any("/reading/" in link for link in followed)
    assert any("/steps/rework/" in link for link in followed)
    assert versions() == before
    assert not Vote.objects.exists()
    assert not RoundReading.objects.exists()
    assert ChangeEvent.objects.filter(change=change).count() == 3


def test_a_stranger_who_has_the_link_is_asked_to_log_in(change):
    answer = Client().get(reverse("changes:change", args=[change.number]))
    assert answer.status_code == 302
    assert "login" in answer.url


def test_pages_of_a_delegation_work_and_tell_both(change, cast):
    client = Client()
    client.force_login(cast.owner)
    url = reverse("changes:delegations")
    typed = {"deputy": cast.peer.pk, "starts_at": "2026-01-01T00:00", "ends_at": "2100-01-01T00:00"}
    assert client.post(url, typed | {"ends_at": "2025-01-01T00:00"}).status_code == 400
    assert client.post(url, typed | {"deputy": cast.requester.pk}).status_code == 400
    assert client.post(url, typed | {"reason": "Congress"}).status_code == 302
    assert "Congress" in client.get(url).text
    assert cast.owner.notices.filter(kind="changes.delegated").exists()
    row = cast.owner.vote_delegations.get()
    stranger = Client()
    stranger.force_login(cast.tester)
    stranger.post(reverse("changes:delegation-end", args=[row.pk]))
    row.refresh_from_db()
    assert row.ends_at.year == 2099 or row.ends_at.year == 2100
    deputy = Client()
    deputy.force_login(cast.peer)
    page = deputy.get(reverse("changes:change", args=[change.number]))
    assert f"For {cast.owner}" in page.text
    deputy.post(reverse("changes:delegation-end", args=[row.pk]))
    row.refresh_from_db()
    assert row.ends_at.year < 2099, "a deputy may give the vote back"


def test_votes_are_hidden_until_one_has_voted(cast):
    Board.objects.filter(key="cab").update(hides_votes=True)
    change = journey.draft(cast)
    journey.to_approving(cast, change, journey.HIGH)
    proof = journey.Proof.now()
    journey.cast_vote(
        change.rounds.get(), by=cast.board[0], choice="approve", comment="Too early in the year", proof=proof
    )
    client = Client()
    client.force_login(cast.board[1])
    url = reverse("changes:change", args=[change.number])
    assert "Too early in the year" not in client.get(url).text
    journey.cast_vote(change.rounds.get(), by=cast.board[1], choice="approve", proof=proof)
    assert "Too early in the year" in client.get(url).text


def test_hidden_votes_are_hidden_in_the_api_and_the_queue_too(cast):
    Board.objects.filter(key="cab").update(hides_votes=True)
    change = journey.draft(cast)
    journey.to_approving(cast, change, journey.HIGH)
    proof = journey.Proof.now()
    journey.cast_vote(change.rounds.get(), by=cast.board[0], choice="approve", comment="Early", proof=proof)
    client = Client()
    client.force_login(cast.board[1])

    def rounds():
        (round_,) = client.get(f"/api/changes/{change.number}/rounds/").json()
        return len(round_["votes"]), round_["hidden_votes"]

    def tally():
        (row,) = client.get(reverse("changes:queue") + "?tab=approving").context["rows"]
        return row.hides_votes

    queue = reverse("changes:queue") + "?tab=approving"
    needed = sum(step.need for step in change.rounds.get().steps.all())
    assert (rounds(), tally()) == ((0, 1), True)
    assert f"1/{needed}" not in client.get(queue).text
    journey.cast_vote(change.rounds.get(), by=cast.board[1], choice="approve", proof=proof)
    assert (rounds(), tally()) == ((2, 0), False)
    assert f"2/{needed}" in client.get(queue).text


def test_the_conflict_filter_says_what_it_does_not_compare(cast, monkeypatch):
    for n in range(3):
        journey.draft(cast, item=make_item(serial=f"OLD-{n}"), after={"description": "x"})
    client = Client()
    client.force_login(cast.manager)
    page = reverse("changes:queue") + "?tab=all&conflict=1"
    assert "were compared" not in client.get(page).text
    monkeypatch.setattr("changes.queue.MOST_COMPARED", 1)
    assert "2 older ones were not" in client.get(page).text
