"""Whether the items are as discovered and restored, and machines may verify alone."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.models import User
from changes.guards.execution import drift_of, shown
from changes.guards.refusal import Data, Refusal, unless
from changes.models import ChangeRequest, DriftDecision


def template_auto_verify(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    return unless(
        change.template is not None and change.template.has_auto_verify,
        "template_auto_verify",
        _("The template does not allow machines to verify it."),
    )


def discovery_matches_plan_or_waived(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Every field is what it was right after applying, or the verifier says why a difference is accepted."""
    if data and data.get("discovery_waived"):
        return []
    kept = kept_fields(change)
    return [
        Refusal(
            "discovery_matches_plan_or_waived",
            _("%(item)s: %(field)s was set to %(expected)s and is %(found)s.")
            % {"item": d.address, "field": d.words, "expected": shown(d.expected), "found": shown(d.found)},
            _("Find out why, or say why it is accepted."),
        )
        for d in drift_of(list(change.operations.filter(applied_at__isnull=False)), "found")
        if (d.operation_id, d.field) not in kept
    ]


def restored_to_before(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Every field is back at its value before the change, save those that two people decided to keep."""
    if data and data.get("discovery_waived"):
        return []
    kept = kept_fields(change)
    drifts = drift_of(list(change.operations.filter(reverted_at__isnull=False)), "replaced")
    return [
        Refusal(
            "restored_to_before",
            _("%(item)s: %(field)s was %(expected)s before and is %(found)s.")
            % {"item": d.address, "field": d.words, "expected": shown(d.expected), "found": shown(d.found)},
            _("Say “not restored”, or why it is accepted."),
        )
        for d in drifts
        if (d.operation_id, d.field) not in kept
    ]


def kept_fields(change: ChangeRequest) -> set[tuple[int, str]]:
    """(operation, field) of each drift that two people decided to keep. One query."""
    kept = DriftDecision.objects.filter(
        operation__change=change, decision=DriftDecision.Decision.KEEP, confirmed_by__isnull=False
    )
    return set(kept.values_list("operation_id", "field"))
