"""What follows a change in other apps: the next inspection of what it touched."""

from __future__ import annotations

import logging

from django.db.models import Q

from changes.actions import NOTIFY
from changes.models import ChangeEvent, ChangeRequest
from changes.models.request import ItemImpact
from cmdb.models import ConfigurationItem
from inspections.actions import inspect_once

logger = logging.getLogger(__name__)
# The steps after which somebody should look at the items with their own eyes.
THEN_INSPECT = ("verified", "auto_verified", "verified_review", "verified_emergency", "restore_ok")


def wire() -> None:
    """Every step of a change is heard of here, in the web server and in the worker."""
    if inspect_afterwards not in NOTIFY:
        NOTIFY.append(inspect_afterwards)


def inspect_afterwards(event: ChangeEvent) -> None:
    """The items that the change touched stand in a run of the check list that fits them.

    A fault here is logged and stops nothing: the change has been verified.
    """
    if event.event not in THEN_INSPECT:
        return
    change = event.change
    try:
        inspect_once(
            touched(change),
            key=key_of(change),
            label=f"After {change.number}",
            label_zh=f"{change.number} 变更后巡检",
        )
    except Exception:
        logger.exception("No inspection was scheduled after %s", change.number)


def key_of(change: ChangeRequest) -> str:
    """How the plan of that inspection is known."""
    return f"after-{change.number.lower()}"


def touched(change: ChangeRequest) -> list[ConfigurationItem]:
    """The items that the change changed, as they are now, without retired ones."""
    listed = Q(pk__in=change.change_items.filter(impact=ItemImpact.MANUAL).values("item"))
    operated = Q(pk__in=change.operations.filter(item__isnull=False).values("item"))
    items = ConfigurationItem.objects.live().select_related("type__parent")
    return list(items.filter(listed | operated).order_by("id"))
