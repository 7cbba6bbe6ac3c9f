"""A meeting from plan to minutes: the actions, the pages, and PostgreSQL against whoever edits it after."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit import paper
from audit.models import StoredFile
from changes import minutes
from changes.actions import (
    StepRefused,
    add_to_agenda,
    cast_vote,
    edit_item,
    end_meeting,
    fill_agenda,
    move_item,
    note_attendance,
    open_meeting,
    plan_meeting,
    take_off_agenda,
)
from changes.models import AgendaItem, Attendance, Board, BoardMeeting
from tests.changes import journey
from tests.factories import make_item, make_user
from tests.paper import fonts_of, words_of


def codes(refused):
    return {refusal.code for refusal in refused.value.refusals}


def waiting(cast, serial, days=0, **more):
    """A change that waits for the technical owners."""
    start = timezone.now() + timedelta(days=days)
    window = (start, start + timedelta(hours=1))
    change = journey.draft(cast, item=make_item(serial=serial), window=window, **more)
    journey.to_approving(cast, change)
    return change


@pytest.fixture
def meeting(cast):
    return plan_meeting(
        Board.objects.get(key="tech_owner"), by=cast.manager, starts_at=timezone.now(), place="Room 3"
    )


def agenda_of(meeting):
    return [item.change.number for item in meeting.agenda.all()]


def test_the_agenda_is_the_queue_of_the_board_by_deadline_and_is_filled_once(cast, meeting):
    first, second = waiting(cast, "ONE"), waiting(cast, "TWO", days=2)
    waiting_elsewhere = journey.draft(cast, item=make_item(serial="LOW"))
    journey.to_approving(cast, waiting_elsewhere, journey.LOW)
    assert fill_agenda(meeting, by=cast.manager) == 2
    assert fill_agenda(meeting, by=cast.manager) == 0
    assert agenda_of(meeting) == [first.number, second.number]
    move_item(meeting.agenda.last(), "up", by=cast.manager)
    assert agenda_of(meeting) == [second.number, first.number]
    move_item(meeting.agenda.first(), "up", by=cast.manager)
    assert agenda_of(meeting) == [second.number, first.number]
    take_off_agenda(meeting.agenda.first(), by=cast.manager)
    add_to_agenda(meeting, waiting_elsewhere, by=cast.manager)
    assert agenda_of(meeting) == [first.number, waiting_elsewhere.number]


def test_only_who_runs_the_board_runs_its_meetings(cast, meeting):
    stranger = make_user("board_member")
    for deed in (
        lambda: fill_agenda(meeting, by=stranger),
        lambda: open_meeting(meeting, by=stranger),
        lambda: end_meeting(meeting, by=stranger),
        lambda: plan_meeting(meeting.board, by=stranger, starts_at=timezone.now()),
    ):
        with pytest.raises(StepRefused) as refused:
            deed()
        assert codes(refused) == {"who"}
    Board.objects.filter(pk=meeting.board_id).update(manager=stranger)
    assert open_meeting(BoardMeeting.objects.get(pk=meeting.pk), by=stranger).state == "open"


def test_attendance_is_noted_by_seat(cast, meeting):
    row = meeting.attendance.get()
    assert (row.user, row.status) == (cast.owner, "absent")
    with pytest.raises(StepRefused) as refused:
        note_attendance(meeting, cast.owner, "deputy", by=cast.manager)
    assert codes(refused) == {"deputy"}
    note_attendance(meeting, cast.owner, "deputy", by=cast.manager, deputy=cast.peer)
    assert Attendance.objects.get(meeting=meeting).deputy == cast.peer


def test_two_clerks_do_not_overwrite_each_other(cast, meeting):
    item = add_to_agenda(meeting, waiting(cast, "ONE"), by=cast.manager)
    item.refresh_from_db()
    saved = edit_item(item, by=cast.manager, row_version=item.row_version, note="first")
    with pytest.raises(StepRefused) as refused:
        edit_item(item, by=cast.manager, row_version=item.row_version, note="second")
    assert codes(refused) == {"stale"}
    assert "first" in refused.value.refusals[0].message
    edit_item(item, by=cast.manager, row_version=saved.row_version, note="both")
    assert AgendaItem.objects.get(pk=item.pk).note == "both"


@pytest.fixture
def ended(cast, meeting):
    """Three items: approved, still open, deferred; with a note in Chinese."""
    approved, open_, deferred = (
        waiting(cast, "ONE"), waiting(cast, "TWO", days=2), waiting(cast, "THREE", days=4)
    )  # fmt: skip
    fill_agenda(meeting, by=cast.manager)
    open_meeting(meeting, by=cast.manager)
    for item in meeting.agenda.all():
        is_deferred = item.change == deferred
        edit_item(
            item,
            by=cast.manager,
            row_version=item.row_version,
            note="变更委员会已审阅",
            is_deferred=is_deferred,
        )
    cast_vote(approved.rounds.get(), by=cast.owner, choice="approve")
    assert open_.state == "approving"
    return end_meeting(meeting, by=cast.manager)


def test_decisions_come_from_the_votes_and_silence_decides_nothing(ended):
    decisions = list(ended.agenda.values_list("decision", flat=True))
    assert decisions == ["approved", "open", "deferred"]
    assert ended.agenda.first().tally["approve"]
    assert ended.agenda.all()[1].change.state == "approving"


def test_an_ended_meeting_is_edited_by_nobody_by_no_way(ended, cast):
    item = ended.agenda.first()
    for deed in (
        lambda: edit_item(item, by=cast.manager, row_version=item.row_version, note="x"),
        lambda: fill_agenda(ended, by=cast.manager),
        lambda: end_meeting(ended, by=cast.manager),
        lambda: note_attendance(ended, cast.owner, "present", by=cast.manager),
    ):
        with pytest.raises(StepRefused) as refused:
            deed()
        assert codes(refused) == {"meeting_ended"}
    for deed in (
        lambda: AgendaItem.objects.filter(pk=item.pk).update(note="x"),
        lambda: item.delete(),
        lambda: Attendance.objects.filter(meeting=ended).update(status="present"),
        lambda: BoardMeeting.objects.filter(pk=ended.pk).update(place="elsewhere"),
        lambda: BoardMeeting.objects.filter(pk=ended.pk).update(state="open"),
        lambda: AgendaItem.objects.create(meeting=ended, change=item.change, position=9),
        lambda: ended.delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            deed()


def test_a_meeting_takes_its_states_in_order_and_ends_with_kept_minutes(meeting, cast):
    with pytest.raises(IntegrityError), transaction.atomic():
        BoardMeeting.objects.filter(pk=meeting.pk).update(
            state="ended", ended_at=timezone.now(), minutes_sha256="0" * 64
        )
    open_meeting(meeting, by=cast.manager)
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        BoardMeeting.objects.filter(pk=meeting.pk).update(
            state="ended", ended_at=timezone.now(), minutes_sha256="0" * 64
        )
    assert error.value.__cause__.diag.message_hint == "minutes_missing"
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        BoardMeeting.objects.filter(pk=meeting.pk).update(state="planned")
    assert error.value.__cause__.diag.message_hint == "meeting_order"


def test_the_minutes_are_a_pdf_with_the_chinese_in_it(ended):
    if paper.printer() is None:
        pytest.skip("NO PANGO: install libpango-1.0-0 and libpangoft2-1.0-0")
    kept = StoredFile.objects.get(sha256=ended.minutes_sha256)
    assert bytes(kept.content[:5]) == b"%PDF-"
    fonts = fonts_of(bytes(kept.content))
    assert fonts["OpsLedger-Sans"], "our own Chinese font is embedded"
    assert not any("Noto" in name for name in fonts), "nothing is taken from the system"
    words = words_of(bytes(kept.content))
    assert "变更委员会已审阅" in words
    assert ended.agenda.first().change.number in words
    assert "approved" in words


def test_without_pango_the_minutes_are_a_page_that_says_why(ended, monkeypatch):
    monkeypatch.setattr(paper, "printer", lambda: None)
    text, media_type = minutes.rendered(ended)
    assert media_type.startswith("text/html")
    assert "libpango" in text.decode()
    assert "变更委员会已审阅" in text.decode()


def test_the_page_walks_the_agenda_and_saves_notes(cast, meeting):
    one, two = waiting(cast, "ONE"), waiting(cast, "TWO", days=2)
    client = Client()
    client.force_login(cast.manager)
    here = reverse("changes:meeting", args=[meeting.pk])
    assert client.post(reverse("changes:agenda-fill", args=[meeting.pk])).status_code == 302
    assert client.post(reverse("changes:meeting-open", args=[meeting.pk])).status_code == 302
    page = client.get(here)
    assert page.context["item"].change == one
    assert page.context["after"].change == two
    item = page.context["item"]
    save = reverse("changes:agenda-save", args=[meeting.pk, item.pk])
    typed = {"note": "Ask the ward", "row_version": item.row_version, "seconds": "61"}
    answer = client.post(save, typed, headers={"Accept": "application/json"})
    assert answer.json() == {"row_version": item.row_version + 1}
    stale = client.post(save, typed | {"note": "Lost?"})
    assert stale.status_code == 409
    assert "Lost?</textarea>" in stale.text, "nothing typed is lost"
    assert client.post(reverse("changes:meeting-end", args=[meeting.pk])).status_code == 302
    kept = client.get(reverse("changes:minutes", args=[meeting.pk]))
    assert kept["Content-Disposition"].startswith("attachment")
    printed = client.get(reverse("changes:minutes", args=[meeting.pk]) + "?page")
    assert "Ask the ward" in printed.text
    assert AgendaItem.objects.get(pk=item.pk).seconds == 61


def test_a_member_sees_a_meeting_and_runs_nothing(cast, meeting):
    client = Client()
    client.force_login(cast.owner)
    page = client.get(reverse("changes:meeting", args=[meeting.pk]))
    assert page.status_code == 200
    assert "Open the meeting" not in page.text
    assert client.post(reverse("changes:meeting-open", args=[meeting.pk])).status_code == 409
    assert BoardMeeting.objects.get(pk=meeting.pk).state == "planned"
    assert client.get(reverse("changes:meetings")).status_code == 200


def test_the_meeting_page_costs_no_more_for_many_items(cast, meeting, django_assert_max_num_queries):
    client = Client()
    client.force_login(cast.manager)
    for number in range(2):
        add_to_agenda(meeting, waiting(cast, f"N{number}", days=number), by=cast.manager)
    url = reverse("changes:meeting", args=[meeting.pk])
    client.get(url)
    with django_assert_max_num_queries(60) as few:
        client.get(url)
    for number in range(2, 6):
        add_to_agenda(meeting, waiting(cast, f"N{number}", days=number), by=cast.manager)
    with django_assert_max_num_queries(60) as many:
        client.get(url)
    assert len(many) <= len(few) + 2
