"""What changes say on the page of a configuration item, and the place for others on the page of a change."""

from __future__ import annotations

from collections.abc import Callable

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, has_right
from changes.models import ChangeRequest, UnauthorisedWrite
from changes.models.request import ItemImpact
from changes.workflow import ENDS
from cmdb.models import ConfigurationItem
from cmdb.panels import Line, Panel, when

SHOWN = 6

# Cards on the page of a change; each returns a Panel, or None when it has nothing to say. config wires them.
PANELS: list[Callable[[ChangeRequest, User], Panel | None]] = []


def panels_for(change: ChangeRequest, user: User) -> list[Panel]:
    """The cards of the change that this person sees, in order."""
    return [panel for show in PANELS if (panel := show(change, user)) is not None]


def item_panel(item: ConfigurationItem, user: User) -> Panel | None:
    """The changes of the item, those under way first. One query."""
    if not has_right(user, Right.VIEW):
        return None
    changes = ChangeRequest.objects.filter(
        change_items__item=item, change_items__impact=ItemImpact.MANUAL
    ).order_by("-id")[: SHOWN * 3]
    shown = sorted(changes, key=lambda change: change.state in ENDS)[:SHOWN]
    return Panel(_("Changes"), "published_with_changes", [_line(each) for each in shown], _("No change yet."))


def unauthorised_panel(item: ConfigurationItem, user: User) -> Panel | None:
    """What was written to the item without a change and is not explained; None where that is nothing."""
    if not has_right(user, Right.VIEW):
        return None
    writes = UnauthorisedWrite.objects.unexplained().of_item(item).select_related("writer").order_by("-id")
    lines = [
        Line(
            when(write.happened_at),
            reverse("changes:unauthorised-write", args=[write.pk]),
            str(write.writer or write.writer_name),
            str(write.get_state_display()),
            "warn",
        )
        for write in writes[:SHOWN]
    ]
    return Panel(_("Written without a change"), "gpp_maybe", lines) if lines else None


def _line(change: ChangeRequest) -> Line:
    window = change.window
    start = window and window.lower
    return Line(
        f"{change.number} {change.title}",
        reverse("changes:change", args=[change.number]),
        when(start),
        str(change.get_state_display()),
        "neutral" if change.state in ENDS else "info",
    )
