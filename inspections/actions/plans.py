"""Runs out of plans: every slot exactly once, also after a month without the scheduler."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, require_right
from audit.context import because
from cmdb.models import ConfigurationItem
from inspections.models import InspectionPlan, InspectionRun, TemplateVersion
from inspections.scope import skipped_items_of
from inspections.slots import slots_between
from inspections.workflow import RunState, VersionState

logger = logging.getLogger(__name__)
AHEAD = timedelta(hours=24)

INSERT_RUNS = """
WITH wanted AS (
    SELECT s.slot, s.day, g.key, g.label,
           row_number() OVER (PARTITION BY s.day ORDER BY s.slot, g.position) AS n
      FROM unnest(%(slots)s::timestamptz[], %(days)s::text[]) AS s(slot, day)
     CROSS JOIN unnest(%(keys)s::text[], %(labels)s::text[]) WITH ORDINALITY AS g(key, label, position)
), used AS (
    SELECT substr(number, 4, 8) AS day, max(substr(number, 13)::bigint) AS last FROM inspections_inspectionrun
     WHERE slot_at BETWEEN %(first)s - interval '2 days' AND %(last)s + interval '2 days' GROUP BY 1
)
INSERT INTO inspections_inspectionrun
       (number, plan_id, slot_at, group_key, group_label, version_id, version_sha256,
        opens_at, due_at, expires_at, assignee_id, team_id, signoff, state, state_reason, is_late,
        outcome, record_sha256, row_version)
SELECT 'XJ-' || w.day || '-' || lpad(serial.text, greatest(4, length(serial.text)), '0'),
       p.id, w.slot, w.key, left(w.label, 200), v.id, v.sha256,
       w.slot + make_interval(mins => p.opens_minutes), w.slot + make_interval(mins => p.due_minutes),
       w.slot + make_interval(mins => p.expires_minutes), p.assignee_id, p.team_id, p.signoff,
       CASE WHEN w.slot + make_interval(mins => p.opens_minutes) <= %(now)s THEN 'open' ELSE 'scheduled' END,
       '', false, '', '', 1
  FROM wanted w
  LEFT JOIN used u USING (day)
 CROSS JOIN LATERAL (SELECT (coalesce(u.last, 0) + w.n)::text) AS serial(text)
 CROSS JOIN inspections_inspectionplan p
  JOIN inspections_templateversion v ON v.id = %(version)s
 WHERE p.id = %(plan)s
 ORDER BY w.slot, serial.text
    ON CONFLICT (plan_id, slot_at, group_key) DO NOTHING
RETURNING id
"""

INSERT_TARGETS = """
INSERT INTO inspections_runtarget
       (run_id, ci_id, position, snapshot, skipped_items, result, reason, row_version)
SELECT r.id, t.ci, t.position, t.snapshot::jsonb, t.skipped::jsonb, 'found', '', 1
  FROM inspections_inspectionrun r
  JOIN unnest(%(cis)s::bigint[], %(keys)s::text[], %(positions)s::int[], %(snapshots)s::text[],
              %(skipped)s::text[]) AS t(ci, key, position, snapshot, skipped) ON t.key = r.group_key
 WHERE r.id = ANY(%(runs)s)
"""


@dataclass(frozen=True)
class Generated:
    """How many runs were made, opened and found missed."""

    created: int
    opened: int
    missed: int


def generate_runs(*, until: datetime | None = None, now: datetime | None = None) -> Generated:
    """Every slot of every enabled plan up to `until` (default: a day ahead) has its runs, late ones missed.

    Safe with several workers at once: a plan that another one holds is left to it, and PostgreSQL keeps
    (plan, slot, group) unique. Nine statements a plan with new slots, however many.
    """
    now = now or timezone.now()
    until = until or now + AHEAD
    created = 0
    for pk in InspectionPlan.objects.filter(is_enabled=True).values_list("pk", flat=True):
        try:
            created += _generate(pk, until, now)
        except ValidationError as error:  # a broken scope or rule of one plan does not stop the others
            logger.error("Plan %s makes no runs: %s", pk, "; ".join(error.messages))
    opened, missed = advance_runs(now=now)
    return Generated(created, opened, missed)


@transaction.atomic
def _generate(plan_id: int, until: datetime, now: datetime) -> int:
    plan = (
        InspectionPlan.objects.select_for_update(skip_locked=True).filter(pk=plan_id, is_enabled=True).first()
    )
    if plan is None:
        return 0
    slots = slots_between(plan.recurrence(), plan.time_zone, plan.counts_from_at, until)
    version = TemplateVersion.objects.filter(template=plan.template_id, state=VersionState.PUBLISHED).first()
    if not slots or version is None:
        return 0
    cis = list(
        ConfigurationItem.objects.live().matching(plan.scope).select_related("type", "location").order_by(
            "location__name", "name", "pk"
        )
    )  # fmt: skip
    # A filter that finds nothing still leaves one record per slot: nobody inspected anything.
    groups = {_group(plan, ci): _group_label(plan, ci) for ci in cis} or {
        "": _("No configuration item in scope")
    }
    skipped = skipped_items_of(version.items.all(), [ci.pk for ci in cis])
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('inspections_run_number'))")
        cursor.execute(
            INSERT_RUNS,
            {
                "slots": slots, "days": [f"{slot.astimezone(plan.zone):%Y%m%d}" for slot in slots],
                "keys": list(groups), "labels": list(groups.values()), "first": slots[0], "last": slots[-1],
                "now": now, "version": version.pk, "plan": plan.pk,
            },
        )  # fmt: skip
        runs = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            INSERT_TARGETS,
            {
                "cis": [ci.pk for ci in cis], "keys": [_group(plan, ci) for ci in cis],
                "positions": list(range(len(cis))), "snapshots": [json.dumps(_snapshot(ci)) for ci in cis],
                "skipped": [json.dumps(skipped.get(ci.pk, [])) for ci in cis], "runs": runs,
            },
        )  # fmt: skip
    plan.generated_until_at = slots[-1]
    plan.save(update_fields=["generated_until_at"])
    return len(runs)


def _group(plan: InspectionPlan, ci: ConfigurationItem) -> str:
    if plan.group_by == plan.GroupBy.CI:
        return str(ci.pk)
    if plan.group_by == plan.GroupBy.LOCATION:
        return f"at-{ci.location_id or 0}"
    return "all"


def _group_label(plan: InspectionPlan, ci: ConfigurationItem) -> str:
    if plan.group_by == plan.GroupBy.CI:
        return ci.name
    if plan.group_by == plan.GroupBy.LOCATION:
        return ci.location.name if ci.location else _("No location")
    return ""


def _snapshot(ci: ConfigurationItem) -> dict[str, object]:
    """What the report must still say when the CI has changed."""
    return {
        "name": ci.name,
        "type": ci.type.key,
        "serial": ci.serial,
        "location": ci.location.name if ci.location else "",
        "ip": ci.primary_ip or "",
        "row_version": ci.row_version,
    }


def advance_runs(*, now: datetime | None = None) -> tuple[int, int]:
    """Runs whose time has come are open, those nobody handed in by `expires_at` missed. Two statements."""
    now = now or timezone.now()
    runs = InspectionRun.objects
    opened = runs.filter(state=RunState.SCHEDULED, opens_at__lte=now).update(state=RunState.OPEN)
    late = runs.filter(
        state__in=[RunState.OPEN, RunState.IN_PROGRESS], expires_at__lte=now, submitted_at__isnull=True
    )
    return opened, late.update(state=RunState.MISSED)


def disable_plan(plan: InspectionPlan, *, by: User, reason: str) -> InspectionPlan:
    """The plan makes no more runs, and says who stopped it and why; its runs stay.

    Raises RightMissing, or ValidationError without a reason.
    """
    require_right(by, Right.INSPECT_MANAGE)
    if not reason.strip():
        raise ValidationError(_("Say why the plan is disabled."), "reason")
    with transaction.atomic(), because(reason, user=by):
        plan = InspectionPlan.objects.select_for_update().get(pk=plan.pk)
        plan.is_enabled, plan.disabled_by, plan.disabled_reason = False, by, reason
        plan.save()
    return plan


def enable_plan(plan: InspectionPlan, *, by: User, reason: str = "") -> InspectionPlan:
    """The plan makes runs again, from now on; slots of the time it was disabled are not made up."""
    require_right(by, Right.INSPECT_MANAGE)
    with transaction.atomic(), because(reason, user=by):
        plan = InspectionPlan.objects.select_for_update().get(pk=plan.pk)
        plan.is_enabled = True
        plan.save()
        plan.refresh_from_db()
    return plan
