"""Planning, holding and ending a meeting of a board; how it ended is kept for good."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Max, Min
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, has_right
from audit.actions import keep_file
from changes import minutes
from changes.actions.delegations import refused_aloud
from changes.actions.refusals import StepRefused
from changes.guards.refusal import Refusal
from changes.models import AgendaItem, Attendance, Board, BoardMeeting, ChangeRequest, RoundStep, Vote
from changes.models.request import Risk


def may_run(board: Board, by: User) -> bool:
    """Who manages changes, and the manager of the board, run its meetings."""
    return has_right(by, Right.CHANGE_MANAGE) or board.manager_id == by.pk


def plan_meeting(
    board: Board, *, by: User, starts_at: datetime, place: str = "", link: str = ""
) -> BoardMeeting:
    """A meeting is planned, with `by` in the chair and every active seat on the list of attendance."""
    with refused_aloud("plan_meeting", by, str(board)):
        _require_chair(board, by)
        meeting = BoardMeeting(board=board, starts_at=starts_at, place=place, link=link, chair=by)
        try:
            meeting.full_clean()
        except ValidationError as error:
            raise StepRefused([Refusal("invalid", text) for text in error.messages]) from error
        meeting.save()
        seats = board.seats.filter(is_active=True).values_list("user_id", flat=True)
        Attendance.objects.bulk_create(Attendance(meeting=meeting, user_id=user) for user in seats)
        return meeting


def fill_agenda(meeting: BoardMeeting, *, by: User) -> int:
    """Every change that waits for this board is listed: by deadline, then by risk; answers how many."""
    with refused_aloud("fill_agenda", by, str(meeting)):
        current = _locked(meeting, by)
        waiting = (
            RoundStep.objects.undecided()
            .filter(board=current.board_id)
            .exclude(round__change__agenda_items__meeting=current)
            .values("round__change", "round__change__risk")
            .annotate(due=Min("due_at"))
        )
        levels = Risk.values
        rows = sorted(
            waiting,
            key=lambda row: (row["due"], -_level(levels, row["round__change__risk"]), row["round__change"]),
        )
        last = _last_position(current)
        AgendaItem.objects.bulk_create(
            AgendaItem(meeting=current, change_id=row["round__change"], position=last + number)
            for number, row in enumerate(rows, start=1)
        )
        return len(rows)


def _level(levels: list[str], risk: str) -> int:
    return levels.index(risk) if risk in levels else -1


def _last_position(meeting: BoardMeeting) -> int:
    return meeting.agenda.aggregate(last=Max("position"))["last"] or 0


def add_to_agenda(meeting: BoardMeeting, change: ChangeRequest, *, by: User) -> AgendaItem:
    """The change stands at the end of the agenda, once; also one that is only to be talked about."""
    with refused_aloud("add_to_agenda", by, str(meeting)):
        current = _locked(meeting, by)
        defaults = {"position": _last_position(current) + 1}
        return AgendaItem.objects.get_or_create(meeting=current, change=change, defaults=defaults)[0]


def take_off_agenda(item: AgendaItem, *, by: User) -> None:
    """The change is not on the agenda any more; its history stays."""
    with refused_aloud("take_off_agenda", by, str(item)):
        _locked(item.meeting, by)
        item.delete()


def move_item(item: AgendaItem, direction: str, *, by: User) -> None:
    """The item has changed places with the one before it ("up") or after it ("down")."""
    with refused_aloud("move_item", by, str(item)):
        current = _locked(item.meeting, by)
        rows = list(current.agenda.all())
        here = next((number for number, row in enumerate(rows) if row.pk == item.pk), 0)
        there = here + (-1 if direction == "up" else 1)
        if 0 <= there < len(rows):
            rows[here], rows[there] = rows[there], rows[here]
        for number, row in enumerate(rows, start=1):
            if row.position != number:
                AgendaItem.objects.filter(pk=row.pk).update(position=number)


def open_meeting(meeting: BoardMeeting, *, by: User) -> BoardMeeting:
    """The meeting goes on from now."""
    with refused_aloud("open_meeting", by, str(meeting)):
        current = _locked(meeting, by)
        current.state, current.opened_at = BoardMeeting.State.OPEN, timezone.now()
        current.save(update_fields=["state", "opened_at"])
    meeting.refresh_from_db()
    return meeting


def note_attendance(
    meeting: BoardMeeting, user: User, status: str, *, by: User, deputy: User | None = None
) -> Attendance:
    """Whether the holder of a seat is there, or who came for them."""
    with refused_aloud("note_attendance", by, str(meeting)):
        current = _locked(meeting, by)
        is_deputy = status == Attendance.Status.DEPUTY
        if status not in Attendance.Status.values:
            raise StepRefused([Refusal("attendance", _("There is no such attendance."))])
        if is_deputy and (deputy is None or deputy.pk == user.pk):
            raise StepRefused([Refusal("deputy", _("Say who came instead."), _("Choose the deputy."))])
        row, _made = Attendance.objects.update_or_create(
            meeting=current, user=user, defaults={"status": status, "deputy": deputy if is_deputy else None}
        )
        return row


def edit_item(item: AgendaItem, *, by: User, row_version: int, **fields: Any) -> AgendaItem:
    """Note, deferral and seconds of an item are as given (`note`, `is_deferred`, `seconds`).

    Raises StepRefused (`stale`), and overwrites nothing, if somebody saved it since `row_version`.
    """
    with refused_aloud("edit_agenda_item", by, str(item)):
        _locked(item.meeting, by)
        row = AgendaItem.objects.select_for_update().get(pk=item.pk)
        if row.row_version != row_version:
            words = _("Somebody else wrote here meanwhile: “%(note)s”") % {"note": row.note}
            raise StepRefused([Refusal("stale", words, _("Join both texts and save again."))])
        for name in ("note", "is_deferred", "seconds"):
            if name in fields:
                setattr(row, name, fields[name])
        row.save(update_fields=[name for name in ("note", "is_deferred", "seconds") if name in fields])
        row.refresh_from_db()
        return row


def end_meeting(meeting: BoardMeeting, *, by: User) -> BoardMeeting:
    """The meeting is over: each decision and its votes are written down, the minutes kept by their hash.

    From then on PostgreSQL lets nothing of it be edited.
    """
    with refused_aloud("end_meeting", by, str(meeting)):
        current = _locked(meeting, by)
        if current.state != BoardMeeting.State.OPEN:
            raise StepRefused([Refusal("meeting_order", _("A meeting is planned, then held, then ended."))])
        items = list(current.agenda.select_related("change"))
        decisions = decisions_on(items)
        for item in items:
            item.decision, item.tally = decisions[item.pk], tally_of(item)
            item.save(update_fields=["decision", "tally"])
        current.ended_at = timezone.now()
        text, media_type = minutes.rendered(current)
        current.minutes_sha256 = keep_file(text, media_type=media_type).sha256
        current.state = BoardMeeting.State.ENDED
        current.save(update_fields=["state", "ended_at", "minutes_sha256"])
    meeting.refresh_from_db()
    return meeting


def decisions_on(items: Iterable[AgendaItem]) -> dict[int, str]:
    """approved, rejected, open or deferred for each item, from its change's newest round. One query."""
    listed = list(items)
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT DISTINCT ON (change_id) change_id, CASE WHEN closed_at IS NULL
                      THEN changes_round_result_v1(id) ELSE result END
                 FROM changes_approvalround WHERE change_id = ANY (%s) ORDER BY change_id, id DESC""",
            [[item.change_id for item in listed]],
        )
        results = dict(cursor.fetchall())
    return {item.pk: _decision(results.get(item.change_id, ""), item.is_deferred) for item in listed}


def _decision(result: str, is_deferred: bool) -> str:
    if result in ("approved", "rejected"):
        return result
    return "open" if result == "open" and not is_deferred else "deferred"


def tally_of(item: AgendaItem) -> dict[str, Any]:
    """The votes of the newest round in words that stay true when people are renamed. One query."""
    newest = item.change.rounds.order_by("-id").values("pk")[:1]
    votes = Vote.objects.filter(round__in=newest).select_related("voter", "on_behalf_of").order_by("id")
    found: dict[str, list[str]] = {choice: [] for choice in Vote.Choice.values}
    for vote in votes:
        name = str(vote.voter)
        found[vote.choice].append(f"{name} → {vote.on_behalf_of}" if vote.on_behalf_of else name)
    return {"plan_hash": item.change.plan_hash, "state": item.change.state, **found}


def _require_chair(board: Board, by: User) -> None:
    if not may_run(board, by):
        raise StepRefused(
            [
                Refusal(
                    "who",
                    _("Meetings of this board are run by its manager and by change managers."),
                    _("Ask one of them."),
                )
            ]
        )


def _locked(meeting: BoardMeeting, by: User) -> BoardMeeting:
    """The meeting, its row locked. Raises StepRefused for who may not run it, or once it has ended."""
    current = BoardMeeting.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "board", "chair"
    )
    row = current.get(pk=meeting.pk)
    _require_chair(row.board, by)
    if row.state == BoardMeeting.State.ENDED:
        raise StepRefused(
            [Refusal("meeting_ended", _("The meeting has ended: its record is kept as it was."))]
        )
    return row
