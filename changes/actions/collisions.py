"""Accepting a collision and overriding a freeze: each recorded with who and why."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, require_right
from audit.context import because
from changes.actions.announcements import tell_of_freezes
from changes.actions.refusals import StepRefused, refusals_recorded
from changes.collisions import ACCEPTABLE, collisions_of
from changes.guards.refusal import Refusal
from changes.models import (
    ChangeRequest,
    CollisionAcknowledgement,
    CollisionKind,
    FreezeOverride,
    FreezeWindow,
)
from changes.workflow import UNDER_WAY


def accept_collision(
    change: ChangeRequest,
    other: ChangeRequest,
    kind: str,
    *,
    by: User,
    comment: str,
    keys: Collection[str] | None = None,
) -> CollisionAcknowledgement:
    """`by` has accepted that the two collide in this way in these windows; void once either window moves.

    People of the other change accept; for the same item people of both must. `keys` are those that were
    read: what has come since is not accepted with them. Raises StepRefused for the wrong person, without a
    comment, or where nothing collides.
    """
    with refusals_recorded("accept_collision", change, by):
        found = _found(change, other, kind, comment, keys)
        # People of a change that holds its time, or shares the item, speak to the other one.
        speaks = kind == CollisionKind.SAME_ITEM or change.state in UNDER_WAY
        ours = speaks and by.pk in (change.requester_id, change.owner_id)
        of, told = (other, change) if ours else (change, other)
        return CollisionAcknowledgement.objects.create(
            change=of, other=told, kind=kind, keys=found, by=by, comment=comment
        )


def decide_collision(
    change: ChangeRequest,
    other: ChangeRequest,
    kind: str,
    *,
    by: User,
    comment: str,
    keys: Collection[str] | None = None,
) -> CollisionAcknowledgement:
    """A change manager has decided that both go on; recorded and shown to the board, void as an acceptance.

    Raises RightMissing without CHANGE_MANAGE, StepRefused for who has a part in either change.
    """
    require_right(by, Right.CHANGE_MANAGE)
    with refusals_recorded("decide_collision", change, by):
        found = _found(change, other, kind, comment, keys)
        return CollisionAcknowledgement.objects.create(
            change=change, other=other, kind=kind, keys=found, by=by, comment=comment, is_override=True
        )


def _found(
    change: ChangeRequest, other: ChangeRequest, kind: str, comment: str, keys: Collection[str] | None
) -> list[str]:
    """What really collides now, of what was read. Raises StepRefused where nothing does."""
    found = [
        each.key
        for each in collisions_of(change, change.window)
        if each.other.pk == other.pk and each.kind == kind and (keys is None or each.key in keys)
    ]
    refusals = []
    if not comment.strip():
        refusals.append(
            Refusal("comment_required", _("An acceptance says why."), _("Write on what conditions."))
        )
    if not found or kind not in ACCEPTABLE:
        refusals.append(
            Refusal(
                "no_collision",
                _("There is no such collision with %(number)s to accept.") % {"number": other.number},
                _("Open the page again."),
            )
        )
    if refusals:
        raise StepRefused(refusals)
    return found


def override_freeze(change: ChangeRequest, freeze: FreezeWindow, *, by: User, reason: str) -> FreezeOverride:
    """The change may go on in its window in spite of the hard freeze; void once either window moves.

    Raises RightMissing without CHANGE_MANAGE, StepRefused without a reason or for who has a part in it.
    """
    require_right(by, Right.CHANGE_MANAGE)
    with refusals_recorded("override_freeze", change, by):
        if not reason.strip():
            raise StepRefused([Refusal("comment_required", _("An override says why."), _("Write why."))])
        return FreezeOverride.objects.create(change=change, freeze=freeze, by=by, reason=reason)


def declare_freeze(freeze: FreezeWindow, *, by: User) -> FreezeWindow:
    """The freeze stands, and the people of every change that it hits are told at once.

    Raises RightMissing without CHANGE_MANAGE, ValidationError by field.
    """
    require_right(by, Right.CHANGE_MANAGE)
    freeze.full_clean()
    with because(reason="declare_freeze", user=by), transaction.atomic():
        freeze.save()
        if freeze.is_active:
            tell_of_freezes(timezone.now())
    return freeze
