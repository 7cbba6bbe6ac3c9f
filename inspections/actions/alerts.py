"""Alerts of Alertmanager: each firing once, on the CI its labels name, making or repeating a finding."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, require_right
from audit.context import because
from cmdb.models import ConfigurationItem
from inspections import guards
from inspections.actions.findings import take_finding_step
from inspections.models import Alert, Finding, ReadingSource
from inspections.subjects import items_meant

STORE = """
INSERT INTO inspections_alert
       (row_version, source_id, fingerprint, name, severity, status, starts_at, ends_at, labels, annotations,
        url, ci_id, last_sent_at)
SELECT 1, %(source)s, g.fingerprint, g.name, g.severity, g.status, g.starts_at, g.ends_at, g.labels::jsonb,
       g.annotations::jsonb, g.url, g.ci, %(now)s
  FROM unnest(%(fingerprints)s::text[], %(names)s::text[], %(severities)s::text[], %(statuses)s::text[],
              %(starts)s::timestamptz[], %(ends)s::timestamptz[], %(labels)s::text[], %(annotations)s::text[],
              %(urls)s::text[], %(cis)s::bigint[])
       AS g(fingerprint, name, severity, status, starts_at, ends_at, labels, annotations, url, ci)
    ON CONFLICT (source_id, fingerprint, starts_at) DO NOTHING
RETURNING id, fingerprint, starts_at
"""
# What was known already: it is resolved now, or was only said again.
RESOLVE = """
UPDATE inspections_alert a
   SET status = g.status, ends_at = coalesce(g.ends_at, a.ends_at), last_sent_at = %(now)s
  FROM unnest(%(fingerprints)s::text[], %(statuses)s::text[], %(starts)s::timestamptz[],
              %(ends)s::timestamptz[])
       AS g(fingerprint, status, starts_at, ends_at),
       inspections_alert o
 WHERE a.source_id = %(source)s AND a.fingerprint = g.fingerprint AND a.starts_at = g.starts_at
   AND o.id = a.id AND a.status = 'firing' AND NOT a.id = ANY (%(new)s)
RETURNING a.id, a.fingerprint, a.starts_at, a.status <> o.status
"""
KNOWN = """
SELECT a.id, a.fingerprint, a.starts_at FROM inspections_alert a
  JOIN unnest(%(fingerprints)s::text[], %(starts)s::timestamptz[]) AS g(fingerprint, starts_at)
       USING (fingerprint, starts_at)
 WHERE a.source_id = %(source)s
"""
FIRING = """
WITH firing AS (
    SELECT a.*, inspections_alert_key_v1(a) AS key, s.account_id
      FROM inspections_alert a JOIN inspections_readingsource s ON s.id = a.source_id
     WHERE a.id = ANY (%(alerts)s) AND a.status = 'firing' AND a.ci_id IS NOT NULL
), seen AS (
    SELECT ci_id, key, account_id, count(*) AS times, bool_or(severity = 'crit') AS is_crit,
           (array_agg(id ORDER BY starts_at, id))[1] AS first,
           (array_agg(id ORDER BY starts_at DESC, id DESC))[1] AS last, min(starts_at) AS since,
           max(starts_at) AS newest, left((array_agg(name))[1], 120) AS name
      FROM firing GROUP BY ci_id, key, account_id
)"""
REPEAT = """{FIRING}
UPDATE inspections_finding f
   SET count = f.count + seen.times, last_alert_id = seen.last,
       severity = CASE WHEN seen.is_crit THEN 'crit' ELSE f.severity END,
       (state, state_by_id, state_comment) = (
           SELECT CASE WHEN reopens THEN 'open' ELSE f.state END,
                  CASE WHEN reopens THEN seen.account_id ELSE f.state_by_id END,
                  CASE WHEN reopens THEN '' ELSE f.state_comment END
             FROM (SELECT f.state = 'fixed' AND seen.newest > f.fixed_at
                       OR (f.state, f.severity, seen.is_crit) = ('accepted_risk', 'warn', true)
                          AS reopens) judged)
  FROM seen
 WHERE f.ci_id = seen.ci_id AND f.item_key = seen.key AND f.state NOT IN ('verified', 'duplicate')
   AND f.last_alert_id <> seen.last
""".replace("{FIRING}", FIRING)
OPEN = """{FIRING}
INSERT INTO inspections_finding
       (row_version, number, label, label_zh, ci_id, item_key, severity, state, state_comment, state_by_id,
        alert_id, last_alert_id, count, opened_at, response_due_at, due_at, policy_used)
SELECT 1, '', seen.name, '', seen.ci_id, seen.key, CASE WHEN seen.is_crit THEN 'crit' ELSE 'warn' END,
       'open', '', seen.account_id, seen.first, seen.last, 1, seen.since, seen.since, seen.since, '{}'
  FROM seen
 WHERE NOT EXISTS (SELECT FROM inspections_finding f WHERE f.ci_id = seen.ci_id AND f.item_key = seen.key
                      AND f.state NOT IN ('verified', 'duplicate'))
    ON CONFLICT (ci_id, item_key) WHERE NOT (state IN ('verified', 'duplicate')) DO NOTHING
""".replace("{FIRING}", FIRING)


@dataclass(frozen=True)
class Told:
    """One alert as it was sent; with `error` where it cannot be read."""

    fingerprint: str = ""
    name: str = ""
    severity: str = "warn"
    status: str = "firing"
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    url: str = ""
    error: str = ""


@dataclass(frozen=True)
class AlertOutcome:
    """What became of one alert: new, resolved, repeated or error; without `ci` it waits to be matched."""

    fingerprint: str
    status: str
    id: int | None = None
    ci: int | None = None
    error: str = ""


def record_alerts(source: ReadingSource, told: Sequence[Told], *, by: User) -> list[AlertOutcome]:
    """Each firing is stored once; on a CI it makes or repeats a finding. Resolved closes nothing by itself.

    One outcome per alert, in order. Eight statements, however many. Raises RightMissing. Locks the source.
    """
    require_right(by, Right.READINGS_POST)
    with transaction.atomic(), because(user=by):
        source = ReadingSource.objects.select_for_update(no_key=True).get(pk=source.pk)
        # Firing and resolved of one alert in one message: it is resolved.
        latest: dict[tuple[str, datetime | None], Told] = {}
        for each in sorted((t for t in told if not t.error), key=lambda t: t.status == "resolved"):
            latest[each.fingerprint, each.starts_at] = each
        cis = items_of(source, list(latest.values()))
        became = _stored(source, list(latest.values()), cis)
        ReadingSource.objects.filter(pk=source.pk).update(last_seen_at=timezone.now())
        make_findings([pk for pk, status in became.values() if status == "new"])
    outcomes = []
    for each in told:
        key = (each.fingerprint, each.starts_at)
        pk, status = became.get(key, (None, "error"))
        ci = None if each.error else cis[key]
        outcomes.append(AlertOutcome(each.fingerprint, status, pk, ci, each.error))
    return outcomes


def items_of(
    source: ReadingSource, told: Sequence[Told]
) -> dict[tuple[str, datetime | None], int | None]:  # fmt: skip
    """The CI that an alert's labels name: the first label with a value that is one item's. One statement."""
    asked = {(t.fingerprint, t.starts_at): _names(t.labels, source.item_labels) for t in told}
    names = {name for each in asked.values() for name in each}
    found = items_meant(names, addresses=names)
    pairs = {key: (found[name] for name in each) for key, each in asked.items()}
    return {key: next((pk for pk in each if isinstance(pk, int)), None) for key, each in pairs.items()}


def _names(labels: dict[str, str], wanted: list[str]) -> list[str]:
    """What the labels may mean, in order: as they are, without the port, without the domain."""
    names: list[str] = []
    for label in wanted:
        if value := labels.get(label, "").strip():
            host = value.rsplit(":", 1)[0].strip("[]") if value.rsplit(":", 1)[-1].isdigit() else value
            short = host.split(".", 1)[0] if not host.replace(".", "").isdigit() else host
            names += [value, host, short]
    return list(dict.fromkeys(names))


def _stored(
    source: ReadingSource, told: list[Told], cis: dict[tuple[str, datetime | None], int | None]
) -> dict[tuple[str, datetime | None], tuple[int | None, str]]:
    """(id, new | resolved | repeated) by fingerprint and start. Three statements."""
    given = {
        "source": source.pk, "now": timezone.now(), "fingerprints": [t.fingerprint for t in told],
        "names": [t.name for t in told], "severities": [t.severity for t in told],
        "statuses": [t.status for t in told], "starts": [t.starts_at for t in told],
        "ends": [t.ends_at for t in told], "labels": [json.dumps(t.labels) for t in told],
        "annotations": [json.dumps(t.annotations) for t in told], "urls": [t.url for t in told],
        "cis": [cis[t.fingerprint, t.starts_at] for t in told],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(STORE, given)
        became = {(fp, at): (pk, "new") for pk, fp, at in cursor.fetchall()}
        cursor.execute(RESOLVE, given | {"new": [pk for pk, _status in became.values()]})
        for pk, fp, at, is_change in cursor.fetchall():
            became[fp, at] = (pk, "resolved" if is_change else "repeated")
        cursor.execute(KNOWN, given)
        for pk, fp, at in cursor.fetchall():
            became.setdefault((fp, at), (pk, "repeated"))
    return became


def make_findings(alerts: list[int]) -> None:
    """Firing alerts on a CI repeat its open finding of that name, or open one. Two statements."""
    if not alerts:
        return
    with connection.cursor() as cursor:
        for statement in (REPEAT, OPEN):
            cursor.execute(statement, {"alerts": alerts})


def match_alert(alert: Alert, ci: ConfigurationItem, *, by: User) -> Alert:
    """The alert belongs to this CI, as somebody says; while it fires it makes a finding there.

    Raises Refused without the right, or where it has a CI. Locks the alert.
    """
    with transaction.atomic(), because(user=by):
        alert = Alert.objects.select_for_update().get(pk=alert.pk)
        refusals = list(guards.lacking_all(by, (Right.INSPECT, Right.INSPECT_REVIEW, Right.INSPECT_MANAGE)))
        if alert.ci_id is not None:
            refusals.append(guards.Refusal("matched", _("This alert has its CI.")))
        guards.refuse_if(refusals, "match alert", by=by, target=alert)
        alert.ci, alert.matched_by = ci, by
        alert.save(update_fields=["ci", "matched_by"])
        make_findings([alert.pk])
    return alert


def confirm_resolved(finding: Finding, *, by: User, comment: str = "") -> Finding:
    """A fixed finding that began with an alert is verified: it is resolved, and somebody else says so.

    Raises Refused while an alert fires, or for who fixed it. Locks the finding.
    """
    return take_finding_step(finding, "verify", by=by, comment=comment)
