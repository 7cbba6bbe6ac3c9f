"""Plans are made, copied, stopped and started again."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, require_right
from audit.context import because
from inspections.models import InspectionPlan, PlanMember


def save_plan(
    plan: InspectionPlan, *, by: User, members: Sequence[User] | None = None, reason: str = ""
) -> InspectionPlan:
    """The plan stands as given, with its members in this order (None: as they are).

    Raises RightMissing, or ValidationError by field. Runs that exist keep what they were made with.
    """
    require_right(by, Right.INSPECT_MANAGE)
    plan.full_clean()
    with transaction.atomic(), because(reason, user=by):
        plan.save()
        if members is not None:
            set_members(plan, members)
        _require_people(plan)
    return plan


def set_members(plan: InspectionPlan, members: Sequence[User]) -> None:
    """The plan's members are these, in this order; who stays keeps the row. Four statements at most."""
    wanted = {user.pk: place for place, user in enumerate(dict.fromkeys(members))}
    kept = {member.user_id: member for member in plan.members.all()}
    plan.members.exclude(user__in=wanted).delete()
    moved = []
    for user, place in wanted.items():
        member = kept.get(user)
        if member is not None and member.position != place:
            member.position = place
            moved.append(member)
    PlanMember.objects.bulk_update(moved, ["position"])
    new = [(user, place) for user, place in wanted.items() if user not in kept]
    PlanMember.objects.bulk_create(PlanMember(plan=plan, user_id=user, position=place) for user, place in new)


def _require_people(plan: InspectionPlan) -> None:
    """Raises ValidationError where the way of assigning needs people that the plan does not name."""
    has_members = plan.members.exists()
    if plan.assign == plan.Assign.ROTATION and not has_members:
        raise ValidationError({"members": _("Name the people who take turns, in their order.")})
    if plan.assign == plan.Assign.CLAIM and not has_members and plan.team_id is None:
        raise ValidationError({"team": _("Name the team, or the people, of whom anybody may take it.")})
    everyone = plan.must_complete == plan.MustComplete.ALL and plan.assign == plan.Assign.FIXED
    if everyone and not has_members and plan.team_id is None:
        raise ValidationError({"members": _("Name the people, or the team, who each make a run.")})


def copy_plan(plan: InspectionPlan, *, by: User, key: str, label: str, label_zh: str = "") -> InspectionPlan:
    """A disabled copy with the same people, to be looked through and enabled.

    Raises RightMissing, ValidationError.
    """
    require_right(by, Right.INSPECT_MANAGE)
    reason = _("Copied from %(plan)s; not yet enabled") % {"plan": plan.key}
    members = [member.user for member in plan.members.select_related("user")]
    values = {field.name: getattr(plan, field.name) for field in plan._meta.concrete_fields if field.editable}
    for name in ("id", "disabled_reason"):
        values.pop(name, None)
    values |= {"key": key, "label": label, "label_zh": label_zh, "is_enabled": False}
    copy = InspectionPlan(**values, disabled_by=by, disabled_reason=reason)
    return save_plan(copy, by=by, members=members, reason=reason)


def disable_plan(plan: InspectionPlan, *, by: User, reason: str) -> InspectionPlan:
    """The plan makes no more runs, and says who stopped it and why; its runs stay.

    Raises RightMissing, or ValidationError without a reason.
    """
    require_right(by, Right.INSPECT_MANAGE)
    if not reason.strip():
        raise ValidationError(_("Say why the plan is disabled."), "reason")
    with transaction.atomic(), because(reason, user=by):
        plan = InspectionPlan.objects.select_for_update().get(pk=plan.pk)
        plan.is_enabled, plan.disabled_by, plan.disabled_reason = False, by, reason
        plan.save()
    return plan


def enable_plan(plan: InspectionPlan, *, by: User, reason: str = "") -> InspectionPlan:
    """The plan makes runs again, from now on; slots of the time it was disabled are not made up."""
    require_right(by, Right.INSPECT_MANAGE)
    with transaction.atomic(), because(reason, user=by):
        plan = InspectionPlan.objects.select_for_update().get(pk=plan.pk)
        plan.is_enabled = True
        plan.save()
        plan.refresh_from_db()
    return plan
