"""Why other thresholds cannot be asked for, decided or withdrawn now."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, has_right
from inspections.guards.refusal import Refusal, lacking
from inspections.models import ThresholdOverride
from inspections.workflow import OverrideState


def against_asking_override(by: User) -> list[Refusal]:
    """Why this person cannot ask for other thresholds."""
    if has_right(by, Right.INSPECT) or has_right(by, Right.INSPECT_MANAGE):
        return []
    return list(lacking(by, Right.INSPECT))


def against_deciding_override(override: ThresholdOverride, by: User) -> list[Refusal]:
    """Why this person cannot approve or refuse other thresholds; who asked never can, superusers included."""
    found = list(lacking(by, Right.INSPECT_MANAGE))
    if override.state != OverrideState.WAITING:
        words = {"state": OverrideState(override.state).label}
        found.append(Refusal("state", _("The override is “%(state)s”.") % words))
    if override.requested_by_id == by.pk:
        message = _("You asked for it yourself.")
        found.append(Refusal("requested", message, _("Somebody else who defines check lists decides.")))
    return found


def against_withdrawing_override(override: ThresholdOverride, by: User) -> list[Refusal]:
    """Why this person cannot withdraw it: who asked may, and whoever defines check lists."""
    found = [] if override.requested_by_id == by.pk else list(lacking(by, Right.INSPECT_MANAGE))
    if override.state not in (OverrideState.WAITING, OverrideState.COMING, OverrideState.ACTIVE):
        words = {"state": OverrideState(override.state).label}
        found.append(Refusal("state", _("The override is “%(state)s”.") % words))
    return found
