"""What an emergency must make up for."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.models import User
from changes.guards.refusal import Data, Refusal, unless
from changes.models import ChangeEvent, ChangeRequest


def broken_glass(change: ChangeRequest) -> ChangeEvent | None:
    """The event by which the glass was broken, with the confirmation of who was there, if any."""
    return change.events.filter(event="break_glass").select_related("presence").first()


def presence_confirmed(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Where the glass was broken, the second person has said so themselves."""
    event = broken_glass(change)
    if event is None or hasattr(event, "presence"):
        return []
    second = User.objects.filter(pk=event.data.get("second_person") or 0).first()
    return unless(
        False,
        "presence_confirmed",
        _("%(person)s has not confirmed to have been there when the glass was broken.")
        % {"person": second or "?"},
        _("Ask them to confirm it on the page of the change."),
    )
