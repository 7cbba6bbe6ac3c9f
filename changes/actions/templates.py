"""Approving a kind of change beforehand."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, require_right
from audit.actions import record_refusal
from audit.context import because
from changes.actions.refusals import StepRefused
from changes.guards.refusal import Refusal
from changes.models import StandardTemplate


def reasons_against_approving(template: StandardTemplate, by: User) -> list[Refusal]:
    """Why this person cannot approve the template now; empty when they can."""
    refusals = []
    if template.approved_at and not template.suspended_reason:
        refusals.append(
            Refusal("approved", _("This version is approved already."), _("Write a new version."))
        )
    # An approved version is not edited: whoever wrote it did so before.
    if template.history.filter(history_user_id=by.pk, approved_at=None).exists():
        refusals.append(
            Refusal("author_apart", _("You wrote this template."), _("Ask another change manager."))
        )
    return refusals


def approve_template(template: StandardTemplate, *, by: User) -> StandardTemplate:
    """The template is approved and active, and not edited from now on; a suspended one is approved anew.

    Raises RightMissing without CHANGE_MANAGE, StepRefused, recorded, for who wrote any of it. Locks the row.
    """
    require_right(by, Right.CHANGE_MANAGE)
    current = StandardTemplate.objects.select_for_update(of=("self",)).get(pk=template.pk)
    if refusals := reasons_against_approving(current, by):
        record_refusal(
            "approve_template", by=by, target=str(current), reasons=[each.as_dict() for each in refusals]
        )
        raise StepRefused(refusals)
    with because(reason="approve_template", user=by):
        current.approved_by, current.approved_at, current.is_active = by, timezone.now(), True
        current.suspended_reason = ""
        current.save(update_fields=["approved_by", "approved_at", "is_active", "suspended_reason"])
    return current
