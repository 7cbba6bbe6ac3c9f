"""Cards with a few lines each, and those that other apps add to the page of an item; config wires them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import User
from cmdb.models import ConfigurationItem


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
    """One card; `empty` says in words why there is nothing, `url` leads to all of it.

    `count` is how many there are in all, `more` how many of them are not shown.
    """

    title: str
    icon: str
    lines: list[Line] = field(default_factory=list)
    empty: str = ""
    url: str = ""
    more: int = 0
    count: int | None = None


def when(moment: datetime | None) -> str:
    """The moment in the reader's zone, as cards say it; nothing where there is none."""
    return date_format(timezone.localtime(moment), "Y-m-d H:i") if moment else ""


# Each returns a Panel, or None when it has nothing to say about this item to this person.
PANELS: list[Callable[[ConfigurationItem, User], Panel | None]] = []


def panels_for(item: ConfigurationItem, user: User) -> list[Panel]:
    """The panels of the item that this person sees, in order."""
    return [panel for show in PANELS if (panel := show(item, user)) is not None]
