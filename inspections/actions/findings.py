"""Findings: opened by bad answers, closed by a later good one of somebody else."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from audit.context import because
from inspections import guards
from inspections.actions.finding_changes import draft_changes
from inspections.actions.finding_telling import tell_owner, tell_recheck
from inspections.models import Answer, Finding
from inspections.workflow import FINDING_STEPS, FindingState, target_of

VERIFY = """
UPDATE inspections_finding f
   SET state = 'verified', verified_answer_id = a.id, last_answer_id = a.id, state_by_id = a.answered_by_id,
       state_comment = a.comment
  FROM inspections_answer a
 WHERE a.id = ANY(%(answers)s) AND a.severity = 'ok' AND f.ci_id = a.ci_id AND f.item_key = a.item_key
   AND f.state = 'fixed' AND a.observed_at > f.fixed_at AND a.received_at > f.fixed_at
   AND a.answered_by_id <> f.fixed_by_id
"""
# A run that is handed in again counts once. A re-check that fails reopens, and so does an accepted risk that
# is worse than what was accepted.
REPEAT = """
UPDATE inspections_finding f
   SET count = f.count + CASE WHEN target.run_id = (
           SELECT former.run_id FROM inspections_answer l
             JOIN inspections_runtarget former ON former.id = l.target_id
            WHERE l.id = f.last_answer_id) THEN 0 ELSE 1 END,
       severity = CASE WHEN 'crit' IN (f.severity, a.severity) THEN 'crit' ELSE 'warn' END,
       last_answer_id = a.id,
       (state, state_by_id, state_comment) = (
           SELECT CASE WHEN reopens THEN 'open' ELSE f.state END,
                  CASE WHEN reopens THEN a.answered_by_id ELSE f.state_by_id END,
                  CASE WHEN reopens THEN a.comment ELSE f.state_comment END
             FROM (SELECT f.state = 'fixed'
                       OR (f.state, f.severity, a.severity) = ('accepted_risk', 'warn', 'crit') AS reopens) r)
  FROM inspections_answer a
  JOIN inspections_runtarget target ON target.id = a.target_id
  JOIN inspections_templateitem i ON i.id = a.item_id
 WHERE a.id = ANY(%(answers)s) AND a.severity IN ('warn', 'crit') AND i.finding <> 'none'
   AND f.ci_id = a.ci_id AND f.item_key = a.item_key AND f.state NOT IN ('verified', 'duplicate')
   AND f.last_answer_id IS DISTINCT FROM a.id
"""
OPEN = """
INSERT INTO inspections_finding
       (row_version, number, label, label_zh, ci_id, item_key, severity, state, state_comment, state_by_id,
        first_answer_id, last_answer_id, count, opened_at, response_due_at, due_at, policy_used)
SELECT 1, '', i.label, i.label_zh, a.ci_id, a.item_key, a.severity, 'open', a.comment, a.answered_by_id,
       a.id, a.id, 1, a.observed_at, a.observed_at, a.observed_at, '{}'
  FROM inspections_answer a JOIN inspections_templateitem i ON i.id = a.item_id
 WHERE a.id = ANY(%(answers)s) AND a.severity IN ('warn', 'crit') AND i.finding <> 'none'
   AND NOT EXISTS (SELECT FROM inspections_finding f WHERE f.ci_id = a.ci_id AND f.item_key = a.item_key
                      AND f.state NOT IN ('verified', 'duplicate'))
 ORDER BY a.id
    ON CONFLICT (ci_id, item_key) WHERE NOT (state IN ('verified', 'duplicate'))
    DO UPDATE SET count = inspections_finding.count + 1, last_answer_id = excluded.last_answer_id
RETURNING id
"""


def open_findings(answers: QuerySet[Answer]) -> list[int]:
    """Good answers verify what was fixed, bad ones repeat an open finding or open one; returns the new ones.

    Every step is guarded by PostgreSQL too, which sets the deadlines. Four statements, however many answers;
    then what new findings of items that ask for a change cost (`draft_changes`).
    """
    given: dict[str, Any] = {"answers": list(answers.values_list("pk", flat=True))}
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in (VERIFY, REPEAT, OPEN):
            cursor.execute(statement, given)
        opened = [pk for (pk,) in cursor.fetchall()]
        draft_changes(Finding.objects.filter(pk__in=opened))
    return opened


def take_finding_step(finding: Finding, event: str, *, by: User, comment: str = "", **values: Any) -> Finding:
    """The finding has moved by `event`; PostgreSQL writes its event. Raises Refused. Locks the finding."""
    with transaction.atomic(), because(comment, user=by):
        finding = Finding.objects.select_for_update().get(pk=finding.pk)
        refusals = guards.against_finding_step(finding, event, by, comment, values)
        guards.refuse_if(refusals, f"{event} finding", by=by, target=finding.number)
        finding.state = target_of(FINDING_STEPS, event, finding.state) or finding.state
        finding.state_by, finding.state_comment = by, comment
        for name, value in values.items():
            setattr(finding, name, value)
        finding.save()
        finding.refresh_from_db()
    return finding


def acknowledge_finding(
    finding: Finding, *, by: User, comment: str = "", owner: User | None = None
) -> Finding:
    """Somebody has taken the finding on: `by`, or another who is told. Raises Refused."""
    finding = take_finding_step(finding, "acknowledge", by=by, comment=comment, owner=owner or by)
    tell_owner(finding, by=by, comment=comment)
    return finding


def start_fix(finding: Finding, *, by: User, comment: str = "") -> Finding:
    """The finding is being fixed. Raises Refused."""
    return take_finding_step(finding, "start_fix", by=by, comment=comment, owner=finding.owner or by)


def mark_fixed(finding: Finding, *, by: User, comment: str, at: datetime | None = None) -> Finding:
    """The finding waits for a good answer of somebody else, seen after the fix: now, or `at` if told.

    Raises Refused without a comment, or where `at` lies between the arrival of what was bad and now.
    """
    finding = take_finding_step(finding, "mark_fixed", by=by, comment=comment, fixed_at=at)
    tell_recheck(finding, by=by, comment=comment)
    return finding


def accept_risk(finding: Finding, *, by: User, until: date, comment: str) -> Finding:
    """The risk is accepted up to and including a day, then the finding reopens by itself.

    Raises Refused where nobody owns the finding, `by` owns or owned it, or beyond what the policy allows.
    """
    return take_finding_step(finding, "accept_risk", by=by, comment=comment, accepted_until_on=until)


def reopen_finding(finding: Finding, *, by: User, comment: str) -> Finding:
    """The acceptance of a risk is taken back for a reason; the clocks start anew. Raises Refused."""
    return take_finding_step(finding, "reopen", by=by, comment=comment)


def mark_duplicate(finding: Finding, *, by: User, of: Finding, comment: str) -> Finding:
    """The finding is closed in favour of another one. Raises Refused."""
    return take_finding_step(finding, "mark_duplicate", by=by, comment=comment, duplicate_of=of)


def reopen_expired_risks(*, on: date | None = None) -> int:
    """Findings whose accepted risk has expired are open again, and their clocks start anew. One statement."""
    expired = Finding.objects.risk_expired(on or timezone.localdate())
    return expired.update(state=FindingState.OPEN, state_by=None, state_comment="")
