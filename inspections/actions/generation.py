"""Runs out of plans: every slot exactly once, also after a month without the scheduler."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from cmdb.models import ConfigurationItem
from inspections.crews import Crew, crews_of
from inspections.models import InspectionPlan, InspectionRun, TemplateVersion
from inspections.scope import skipped_items_of
from inspections.timetable import Timetable
from inspections.workflow import HANDED_IN_WITHIN, RunState, VersionState

logger = logging.getLogger(__name__)
AHEAD = timedelta(hours=24)

INSERT_RUNS = """
WITH wanted AS (
    SELECT s.slot, s.day, g.key || s.suffix AS key, s.assignee, s.deputy,
           left(concat_ws(' · ', nullif(g.label, ''), s.person), 200) AS label,
           row_number() OVER (PARTITION BY s.day ORDER BY s.slot, g.position, s.position) AS n
      FROM unnest(%(slots)s::timestamptz[], %(days)s::text[], %(suffixes)s::text[], %(people)s::text[],
                  %(assignees)s::bigint[], %(deputies)s::bigint[]) WITH ORDINALITY
           AS s(slot, day, suffix, person, assignee, deputy, position)
     CROSS JOIN unnest(%(keys)s::text[], %(labels)s::text[]) WITH ORDINALITY AS g(key, label, position)
), used AS (
    SELECT substr(number, 4, 8) AS day, max(substr(number, 13)::bigint) AS last FROM inspections_inspectionrun
     WHERE slot_at BETWEEN %(first)s - interval '2 days' AND %(last)s + interval '2 days' GROUP BY 1
)
INSERT INTO inspections_inspectionrun
       (number, plan_id, slot_at, group_key, group_label, version_id, version_sha256,
        opens_at, due_at, expires_at, assignee_id, deputy_id, team_id, client, signoff, state, state_reason,
        is_late, outcome, record_sha256, row_version)
SELECT 'XJ-' || w.day || '-' || lpad(serial.text, greatest(4, length(serial.text)), '0'),
       p.id, w.slot, w.key, w.label, v.id, v.sha256,
       w.slot + make_interval(mins => p.opens_minutes), w.slot + make_interval(mins => p.due_minutes),
       w.slot + make_interval(mins => p.expires_minutes),
       w.assignee, w.deputy, p.team_id, p.client, p.signoff,
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

# Where everybody makes a run of their own, the group's key goes on with ~ and the person.
INSERT_TARGETS = """
INSERT INTO inspections_runtarget
       (run_id, ci_id, position, snapshot, skipped_items, result, reason, row_version)
SELECT r.id, t.ci, t.position, t.snapshot::jsonb, t.skipped::jsonb, 'found', '', 1
  FROM inspections_inspectionrun r
  JOIN unnest(%(cis)s::bigint[], %(keys)s::text[], %(positions)s::int[], %(snapshots)s::text[],
              %(skipped)s::text[]) AS t(ci, key, position, snapshot, skipped)
    ON t.key = split_part(r.group_key, '~', 1)
 WHERE r.id = ANY(%(runs)s)
"""


@dataclass(frozen=True)
class Generated:
    """How many runs were made, opened and found missed."""

    created: int
    opened: int
    missed: int


class PlanTroubleError(Exception):
    """A plan cannot make its runs: one of InspectionPlan.Trouble, and what exactly."""

    def __init__(self, trouble: str, error: Exception | None = None) -> None:
        self.trouble = trouble
        self.detail = "; ".join(getattr(error, "messages", [str(error)])) if error else ""
        super().__init__(trouble, self.detail)


def generate_runs(*, until: datetime | None = None, now: datetime | None = None) -> Generated:
    """Every slot of every enabled plan up to `until` (default: a day ahead) has its runs, late ones missed.

    Safe with several workers at once: a plan that another one holds is left to it, and PostgreSQL keeps
    (plan, slot, group) unique. A plan in trouble says so and stops no other. At most thirteen statements a
    plan with new slots, however many.
    """
    now = now or timezone.now()
    until = until or now + AHEAD
    created = 0
    for pk, trouble in InspectionPlan.objects.filter(is_enabled=True).values_list("pk", "trouble"):
        try:
            made, found, detail = _generate(pk, until, now)
            created += made
        except PlanTroubleError as error:
            found, detail = error.trouble, error.detail
        except Exception as error:  # whatever breaks one plan, the others go on; its owner is told
            logger.exception("Plan %s makes no runs", pk)
            found, detail = InspectionPlan.Trouble.OTHER, f"{type(error).__name__}: {error}"[:500]
        if found is not None and (found or trouble):
            _mark_trouble(pk, found, detail, now)
    opened, missed = advance_runs(now=now)
    return Generated(created, opened, missed)


@transaction.atomic
def _generate(plan_id: int, until: datetime, now: datetime) -> tuple[int, str | None, str]:
    """(runs made, trouble or "", its detail); None: nothing was found out, as there was nothing to do."""
    plan = (
        InspectionPlan.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("calendar", "shift", "assignee", "team")
        .filter(pk=plan_id, is_enabled=True)
        .first()
    )
    if plan is None:
        return 0, None, ""
    trouble = InspectionPlan.Trouble
    try:
        timetable = Timetable(plan)
    except (ValidationError, ValueError, KeyError) as error:
        raise PlanTroubleError(trouble.RULE, error) from error
    slots = _slots_of(plan, timetable, until)
    if not slots:
        return 0, None if plan.trouble == trouble.NOBODY else "", ""
    version = TemplateVersion.objects.filter(template=plan.template_id, state=VersionState.PUBLISHED).first()
    if version is None:
        raise PlanTroubleError(trouble.VERSION)
    cis = _cis_in(plan)
    crews = crews_of(plan, timetable, slots)
    runs = _insert(plan, version, cis, crews, now)
    if plan.generated_until_at is None or slots[-1] > plan.generated_until_at:
        plan.generated_until_at = slots[-1]
        plan.save(update_fields=["generated_until_at"])
    empty = [at for at, each in crews.items() if any(crew.assignee is None for crew in each)]
    if empty and plan.names_people and plan.team is None:
        return runs, trouble.NOBODY, f"{empty[0].astimezone(plan.zone):%Y-%m-%d %H:%M}"
    return runs, "", ""


def _slots_of(plan: InspectionPlan, timetable: Timetable, until: datetime) -> list[datetime]:
    """The instants that still need runs. One query where days off moved a slot to before the mark."""
    slots = set(timetable.held(plan.counts_from_at, until))
    overtaken = timetable.overtaken(plan.counts_from_at, until)
    if overtaken:
        # The calendar learned of the day off when the workday before was over: held as it was planned.
        made = set(plan.runs.filter(slot_at__in=[s.at for s in overtaken]).values_list("slot_at", flat=True))
        slots |= {slot.planned_at for slot in overtaken if slot.at not in made}
    return sorted(slots)


class Subject(NamedTuple):
    """What a run needs to know of a CI, in the order of `SUBJECT`."""

    pk: int
    name: str
    type_key: str
    serial: str
    location_id: int | None
    location: str | None
    ip: str | None
    row_version: int


SUBJECT = ("pk", "name", "type__key", "serial", "location_id", "location__name", "primary_ip", "row_version")


def _cis_in(plan: InspectionPlan) -> list[Subject]:
    try:
        found = ConfigurationItem.objects.live().matching(plan.scope)
    except (ValidationError, ValueError, TypeError) as error:
        raise PlanTroubleError(InspectionPlan.Trouble.SCOPE, error) from error
    return [Subject(*row) for row in found.order_by("location__name", "name", "pk").values_list(*SUBJECT)]


def _insert(
    plan: InspectionPlan,
    version: TemplateVersion,
    cis: list[Subject],
    crews: dict[datetime, list[Crew]],
    now: datetime,
) -> int:
    # A filter that finds nothing still leaves one record per slot: nobody inspected anything.
    groups = {_group(plan, ci): _group_label(plan, ci) for ci in cis} or {
        "": _("No configuration item in scope")
    }
    skipped = skipped_items_of(version.items.all(), [ci.pk for ci in cis])
    rows = [(at, crew) for at, each in crews.items() for crew in each]
    apart = plan.must_complete == plan.MustComplete.ALL
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('inspections_run_number'))")
        cursor.execute(
            INSERT_RUNS,
            {
                "slots": [at for at, _crew in rows],
                "days": [f"{at.astimezone(plan.zone):%Y%m%d}" for at, _crew in rows],
                "suffixes": [f"~{_pk(crew.assignee) or 0}" if apart else "" for _at, crew in rows],
                "people": [str(crew.assignee) if apart and crew.assignee else None for _at, crew in rows],
                "assignees": [_pk(crew.assignee) for _at, crew in rows],
                "deputies": [_pk(crew.deputy) for _at, crew in rows],
                "keys": list(groups), "labels": list(groups.values()),
                "first": rows[0][0], "last": rows[-1][0],
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
    return len(runs)


def _pk(person: User | None) -> int | None:
    return None if person is None else person.pk


def _group(plan: InspectionPlan, ci: Subject) -> str:
    if plan.group_by == plan.GroupBy.CI:
        return str(ci.pk)
    if plan.group_by == plan.GroupBy.LOCATION:
        return f"at-{ci.location_id or 0}"
    return "all"


def _group_label(plan: InspectionPlan, ci: Subject) -> str:
    if plan.group_by == plan.GroupBy.CI:
        return ci.name
    if plan.group_by == plan.GroupBy.LOCATION:
        return ci.location or _("No location")
    return ""


def _snapshot(ci: Subject) -> dict[str, object]:
    """What the report must still say when the CI has changed."""
    return {
        "name": ci.name,
        "type": ci.type_key,
        "serial": ci.serial,
        "location": ci.location or "",
        "ip": ci.ip or "",
        "row_version": ci.row_version,
    }


def _mark_trouble(pk: int, trouble: str, detail: str, now: datetime) -> None:
    """The plan says what is wrong, or that nothing is any more; unchanged trouble writes nothing."""
    plans = InspectionPlan.objects.filter(pk=pk).exclude(trouble=trouble, trouble_detail=detail)
    since = now if trouble else None
    plans.update(trouble=trouble, trouble_detail=detail, trouble_since_at=since)


def advance_runs(*, now: datetime | None = None) -> tuple[int, int]:
    """Runs whose time has come are open, those nobody handed in by `expires_at` missed. Two statements.

    What came back from missed, because it was done in time, has a day to be handed in.
    """
    now = now or timezone.now()
    runs = InspectionRun.objects
    opened = runs.filter(state=RunState.SCHEDULED, opens_at__lte=now).update(state=RunState.OPEN)
    late = runs.filter(
        Q(arrived_late_at=None) | Q(arrived_late_at__lte=now - HANDED_IN_WITHIN),
        state__in=[RunState.OPEN, RunState.IN_PROGRESS], expires_at__lte=now, submitted_at__isnull=True,
    )  # fmt: skip
    return opened, late.update(state=RunState.MISSED)
