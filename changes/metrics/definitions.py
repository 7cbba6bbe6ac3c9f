"""What is measured. Each measure is arithmetic on the columns of sql/metrics_facts.sql (reference/change.md §4)."""

# ruff: noqa: E501  a definition is read whole
from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

POLICY_HOURS = 48
ON_TIME_MINUTES = 15
PHANTOM_HOURS = 4
OURS = "NOT is_imported"


@dataclass(frozen=True)
class Metric:
    """One measure. A share is `hits` of `cases`, both whole numbers per change; a duration is `seconds`.

    `unit`: share, duration, minutes (hits and cases are then sums of minutes, compared) or count (of writes, not
    of changes: changes.metrics.figures asks for them). `goal`: high, low or none. `counts_imported`: whether changes from other systems can stand in it.
    """

    key: str
    label: str | Promise
    definition: str | Promise
    unit: str = "share"
    hits: str = "0"
    cases: str = "0"
    seconds: str = "NULL"
    goal: str = "none"
    counts_imported: bool = False
    hits_label: str | Promise = ""
    cases_label: str | Promise = ""


METRICS = (
    Metric(
        "success_rate", _("Change success rate"),
        _("Closed changes that came out successful, with or without issues, of all closed changes that were not"
          " cancelled and did not miss their window."),
        hits="outcome IN ('successful', 'successful_with_issues')",
        cases="state = 'closed' AND outcome NOT IN ('', 'cancelled', 'missed_window')",
        goal="high", counts_imported=True,
    ),
    Metric(
        "failure_rate", _("Change failure rate (DORA)"),
        _("Implemented changes that were rolled back, failed, or caused an incident of priority P1 or P2, of all"
          " implemented changes."),
        hits="(outcome IN ('rolled_back', 'failed') OR has_hurt)", cases="was_implemented", goal="low",
        counts_imported=True,
    ),
    Metric(
        "lead_time", _("Lead time"),
        _("From the first submission to the end of the implementation. Recorded afterwards: left out."),
        unit="duration",
        seconds=f"CASE WHEN {OURS} AND NOT is_retrospective AND was_implemented"
                " THEN extract(epoch FROM actual_end_at - submitted_at) END",
        goal="low",
    ),
    Metric(
        "short_notice", _("Asked less than 48 hours before"),
        _("Normal changes whose window begins less than 48 hours after they were submitted (imported ones: created"
          " in the other system), of all normal changes of which both times are known."),
        hits=f"window_start - asked_at < interval '{POLICY_HOURS} hours'",
        cases="kind = 'normal' AND window_start IS NOT NULL AND asked_at IS NOT NULL", goal="low",
        counts_imported=True,
    ),
    Metric(
        "approval_time", _("Approval time"),
        _("From the opening to the closing of the rounds that decided; void rounds are left out."),
        unit="duration", seconds=f"CASE WHEN {OURS} THEN approval_seconds END", goal="low",
    ),
    Metric(
        "emergencies", _("Emergencies"),
        _("Emergency changes of all submitted changes."),
        hits="kind = 'emergency'", cases=f"{OURS} AND submitted_at IS NOT NULL", goal="low",
    ),
    Metric(
        "phantom_emergencies", _("Phantom emergencies"),
        _("Emergencies that did not start within 4 hours of being submitted, of all emergencies submitted at least"
          " 4 hours ago. Recorded afterwards: left out."),
        hits=f"(started_at IS NULL OR started_at > submitted_at + interval '{PHANTOM_HOURS} hours')",
        cases=f"{OURS} AND kind = 'emergency' AND NOT is_retrospective"
              f" AND submitted_at < now() - interval '{PHANTOM_HOURS} hours'",
        goal="low",
    ),
    Metric(
        "unauthorised", _("Unauthorised writes"),
        _("What was written to items of recorded types, or to anything in an emergency, without a change under way"
          " that planned it: one for each transaction and type, by the time of writing, explained or not. With a kind"
          " chosen: those that were linked to changes of it."),
        unit="count", goal="low",
    ),
    Metric(
        "without_approval", _("Without approval"),
        _("Implemented changes that were recorded afterwards, not ratified, or not ratified in time, of all"
          " implemented changes. Writes without any change are counted as unauthorised writes."),
        hits="(is_retrospective OR outcome = 'unratified' OR"
             " ratified_at IS NULL AND ratify_due_at < now())",
        cases=f"{OURS} AND was_implemented", goal="low",
    ),
    Metric(
        "on_time_start", _("Started on time"),
        _("Changes that started in the first 15 minutes of their window, of all started changes with a window."),
        hits="started_at >= window_start"
             f" AND started_at < window_start + interval '{ON_TIME_MINUTES} minutes'",
        cases=f"{OURS} AND started_at IS NOT NULL AND window_start IS NOT NULL AND NOT is_retrospective",
        goal="high",
    ),
    Metric(
        "rollback_in_time", _("Rolled back as fast as planned"),
        _("Rollbacks that took no longer than the minutes in the plan, of all rollbacks that were finished."),
        hits="rolled_back_at - rollback_at <= make_interval(mins => rollback_minutes)",
        cases=f"{OURS} AND rolled_back_at >= rollback_at AND rollback_minutes IS NOT NULL", goal="high",
    ),
    Metric(
        "rollback_time", _("Rollback time"),
        _("From the decision to roll back to its end."),
        unit="duration",
        seconds=f"CASE WHEN {OURS} AND rolled_back_at >= rollback_at"
                " THEN extract(epoch FROM rolled_back_at - rollback_at) END",
        goal="low",
    ),
    Metric(
        "rubber_stamps", _("Rubber stamps"),
        _("Approving votes cast within 20 seconds of first opening the change, of all approving votes of which the"
          " opening is known. Votes, not changes."),
        hits="votes_rubber", cases=f"CASE WHEN {OURS} THEN votes_timed ELSE 0 END", goal="low",
    ),
    Metric(
        "overdue_ratification", _("Ratified too late"),
        _("Emergencies that were ratified after their deadline, or still are not, of all that had one."),
        hits="coalesce(ratified_at, now()) > ratify_due_at",
        cases=f"{OURS} AND ratify_due_at IS NOT NULL", goal="low",
    ),
    Metric(
        "edits_after_approval", _("Planned again after approval"),
        _("Approved changes that went back to the draft, because their plan had to be edited, of all approved ones."),
        hits="was_planned_again", cases=f"{OURS} AND was_approved", goal="low",
    ),
    Metric(
        "downtime", _("Downtime planned, and time at work"),
        _("Of implemented changes with a planned downtime: the minutes planned, and the minutes from start to end of"
          " the implementation. Downtime itself is not measured."),
        unit="minutes",
        hits="CASE WHEN actual_end_at > started_at AND downtime_minutes > 0"
             " THEN extract(epoch FROM actual_end_at - started_at) / 60 ELSE 0 END",
        cases=f"CASE WHEN {OURS} AND was_implemented AND actual_end_at > started_at THEN downtime_minutes ELSE 0 END",
        hits_label=_("at work"), cases_label=_("planned"),
    ),
)  # fmt: skip


def metric_named(key: str) -> Metric | None:
    """The measure with this key."""
    return next((metric for metric in METRICS if metric.key == key), None)
