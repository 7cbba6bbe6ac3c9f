"""Findings and their rectification (问题与整改) as rows of a report."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from accounts.labelled import in_active_language
from inspections.models import Answer
from inspections.querysets import FindingQuerySet
from inspections.reports.conclusion import TONE
from inspections.reports.shape import Record, moment
from inspections.sheet import shown_value
from inspections.workflow import FindingState

MOST = 300


def finding_rows(findings: FindingQuerySet, zone: ZoneInfo) -> list[Record]:
    """Each finding with risk, deadline, owner, state and the re-check; 300 at most. Six statements at most.

    Joined, the answers made a statement of thirteen tables that took longer to plan than these to run.
    """
    found = findings.select_related("ci", "owner", "fixed_by", "change").prefetch_related(
        "first_answer__item", "last_answer__item", "verified_answer__item", "verified_answer__answered_by"
    )
    return [_row(each, zone) for each in found.order_by("id").distinct()[:MOST]]


def _row(finding, zone: ZoneInfo) -> Record:
    is_fixed = finding.state in (FindingState.FIXED, FindingState.VERIFIED)
    return {
        "id": finding.pk,
        "number": finding.number,
        "device": finding.ci.name,
        "item": in_active_language(finding.label, finding.label_zh),
        "risk": {
            "code": finding.severity,
            "word": str(finding.get_severity_display()),
            "tone": TONE[finding.severity],
        },
        "count": finding.count,
        "opened": moment(finding.opened_at, zone),
        "due": moment(finding.due_at, zone),
        "is_overdue": finding.is_overdue,
        "owner": str(finding.owner) if finding.owner else "",
        "state": {"code": finding.state, "word": str(finding.get_state_display())},
        "is_closed": finding.is_closed,
        "measure": finding.state_comment if is_fixed or finding.accepted_until_on else "",
        "fixed": moment(finding.fixed_at, zone),
        "fixed_by": str(finding.fixed_by) if finding.fixed_by else "",
        "accepted_until_on": finding.accepted_until_on.isoformat() if finding.accepted_until_on else "",
        "change": finding.change.number if finding.change else "",
        "before": _shown(finding.first_answer),
        "after": _shown(finding.verified_answer),
        "recheck": _recheck(finding.verified_answer, zone),
        "answers": [finding.first_answer_id, finding.last_answer_id],
    }


def _shown(answer: Answer | None) -> str:
    return shown_value(answer.item, answer) if answer else ""


def _recheck(answer: Answer | None, zone: ZoneInfo) -> Record | None:
    """Who saw it good again, and when (复检结果)."""
    if answer is None:
        return None
    return {"value": _shown(answer), "by": str(answer.answered_by), "at": moment(answer.observed_at, zone)}
