"""Findings: opened by bad answers, closed by a later good one of somebody else."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from audit.context import because
from changes.actions import create_change
from changes.models import ChangeRequest
from inspections import guards
from inspections.models import Answer, Finding
from inspections.severity import BAD, Severity
from inspections.workflow import FINDING_STEPS, FIX_WITHIN, RESPOND_WITHIN, FindingState, target_of

VERIFY = """
UPDATE inspections_finding f
   SET state = 'verified', verified_answer_id = a.id, last_answer_id = a.id, state_by_id = a.answered_by_id,
       state_comment = a.comment
  FROM inspections_answer a
 WHERE a.id = ANY(%(answers)s) AND a.severity = 'ok' AND f.ci_id = a.ci_id AND f.item_key = a.item_key
   AND f.state = 'fixed' AND a.observed_at > f.fixed_at AND a.received_at > f.fixed_at
   AND (a.source = 'machine' OR a.answered_by_id <> f.fixed_by_id)
"""
# A run that is handed in again counts once.
REPEAT = """
UPDATE inspections_finding f
   SET count = f.count + CASE WHEN former.run_id = target.run_id THEN 0 ELSE 1 END,
       severity = CASE WHEN 'crit' IN (f.severity, a.severity) THEN 'crit' ELSE 'warn' END,
       last_answer_id = a.id,
       state = CASE f.state WHEN 'fixed' THEN 'open' ELSE f.state END,
       state_by_id = CASE f.state WHEN 'fixed' THEN a.answered_by_id ELSE f.state_by_id END,
       state_comment = CASE f.state WHEN 'fixed' THEN a.comment ELSE f.state_comment END
  FROM inspections_answer a
  JOIN inspections_runtarget target ON target.id = a.target_id
  JOIN inspections_templateitem i ON i.id = a.item_id,
       inspections_answer l JOIN inspections_runtarget former ON former.id = l.target_id
 WHERE a.id = ANY(%(answers)s) AND a.severity IN ('warn', 'crit') AND i.finding = 'finding'
   AND f.ci_id = a.ci_id AND f.item_key = a.item_key AND f.state NOT IN ('verified', 'duplicate')
   AND l.id = f.last_answer_id AND f.last_answer_id <> a.id
"""
OPEN = """
INSERT INTO inspections_finding
       (row_version, number, label, label_zh, ci_id, item_key, severity, state, state_comment, state_by_id,
        first_answer_id, last_answer_id, count, opened_at, response_due_at, due_at)
SELECT 1, '', i.label, i.label_zh, a.ci_id, a.item_key, a.severity, 'open', a.comment, a.answered_by_id,
       a.id, a.id, 1, a.observed_at,
       a.observed_at + CASE a.severity WHEN 'crit' THEN %(respond_crit)s ELSE %(respond_warn)s END,
       a.observed_at + CASE a.severity WHEN 'crit' THEN %(fix_crit)s ELSE %(fix_warn)s END
  FROM inspections_answer a JOIN inspections_templateitem i ON i.id = a.item_id
 WHERE a.id = ANY(%(answers)s) AND a.severity IN ('warn', 'crit') AND i.finding = 'finding'
   AND NOT EXISTS (SELECT FROM inspections_finding f WHERE f.ci_id = a.ci_id AND f.item_key = a.item_key
                      AND f.state NOT IN ('verified', 'duplicate'))
 ORDER BY a.id
    ON CONFLICT (ci_id, item_key) WHERE NOT (state IN ('verified', 'duplicate'))
    DO UPDATE SET count = inspections_finding.count + 1, last_answer_id = excluded.last_answer_id
"""


def open_findings(answers: QuerySet[Answer]) -> None:
    """Good answers verify what was fixed, bad ones repeat an open finding or open a new one.

    Every step is guarded by PostgreSQL too. Four statements, however many answers.
    """
    parameters: dict[str, Any] = {
        "answers": list(answers.values_list("pk", flat=True)),
        "respond_crit": RESPOND_WITHIN[Severity.CRIT],
        "respond_warn": RESPOND_WITHIN[Severity.WARN],
        "fix_crit": FIX_WITHIN[Severity.CRIT],
        "fix_warn": FIX_WITHIN[Severity.WARN],
    }
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in (VERIFY, REPEAT, OPEN):
            cursor.execute(statement, parameters)


def take_finding_step(finding: Finding, event: str, *, by: User, comment: str = "", **values: Any) -> Finding:
    """The finding has moved by `event`; PostgreSQL writes its event. Raises Refused. Locks the finding."""
    with transaction.atomic(), because(comment, user=by):
        finding = Finding.objects.select_for_update().get(pk=finding.pk)
        refusals = guards.against_finding_step(finding, event, by, comment)
        guards.refuse_if(refusals, f"{event} finding", by=by, target=finding.number)
        finding.state = target_of(FINDING_STEPS, event, finding.state) or finding.state
        finding.state_by, finding.state_comment = by, comment
        for name, value in values.items():
            setattr(finding, name, value)
        finding.save()
        finding.refresh_from_db()
    return finding


def acknowledge_finding(finding: Finding, *, by: User, comment: str = "") -> Finding:
    """Somebody has taken the finding on, and is its owner. Raises Refused."""
    return take_finding_step(
        finding, "acknowledge", by=by, comment=comment, owner=by, acknowledged_at=timezone.now()
    )


def start_fix(finding: Finding, *, by: User, comment: str = "") -> Finding:
    """The finding is being fixed. Raises Refused."""
    return take_finding_step(finding, "start_fix", by=by, comment=comment, owner=finding.owner or by)


def mark_fixed(finding: Finding, *, by: User, comment: str, at: datetime | None = None) -> Finding:
    """The finding waits for a good answer of somebody else. Raises Refused without a comment."""
    return take_finding_step(finding, "mark_fixed", by=by, comment=comment, fixed_at=at or timezone.now())


def accept_risk(finding: Finding, *, by: User, until: date, comment: str) -> Finding:
    """The risk is accepted up to and including a day, then the finding reopens by itself. Raises Refused."""
    return take_finding_step(finding, "accept_risk", by=by, comment=comment, accepted_until_on=until)


def mark_duplicate(finding: Finding, *, by: User, of: Finding, comment: str) -> Finding:
    """The finding is closed in favour of another one. Raises Refused."""
    return take_finding_step(finding, "mark_duplicate", by=by, comment=comment, duplicate_of=of)


def reopen_expired_risks(*, on: date | None = None) -> int:
    """Findings whose accepted risk has expired are open again. One statement."""
    expired = Finding.objects.risk_expired(on or timezone.localdate())
    return expired.update(state=FindingState.OPEN, state_by=None, state_comment="")


def link_change(finding: Finding, change: ChangeRequest, *, by: User) -> Finding:
    """The finding names the change that is to fix it. Raises RightMissing. Locks the finding."""
    with transaction.atomic(), because(f"linked to {change.number}", change_ref=change.pk, user=by):
        finding = Finding.objects.select_for_update().get(pk=finding.pk)
        refusals = guards.against_linking(finding, by)
        guards.refuse_if(refusals, "link finding", by=by, target=finding.number)
        finding.change = change
        finding.save(update_fields=["change"])
    return finding


def raise_change(finding: Finding, *, by: User) -> ChangeRequest:
    """A draft change on the finding's CI carries its evidence, and the finding names it.

    Raises Refused if the finding is closed or has a change, PermissionDenied without the right to raise
    changes. Locks the finding.
    """
    with transaction.atomic():
        finding = Finding.objects.select_for_update(of=("self",)).for_list().get(pk=finding.pk)
        refusals = guards.against_linking(finding, by)
        if finding.change_id:
            message = _("%(change)s fixes this already.") % {"change": finding.change}
            refusals.append(guards.Refusal("has_change", message))
        guards.refuse_if(refusals, "raise change", by=by, target=finding.number)
        title = _("Fix %(finding)s on %(ci)s") % {"finding": str(finding), "ci": finding.ci}
        change = create_change(by=by, title=title[:200], items=[finding.ci], reason=evidence_of(finding))
        link_change(finding, change, by=by)
    return change


def evidence_of(finding: Finding) -> str:
    """What was seen, in words, for somebody who has only the change before them. One query."""
    answers = Answer.objects.current().filter(ci=finding.ci_id, item_key=finding.item_key)
    lines = [_("Found by inspection, seen %(count)s times:") % {"count": finding.count}]
    for answer in answers.filter(severity__in=BAD).select_related("target__run").order_by("-observed_at")[:5]:
        at = date_format(timezone.localtime(answer.observed_at), "Y-m-d H:i")
        words = [at, answer.target.run.number, str(answer.get_severity_display()), answer.value_label]
        lines.append(" · ".join([*words, answer.comment] if answer.comment else words))
    return "\n".join(lines)
