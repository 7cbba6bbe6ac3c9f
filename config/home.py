"""The home page's panels: a lower app writes a function, this list wires it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from accounts.models import User


@dataclass(frozen=True)
class Line:
    """One line of a panel: a link with a text, a second text, and a badge (tone as in house.css)."""

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


# Each returns a Panel, or None when this person has no use for it. Order is the order on the page.
PANELS: list[Callable[[User], Panel | None]] = []


def panels_for(user: User) -> list[Panel]:
    """The panels this person sees, in order."""
    return [panel for show in PANELS if (panel := show(user)) is not None]
