"""The order of changes: which must be done before this one."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import User
from changes.actions.editing import editing
from changes.models import ChangeLink, ChangeRequest
from changes.workflow import ENDS, State

DEEPEST = 50  # changes one behind the other; more is a mistake


def link_changes(change: ChangeRequest, other: ChangeRequest, *, by: User) -> ChangeLink:
    """The change must follow the other: it starts only when that one has closed well. Part of the plan.

    Raises ValidationError (`other`) for the change itself, one that never came to be done, or a circle;
    StepRefused when the plan is locked or votes would be void. One query a level.
    """
    with editing(change, by) as current:
        if fault := _fault(current, other):
            raise ValidationError({"other": fault})
        row, _created = ChangeLink.objects.get_or_create(
            change=current, other=other, nature=ChangeLink.Nature.FOLLOWS
        )
    return row


def _fault(change: ChangeRequest, other: ChangeRequest) -> str:
    if other.pk == change.pk:
        return _("A change does not follow itself.")
    if other.state in ENDS and other.state != State.CLOSED:
        words = {"number": other.number, "state": other.get_state_display()}
        return _("%(number)s is “%(state)s”: it will never be done.") % words
    if change.pk in _before(other):
        return _("%(number)s must itself follow this change.") % {"number": other.number}
    return ""


def _before(change: ChangeRequest) -> set[int]:
    """Every change that must come before this one, near or far."""
    found: set[int] = set()
    edge = {change.pk}
    for _depth in range(DEEPEST):
        links = ChangeLink.objects.filter(change__in=edge, nature=ChangeLink.Nature.FOLLOWS)
        edge = set(links.values_list("other_id", flat=True)) - found
        if not edge:
            break
        found |= edge
    return found
