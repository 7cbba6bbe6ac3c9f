"""The minutes of a meeting as a file: PDF where the system has Pango, else the same as a page to print."""

from __future__ import annotations

from django.template.loader import render_to_string

from audit import paper
from changes.models import Attendance, BoardMeeting


def rendered(meeting: BoardMeeting) -> tuple[bytes, str]:
    """The minutes and their media type, in the language of who asks. Four queries."""
    page = as_page(meeting)
    if paper.printer() is None:
        return page.encode(), paper.PAGE
    return paper.as_pdf(page), paper.PDF


def as_page(meeting: BoardMeeting) -> str:
    """One self-contained page, with its own style: it is a document, not a part of the site."""
    people = Attendance.objects.filter(meeting=meeting).select_related("user", "deputy")
    items = meeting.agenda.select_related("change__service", "change__requester")
    context = {"meeting": meeting, "people": people, "items": items, "no_pdf": paper.reason_for_no_pdf()}
    return render_to_string("changes/minutes.html", context)
