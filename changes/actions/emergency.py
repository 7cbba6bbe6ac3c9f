"""What an emergency must make up for: the second person's word, and the ratification within its day."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.models import User
from changes.actions.refusals import AlreadyDone, StepRefused, at, refusals_recorded
from changes.actions.steps import take_step
from changes.guards.emergency import broken_glass
from changes.guards.refusal import Refusal
from changes.models import ChangeRequest, PresenceConfirmation


def confirm_presence(change: ChangeRequest, *, by: User) -> PresenceConfirmation:
    """The second person has said, from their own log-in, that they were there when the glass was broken."""
    with refusals_recorded("confirm_presence", change, by):
        event = broken_glass(change)
        if event is None or event.data.get("second_person") != by.pk:
            told = _("Presence is confirmed by the person who was named as being there.")
            raise StepRefused([Refusal("not_the_second_person", told)])
        if hasattr(event, "presence"):
            raise AlreadyDone(_("You confirmed it at %(time)s.") % {"time": at(event.presence.confirmed_at)})
        return PresenceConfirmation.objects.create(event=event, confirmed_by=by)


def note_overdue_ratifications() -> int:
    """Ratifications past their deadline count as unauthorised, once each; returns how many. For a job."""
    count = 0
    for change in ChangeRequest.objects.ratification_missed().filter(is_unauthorised=False):
        try:
            take_step(change, "ratify_overdue", by=None)
        except StepRefused:
            continue  # recorded; it may have moved meanwhile
        count += 1
    return count
