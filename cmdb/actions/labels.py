"""QR labels: made when they are first wanted, then for good."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, has_right
from audit.context import because
from cmdb.models import ConfigurationItem, ItemLabel

MAY_LABEL = (Right.CMDB_EDIT, Right.ASSET_EDIT, Right.INSPECT_MANAGE)


def may_label(user: User) -> bool:
    """Whether the person may make labels: whoever keeps items, assets or inspections."""
    return any(has_right(user, right) for right in MAY_LABEL)


def label_items(items: Iterable[ConfigurationItem], *, by: User) -> int:
    """Every item has its label; those that had one keep it. How many are new. Two queries.

    Raises PermissionDenied for whoever keeps neither items, assets nor inspections.
    """
    if not may_label(by):
        raise PermissionDenied(_("Labels are made by who keeps items, assets or inspections."))
    with transaction.atomic(), because(user=by):
        missing = [item for item in items if not hasattr(item, "qr_label")]
        ItemLabel.objects.bulk_create(
            [ItemLabel(item=item, made_by=by) for item in missing], ignore_conflicts=True
        )
    return len(missing)
