"""The minutes of a meeting as a file: PDF where the system has Pango, else the same as a page to print."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import ModuleType

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from changes.models import Attendance, BoardMeeting

PDF, PAGE = "application/pdf", "text/html; charset=utf-8"
#: The libraries that WeasyPrint loads, as Debian, Ubuntu and Fedora name them.
PACKAGES = "libpango-1.0-0 libpangoft2-1.0-0 (Debian, Ubuntu), pango (Fedora)"


@cache
def printer() -> ModuleType | None:
    """WeasyPrint, or None where the system's text libraries are missing: importing it loads them."""
    try:
        return import_module("weasyprint")  # here, because it asks for C libraries that a machine may lack
    except OSError:
        return None


def reason_for_no_pdf() -> str:
    """Why minutes are pages here, and what to install; empty where they are PDF."""
    if printer() is not None:
        return ""
    words = _("This server has no Pango, so the minutes are a page to print. Install %(packages)s for PDF.")
    return words % {"packages": PACKAGES}


def rendered(meeting: BoardMeeting) -> tuple[bytes, str]:
    """The minutes and their media type, in the language of who asks. Four queries."""
    page = as_page(meeting)
    weasyprint = printer()
    if weasyprint is None:
        return page.encode(), PAGE
    return weasyprint.HTML(string=page, url_fetcher=_nothing_is_fetched).write_pdf(), PDF


def as_page(meeting: BoardMeeting) -> str:
    """One self-contained page, with its own style: it is a document, not a part of the site."""
    people = Attendance.objects.filter(meeting=meeting).select_related("user", "deputy")
    items = meeting.agenda.select_related("change__service", "change__requester")
    context = {"meeting": meeting, "people": people, "items": items, "no_pdf": reason_for_no_pdf()}
    return render_to_string("changes/minutes.html", context)


def _nothing_is_fetched(url: str) -> dict[str, object]:
    """Minutes name no file and no address: what somebody wrote into a note is not loaded."""
    raise ValueError(f"minutes load nothing: {url}")
