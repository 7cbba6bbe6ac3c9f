"""The line: whether it is stopped for a change."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.models import User
from changes.guards.refusal import Data, Refusal
from changes.models import ChangeRequest, StoppedLine


def stops_on(change: ChangeRequest) -> list[StoppedLine]:
    """Stops, not yet released, that cover the change. One query."""
    return list(StoppedLine.objects.live().covering(change.pk).select_related("service", "stopped_by"))


def line_not_stopped(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Nobody has stopped everything, or a service that what the change changes belongs to."""
    return [
        Refusal(
            "line_not_stopped",
            _("The line is stopped by %(who)s (%(scope)s): %(reason)s")
            % {"who": stop.stopped_by, "scope": stop, "reason": stop.reason},
            _("Wait until a change manager releases it; only emergencies go on."),
        )
        for stop in stops_on(change)
    ]
