"""Two meetings of the change advisory board: last week's with its minutes, and the one that comes."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from changes.actions import (
    add_remark,
    add_to_agenda,
    edit_item,
    end_meeting,
    fill_agenda,
    note_attendance,
    open_meeting,
    plan_meeting,
)
from changes.models import Board, BoardMeeting, ChangeRequest
from config.demo import people

CALL = "https://meet.linghu.example/cab"


def are_there() -> bool:
    return BoardMeeting.objects.exists()


def make() -> None:
    """One held and ended, with attendance and notes; one planned, its agenda filled from the queue."""
    cast, cab, now = people.cast(), Board.objects.get(key="cab"), timezone.now()
    held = plan_meeting(
        cab, by=cast.manager, starts_at=now - timedelta(minutes=50), place="Room 402 四楼会议室", link=CALL
    )
    ended = ChangeRequest.objects.filter(requester__email__endswith=people.DOMAIN, is_imported=False)
    for change in ended.filter(state__in=["closed", "rejected", "reviewing"]).order_by("id")[:3]:
        add_to_agenda(held, change, by=cast.manager)
    open_meeting(held, by=cast.manager)
    note_attendance(held, cast.board1, "present", by=cast.manager)
    note_attendance(held, cast.board2, "deputy", by=cast.manager, deputy=cast.board4)
    note_attendance(held, cast.board3, "present", by=cast.manager)
    notes = (
        "Went as planned; keep the pilot first next time too. 按计划完成，下次仍先试点。",
        "Two questions from information security, both answered. 信息安全两项疑问均已答复。",
        "To be looked at again with the figures of the month. 待月度数据齐备后再议。",
    )
    for item, note in zip(held.agenda.all(), notes, strict=False):
        edit_item(item, by=cast.manager, row_version=item.row_version, note=note, seconds=240)
    end_meeting(held, by=cast.manager)
    tomorrow = (timezone.localtime() + timedelta(days=1)).replace(hour=9, minute=30, second=0, microsecond=0)
    coming = plan_meeting(cab, by=cast.manager, starts_at=tomorrow, place="Room 402 四楼会议室", link=CALL)
    fill_agenda(coming, by=cast.manager)
    if (first := coming.agenda.select_related("change").first()) is not None:
        asked = add_remark(
            first.change, "Who is in the laboratory while it is switched? 切换时检验科由谁值守？ @manager",
            by=cast.board3, is_question=True,
        )  # fmt: skip
        add_remark(
            first.change, "Two colleagues of the laboratory, until six. 检验科两位同事值守至 18 点。",
            by=first.change.requester, answers=asked,
        )  # fmt: skip
