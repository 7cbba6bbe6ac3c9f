"""What a step brings about beside the move itself. The rest of the table's effects are PostgreSQL's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from accounts.models import User
from changes.actions.apply import apply_done_operations
from changes.actions.consultations import ask_owners
from changes.actions.impact import snapshot_impact, submit_with_impact
from changes.actions.risk import compute_risk
from changes.models import ChangeRequest
from changes.models.request import IncidentPriority

Effect = Callable[[ChangeRequest, User | None, Mapping[str, Any]], Any]


def link_incident(change: ChangeRequest, by: User | None, data: Mapping[str, Any]) -> None:
    """The incident that the step names stands on the change as a row of its own."""
    if (reference := data.get("caused_incidents")) and by is not None:
        severity = data.get("incident_severity") or IncidentPriority.P2
        change.incidents.get_or_create(
            reference=reference[:80], defaults={"severity": severity, "recorded_by": by}
        )


EFFECTS: dict[str, Effect] = {
    "snapshot_impact": snapshot_impact,
    "submit_with_impact": submit_with_impact,
    "ask_owners": ask_owners,
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
