"""What the home page is made of: cards with a few lines each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format

SHOWN = 6


@dataclass(frozen=True)
class Line:
    """One line of a panel: a text, a second text, a link, and a badge (tone as in house.css)."""

    text: str
    url: str = ""
    detail: str = ""
    badge: str = ""
    tone: str = "neutral"
    icon: str = ""


@dataclass(frozen=True)
class Panel:
    """One card of the home page; `empty` says in words why there is nothing."""

    title: str
    icon: str
    lines: list[Line] = field(default_factory=list)
    empty: str = ""
    url: str = ""
    more: int = 0
    count: int | None = None


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


def when(moment: datetime | None) -> str:
    return date_format(timezone.localtime(moment), "Y-m-d H:i") if moment else ""
