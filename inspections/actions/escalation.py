"""Deadlines of findings: who is reminded when one is near, has passed, or passed long ago."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from inspections import notices
from inspections.actions.finding_telling import members_of, reviewers, tell_finding
from inspections.models import Finding

#: One row a finding, clock and stage that is due and was not told; the mark makes it once, for two workers
#: too. Reminding decides nothing.
REMIND = """
WITH running AS (
    SELECT f.id, f.state, c.clock, c.soon_at, c.due_at,
           c.due_at + make_interval(mins => coalesce(p.escalate_after_minutes, 60)) AS late_at
      FROM inspections_finding f
      LEFT JOIN inspections_findingpolicy p ON p.severity = f.severity
     CROSS JOIN LATERAL (VALUES
            ('response', f.response_soon_at, f.response_due_at, f.acknowledged_at IS NULL),
            ('fix', f.fix_soon_at, f.due_at, true)
           ) AS c(clock, soon_at, due_at, runs)
     WHERE f.state IN ('open', 'acknowledged', 'fixing') AND c.runs
       AND coalesce(c.soon_at, c.due_at) <= %(now)s
), due AS (
    -- Of what came due while nobody looked, only the latest stage is told.
    SELECT id, state, clock, due_at,
           CASE WHEN late_at <= %(now)s THEN 'team' WHEN due_at <= %(now)s THEN 'breach'
                ELSE 'soon' END AS stage
      FROM running
)
INSERT INTO inspections_findingevent
       (row_version, finding_id, kind, source_state, target_state, comment, data, file_name, mark, at)
SELECT 1, id, 'escalation', state, state, '',
       jsonb_build_object('clock', clock, 'stage', stage, 'due_at', due_at), '',
       clock || ':' || stage || ':' || extract(epoch FROM due_at)::bigint, now()
  FROM due d
 WHERE NOT EXISTS (SELECT FROM inspections_findingevent e WHERE e.finding_id = d.id
                      AND e.mark = d.clock || ':' || d.stage || ':' || extract(epoch FROM d.due_at)::bigint)
 ORDER BY id
    ON CONFLICT (finding_id, mark) WHERE NOT (mark = '') DO NOTHING
RETURNING finding_id, data->>'clock', data->>'stage'
"""
WORDS: dict[tuple[str, str], tuple[str, str | Promise]] = {
    ("response", "soon"): (notices.FINDING_SOON, _("Soon to be answered: %(finding)s on %(ci)s")),
    ("response", "breach"): (notices.FINDING_BREACH, _("Not answered in time: %(finding)s on %(ci)s")),
    ("response", "team"): (notices.FINDING_ESCALATED, _("Nobody answers: %(finding)s on %(ci)s")),
    ("fix", "soon"): (notices.FINDING_SOON, _("Soon to be fixed: %(finding)s on %(ci)s")),
    ("fix", "breach"): (notices.FINDING_BREACH, _("Not fixed in time: %(finding)s on %(ci)s")),
    ("fix", "team"): (notices.FINDING_ESCALATED, _("Long overdue: %(finding)s on %(ci)s")),
}


@dataclass(frozen=True)
class Reminder:
    """One reminder that went out."""

    finding: Finding
    clock: str
    stage: str


def escalate_findings(*, now: datetime | None = None) -> list[Reminder]:
    """Whoever looks after a finding has heard of each stage of each deadline, once.

    Near: the owner, or the team of the CI; passed: that team too; long passed: the team of the policy, or the
    reviewers. One statement to find them, then five a reminder. Safe with two workers.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(REMIND, {"now": now or timezone.now()})
        due = cursor.fetchall()
        findings = Finding.objects.for_list().with_policy().in_bulk([pk for pk, _clock, _stage in due])
        reminders = [Reminder(findings[pk], clock, stage) for pk, clock, stage in due]
        for reminder in reminders:
            _remind(reminder)
    return reminders


def _remind(reminder: Reminder) -> None:
    finding, clock, stage = reminder.finding, reminder.clock, reminder.stage
    kind, subject = WORDS[clock, stage]
    due = finding.response_due_at if clock == "response" else finding.due_at
    tell_finding(
        finding, _people(finding, stage), kind, subject, _("It was due at %(due)s. Owner: %(owner)s."),
        key=f"{finding.number}:{clock}:{stage}:{due.timestamp():.0f}", due=due, owner=finding.owner or "—",
    )  # fmt: skip


def _people(finding: Finding, stage: str) -> list[User]:
    team = members_of(finding.ci.owner_team_id)
    if stage == "team":
        return members_of(finding.policy_team) or reviewers()
    if finding.owner is None:
        return team or reviewers()
    return [finding.owner] if stage == "soon" else [finding.owner, *team]
