"""What the home page is made of: the first lines of a list, as a card."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import QuerySet
from django.urls import NoReverseMatch, reverse

from cmdb.panels import Line, Panel

SHOWN = 6


def link(name: str, *args: object) -> str:
    """The address of a page, or nothing while there is no such page."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def panel_of(rows: QuerySet, line: Callable[..., Line], *, url: str, **words: str) -> Panel:
    """The first few rows as lines, with the number of all: two queries."""
    found = list(rows[: SHOWN + 1])
    count = len(found) if len(found) <= SHOWN else rows.order_by().count()
    lines = [line(row) for row in found[:SHOWN]]
    return Panel(lines=lines, url=url, more=max(0, count - SHOWN), count=count, **words)
