"""Who holds which role."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import RoleGrant, User
from accounts.roles import ROLES, Right, require_right
from audit.actions import record_event
from audit.models import SecurityEvent


@transaction.atomic
def grant_role(user: User, role: str, *, by: User) -> RoleGrant:
    """The person holds the role; granting it twice changes nothing.

    Raises RightMissing without USER_MANAGE, ValidationError for an unknown role, for oneself, or where the
    three offices would meet in one person.
    """
    require_right(by, Right.USER_MANAGE)
    if by.pk == user.pk and not by.is_superuser:
        raise ValidationError(_("Nobody gives a role to themselves: ask another security administrator."))
    grant = RoleGrant.objects.filter(user=user, role=role).first() or RoleGrant(user=user, role=role)
    if grant.pk is None:
        grant.full_clean()
        grant.save()
        note_role(user, role, by=by, is_granted=True)
        user.__dict__.pop("role_keys", None)
    return grant


@transaction.atomic
def revoke_role(user: User, role: str, *, by: User) -> None:
    """The person no longer holds the role. Raises RightMissing without USER_MANAGE."""
    require_right(by, Right.USER_MANAGE)
    for grant in RoleGrant.objects.filter(user=user, role=role):
        grant.delete()
        note_role(user, role, by=by, is_granted=False)
    user.__dict__.pop("role_keys", None)


def note_role(user: User, role: str, *, by: User, is_granted: bool) -> None:
    """The record says who gave which role to whom, or took it away, with the rights it carries."""
    rights = sorted(right.value for right in ROLES[role].rights) if role in ROLES else []
    detail = {"deed": "granted" if is_granted else "taken away", "role": role, "rights": rights}
    record_event(SecurityEvent.Kind.PERMISSION_CHANGE, by=by, target=user.username, detail=detail)
