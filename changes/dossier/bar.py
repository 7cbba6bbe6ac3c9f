"""The bar of states: where a change stands, and when it got there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from changes.models import ChangeEvent, ChangeRequest
from changes.workflow import MAIN_LINE, State

TONES = {
    State.DRAFT: "neutral", State.ASSESSING: "info", State.TESTING: "info", State.APPROVING: "warn",
    State.SCHEDULED: "good", State.IMPLEMENTING: "serious", State.VERIFYING: "info",
    State.ROLLING_BACK: "bad", State.ROLLED_BACK: "serious", State.RATIFYING: "warn",
    State.REVIEWING: "info", State.CLOSED: "done", State.REJECTED: "bad", State.WITHDRAWN: "neutral",
    State.CANCELLED: "neutral",
}  # fmt: skip
RISK_TONES = {"low": "good", "medium": "warn", "high": "serious", "very_high": "bad"}
KIND_ICONS = {"normal": "edit_note", "standard": "task_alt", "emergency": "emergency"}


def state_bar(change: ChangeRequest, events: Iterable[ChangeEvent] | None = None) -> list[dict[str, Any]]:
    """The states on the way of this kind of change: done, now, next or bad, each with the time it began.

    `events` newest first, where the caller has them; one query otherwise. A review stands on the bar of a
    normal change only where there is one.
    """
    told = list(change.events.order_by("-seq") if events is None else events)
    began: dict[str, Any] = {State.DRAFT: change.created_at}
    for event in reversed(told):
        if event.source != event.target:
            began[event.target] = event.happened_at
    line = [state for state in MAIN_LINE[change.kind] if not _is_left_out(state, change, began)]
    if change.state not in line:
        line = [*(state for state in line if state in began), change.state]
    here = line.index(change.state)
    bad = change.state in (State.REJECTED, State.ROLLING_BACK, State.ROLLED_BACK)
    is_end = change.state == State.CLOSED
    marks = (
        ["done"] * here + ["bad" if bad else "done" if is_end else "now"] + ["next"] * (len(line) - here - 1)
    )
    return [
        {"label": State(state).label, "is": mark, "at": began.get(state) if mark != "next" else None}
        for state, mark in zip(line, marks, strict=True)
    ]


def _is_left_out(state: str, change: ChangeRequest, began: dict[str, Any]) -> bool:
    """A review that nobody has asked for yet."""
    is_normal = change.kind == "normal"
    return is_normal and state == State.REVIEWING and state not in began and change.state != state
