"""The home page: one panel per kind of work that waits for a person."""

from __future__ import annotations

from collections.abc import Callable

from accounts.models import User
from cmdb.panels import Panel
from config.home.changes import my_changes, next_changes, unauthorised, votes
from config.home.inspections import amendments, findings, inspections, my_findings, sign_offs
from config.home.records import contracts, exports, refusals, stale_items, warranties

# Each returns a Panel, or None when this person has no use for it. Order is the order on the page.
PANELS: list[Callable[[User], Panel | None]] = [
    votes,
    my_changes,
    unauthorised,
    inspections,
    sign_offs,
    amendments,
    my_findings,
    findings,
    stale_items,
    warranties,
    contracts,
    refusals,
    exports,
    next_changes,
]


def panels_for(user: User) -> list[Panel]:
    """The panels this person sees, in order."""
    return [panel for show in PANELS if (panel := show(user)) is not None]
