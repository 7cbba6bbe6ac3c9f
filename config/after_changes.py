"""What follows a change in other apps: the findings that it fixes, the inspection of what it touched."""

from __future__ import annotations

import logging

from django.db.models import Q

from changes.actions import NOTIFY
from changes.models import ChangeEvent, ChangeRequest
from changes.models.request import AssignmentRole, ItemImpact
from cmdb.models import ConfigurationItem
from inspections.actions import inspect_once, mark_fixed
from inspections.models import Finding
from inspections.workflow import FINDING_RUNNING

logger = logging.getLogger(__name__)
# The steps after which somebody should look at the items with their own eyes.
HAS_WORKED = ("verified", "auto_verified", "verified_review", "verified_emergency")
THEN_INSPECT = ("verified", "auto_verified", "verified_review", "verified_emergency", "restore_ok")


def wire() -> None:
    """Every step of a change is heard of here, in the web server and in the worker."""
    for hear in (fix_findings, inspect_afterwards):
        if hear not in NOTIFY:
            NOTIFY.append(hear)


def fix_findings(event: ChangeEvent) -> None:
    """A change that is verified has fixed the findings that name it; a rolled-back one has not.

    By its implementer, at the verification and not at the closing some days later: the inspection afterwards
    is then the re-check that verifies them. A fault here is logged and stops nothing.
    """
    if event.event not in HAS_WORKED:
        return
    change = event.change
    done = change.events.filter(event__in=("finish", "record_retro")).order_by("-pk").first()
    implementer = done.actor if done is not None else None
    if implementer is None:
        row = change.assignments.filter(role=AssignmentRole.IMPLEMENTER).order_by("pk").first()
        implementer = row.user if row is not None else None
    words = f"{change.number} {change.title}"
    for finding in Finding.objects.filter(change=change, state__in=FINDING_RUNNING):
        try:
            if implementer is None:
                raise LookupError("nobody implemented it")
            mark_fixed(finding, by=implementer, comment=words, at=done.happened_at if done else None)
        except Exception:
            logger.exception("%s was not marked as fixed after %s", finding.number, change.number)


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
