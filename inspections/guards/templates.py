"""Why a version of a check list cannot be edited, published, discarded or retired now."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from inspections.guards.refusal import Refusal
from inspections.models import TemplateVersion
from inspections.workflow import VersionState


def against_editing(version: TemplateVersion) -> list[Refusal]:
    """Why the items of this version cannot be edited."""
    if version.state == VersionState.DRAFT:
        return []
    message = _("The version is “%(state)s” and never changes.") % {"state": version.get_state_display()}
    return [Refusal("state", message, _("Draft a new version."))]


def against_publishing(version: TemplateVersion) -> list[Refusal]:
    """Why this version cannot be published: no draft, no items, or items that cannot be asked as they are."""
    found = against_editing(version)
    items = list(version.items.all())
    if not items:
        found.append(Refusal("empty", _("A version without items cannot be published."), _("Add an item.")))
    for item in items:
        try:
            item.clean()
        except ValidationError as error:
            message = _("%(item)s: %(faults)s") % {"item": item, "faults": " ".join(error.messages)}
            found.append(Refusal("item", message, _("Edit the item.")))
    return found


def against_discarding(version: TemplateVersion) -> list[Refusal]:
    """Why this draft cannot be thrown away."""
    found = against_editing(version)
    if not found and not version.template.versions.exclude(pk=version.pk).exists():
        message = _("It is the only version of this check list.")
        found.append(Refusal("only", message, _("Take its items away, or publish it and retire it.")))
    return found


def against_retiring(version: TemplateVersion, reason: str) -> list[Refusal]:
    """Why this version cannot be retired."""
    found = []
    if version.state != VersionState.PUBLISHED:
        message = _("The version is “%(state)s”.") % {"state": version.get_state_display()}
        found.append(Refusal("state", message, _("Only the published version is retired.")))
    plans = [str(plan) for plan in version.template.plans.filter(is_enabled=True).order_by("key")]
    if plans:
        message = _("Enabled plans use it: %(plans)s.") % {"plans": ", ".join(plans)}
        found.append(Refusal("plans", message, _("Disable them, or give them another check list.")))
    if not reason.strip():
        found.append(Refusal("comment", _("Say why it is retired.")))
    return found
