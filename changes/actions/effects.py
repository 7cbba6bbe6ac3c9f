"""What a step brings about beside the move itself. The rest of the table's effects are PostgreSQL's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import Max

from accounts.models import User
from changes.actions.apply import apply_done_operations
from changes.models import ChangeItem, ChangeRequest
from changes.models.request import IncidentPriority, ItemImpact
from changes.risk import level_of
from cmdb.impact import impact_of
from cmdb.models import ConfigurationItem

Effect = Callable[[ChangeRequest, User | None, Mapping[str, Any]], None]
# More rows than a reader can judge; the total stands in risk_inputs, never cut.
SNAPSHOT_ROWS = 1000


def snapshot_impact(change: ChangeRequest, by: User | None, data: Mapping[str, Any]) -> None:
    """The change lists what its items take down, degrade or inform of, in the graph as it is now.

    Items judged "not affected" by hand stay so. Computed rows are written anew.
    """
    rows = change.change_items
    impact = impact_of(list(rows.filter(impact=ItemImpact.MANUAL).values_list("item_id", flat=True)))
    rows.filter(impact=ItemImpact.COMPUTED).delete()
    known = set(rows.values_list("item_id", flat=True))
    found = [
        ChangeItem(
            change=change, item_id=row.item_id, impact=ItemImpact.COMPUTED, effect=effect, depth=row.depth
        )
        for effect in ("down", "degraded", "informed")
        for row in getattr(impact, effect)
        if row.item_id not in known
    ]
    ChangeItem.objects.bulk_create(found[:SNAPSHOT_ROWS])


def compute_risk(change: ChangeRequest, by: User | None, data: Mapping[str, Any]) -> None:
    """Risk stands on the change with what it was computed from; the highest input wins."""
    manual = list(change.change_items.filter(impact=ItemImpact.MANUAL).values_list("item_id", flat=True))
    impact = impact_of(manual)
    hit = [row.criticality for row in [*impact.down, *impact.degraded]]
    own = (
        ConfigurationItem.objects.filter(pk__in=manual).aggregate(highest=Max("criticality"))["highest"] or 1
    )
    answers = data.get("risk_answers") or change.risk_inputs.get("answers") or {}
    change.risk_inputs = level_of(
        answers, criticality=max([own, *hit]), affected=impact.total, downtime_minutes=change.downtime_minutes
    )
    change.risk = change.risk_inputs["level"]
    change.save(update_fields=["risk", "risk_inputs"])


def link_incident(change: ChangeRequest, by: User | None, data: Mapping[str, Any]) -> None:
    """The incident that the step names stands on the change as a row of its own."""
    if (reference := data.get("caused_incidents")) and by is not None:
        severity = data.get("incident_severity") or IncidentPriority.P2
        change.incidents.get_or_create(
            reference=reference[:80], defaults={"severity": severity, "recorded_by": by}
        )


EFFECTS: dict[str, Effect] = {
    "snapshot_impact": snapshot_impact,
    "compute_risk": compute_risk,
    "link_incident": link_incident,
    "apply_done_operations": lambda change, by, data: apply_done_operations(change, by=by),
}
# Done by changes_event_gate_v1 in the same statement as the move, and by NOTIFY after it.
EFFECTS_OF_THE_GATE = frozenset(
    {
        "bind_plan", "close_round", "escalate_steps", "hold", "make_normal", "mark_break_glass",
        "mark_imported", "mark_missed_window", "mark_retrospective", "mark_unauthorised", "move_window",
        "notify",
        "open_round", "reopen_rollback", "resume", "start_clock", "start_ratify_clock", "stop_clock",
        "suspend_template", "void_round",
    }
)  # fmt: skip
