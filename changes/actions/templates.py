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


def approve_template(template: StandardTemplate, *, by: User) -> StandardTemplate:
    """The template is approved and active, and not edited from now on.

    Raises RightMissing without CHANGE_MANAGE, StepRefused, recorded, for who wrote any of it. Locks the row.
    """
    require_right(by, Right.CHANGE_MANAGE)
    current = StandardTemplate.objects.select_for_update(of=("self",)).get(pk=template.pk)
    refusals = []
    if current.approved_at:
        refusals.append(
            Refusal("approved", _("This version is approved already."), _("Write a new version."))
        )
    if current.history.filter(history_user_id=by.pk).exists():
        refusals.append(
            Refusal("author_apart", _("You wrote this template."), _("Ask another change manager."))
        )
    if refusals:
        record_refusal(
            "approve_template", by=by, target=str(current), reasons=[each.as_dict() for each in refusals]
        )
        raise StepRefused(refusals)
    with because(reason="approve_template", user=by):
        current.approved_by, current.approved_at, current.is_active = by, timezone.now(), True
        current.save(update_fields=["approved_by", "approved_at", "is_active"])
    return current
