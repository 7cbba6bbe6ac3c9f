"""The bundle: a fixed number of statements, however many runs, CIs and items."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Case, Q, When, prefetch_related_objects
from django.utils import timezone

from accounts.models import User
from inspections.bounds import Bounds, own_bounds
from inspections.bundle.shapes import (
    answer_shape,
    by_cell,
    item_shape,
    last_shape,
    photo_shape,
    prefill_shape,
    run_shape,
    target_shape,
)
from inspections.models import (
    Answer,
    Evidence,
    InspectionRun,
    RunTarget,
    TemplateItem,
    ThresholdOverride,
)
from inspections.models.answers import label_of
from inspections.prefill import prefills_of
from inspections.sheet import words_of
from inspections.workflow import RunState

AHEAD = timedelta(hours=24)
MOST = 50
POINTS = 12

# The last answer before its run of each (target, item), and of numbers the way there, newest first: one row a
# cell, by the trend index. `later`: the targets of the CI whose answers are not earlier; with it the tens of
# thousands of answers need not be followed to their runs.
LAST = """
WITH cell AS MATERIALIZED (
    SELECT t.id AS target_id, t.ci_id, r.slot_at, i.id AS item_id, i.key,
           CASE WHEN i.kind IN ('number', 'machine') THEN %(points)s ELSE 1 END AS points
      FROM inspections_inspectionrun r
      JOIN inspections_runtarget t ON t.run_id = r.id
      JOIN inspections_templateitem i ON i.version_id = r.version_id
     WHERE r.id = ANY(%(runs)s)
), later AS MATERIALIZED (
    SELECT c.target_id, array_agg(t.id) AS targets
      FROM (SELECT DISTINCT target_id, ci_id, slot_at FROM cell) c
      JOIN inspections_runtarget t ON t.ci_id = c.ci_id
      JOIN inspections_inspectionrun r
           ON r.id = t.run_id AND r.slot_at >= c.slot_at AND r.slot_at >= %(first)s
     GROUP BY c.target_id
)
SELECT cell.target_id, cell.item_id,
       newest.value_number, newest.value_choice, newest.value_text, newest.is_na,
       to_char(newest.observed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
       coalesce(nullif(u.display_name, ''), u.username), way.at, way.numbers
  FROM cell
  JOIN later USING (target_id)
 CROSS JOIN LATERAL (
       SELECT (array_agg(a.id))[1] AS newest_id,
              array_agg(to_char(a.observed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
                  FILTER (WHERE a.value_number IS NOT NULL) AS at,
              array_agg(a.value_number::float8) FILTER (WHERE a.value_number IS NOT NULL) AS numbers
         FROM (SELECT x.id, x.observed_at, x.value_number FROM inspections_answer x
                WHERE x.ci_id = cell.ci_id AND x.item_key = cell.key AND x.is_current
                  AND x.target_id <> ALL (later.targets)
                ORDER BY x.observed_at DESC LIMIT cell.points) a) way
  JOIN inspections_answer newest ON newest.id = way.newest_id
  JOIN accounts_user u ON u.id = newest.answered_by_id
"""


class Seen(NamedTuple):
    """The answer before, and the numbers up to it, newest first."""

    value_number: Decimal | None
    value_choice: str
    value_text: str
    is_na: bool
    observed_at: str
    by: str
    points_at: list[str] | None
    points: list[float] | None

    @property
    def value_label(self) -> str:
        return label_of(self)


def bundle_of(user: User, now: datetime, wanted: str = "") -> list[dict[str, Any]]:
    """The runs that this person is to carry out now or soon, begun ones first, 50 at most. Ten statements.

    `wanted` is one run more, by its number: that of a label that was scanned, whoever's it is.
    """
    runs = list(runs_for(user, now, wanted))
    targets = list(
        RunTarget.objects.filter(run__in=runs).select_related("ci__type").order_by("position", "id")
    )
    prefetch_related_objects(runs, "version__items")
    items = {run.pk: list(run.version.items.all()) for run in runs}
    answers = Answer.objects.current().filter(target__in=targets).select_related("item", "answered_by")
    photos = Evidence.objects.kept().filter(target__in=targets).select_related("file")
    answered, pictured = by_cell(answers), by_cell(photos)
    seen = last_of(runs)
    overrides, readings = overrides_of(targets), prefills_of(*runs)
    by_run: dict[int, list[RunTarget]] = defaultdict(list)
    plain: dict[int, dict[str, Any]] = {}
    for target in targets:
        by_run[target.run_id].append(target)
    return [
        run_shape(run, user)
        | {
            "targets": [target_shape(target) for target in by_run[run.pk]],
            "items": items_of(run, by_run[run.pk], items[run.pk], overrides, plain),
        }
        | cells_of(run, by_run[run.pk], items[run.pk], (answered, pictured, seen, readings))
        for run in runs
    ]


def overrides_of(targets: list[RunTarget]) -> dict[tuple[int, int, str], Bounds]:
    """The bounds approved for these CIs, by (check list, CI, item key). One query."""
    approved = ThresholdOverride.objects.in_force(timezone.localdate()).filter(
        ci__in={target.ci_id for target in targets}
    )
    return {
        (each.template_id, each.ci_id, each.item_key): own_bounds(each, each.pk)
        for each in approved.order_by("approved_at", "id")  # the one approved last counts
    }


def items_of(
    run: InspectionRun,
    targets: list[RunTarget],
    items: list[TemplateItem],
    overrides: dict[tuple[int, int, str], Bounds],
    plain: dict[int, dict[str, Any]],
) -> list[dict[str, Any]]:
    """The run's items, with the bounds that differ for some of its CIs; `plain`: those without any, by id."""
    shaped = []
    for item in items:
        keys = {target.pk: (run.version.template_id, target.ci_id, item.key) for target in targets}
        own = {pk: overrides[key] for pk, key in keys.items() if key in overrides}
        if not own and item.pk not in plain:
            plain[item.pk] = item_shape(item, {})
        shaped.append(item_shape(item, own) if own else plain[item.pk])
    return shaped


def runs_for(user: User, now: datetime, wanted: str = "") -> Iterable[InspectionRun]:
    """Own runs, as deputy too, those of own teams and of nobody, from a day before they open to submission.

    What was begun stands first, then what is open, the earliest deadline first.
    """
    teams = list(user.teams.values_list("pk", flat=True))
    held = Q(assignee=user) | Q(deputy=user) | Q(started_by=user)
    mine = held | Q(team__in=teams) | Q(assignee=None, team=None)
    workable = Q(state__in=[RunState.OPEN, RunState.IN_PROGRESS, RunState.RETURNED])
    soon = Q(state=RunState.SCHEDULED, opens_at__lte=now + AHEAD)
    asked_for = Q(number=wanted) if wanted else Q(pk=None)
    runs = InspectionRun.objects.filter((mine | asked_for) & (workable | soon))
    begun = Q(state__in=[RunState.IN_PROGRESS, RunState.RETURNED])
    first = Case(When(asked_for, then=0), When(begun, then=1), When(state=RunState.OPEN, then=2), default=3)
    runs = runs.select_related("plan", "version", "assignee", "team")
    return runs.order_by(first, "due_at", "id")[:MOST]


def last_of(runs: list[InspectionRun]) -> dict[tuple[int, int], Seen]:
    """The newest earlier answer by (target, item). One query."""
    if not runs:
        return {}
    first = min(run.slot_at for run in runs)
    with connection.cursor() as cursor:
        cursor.execute(LAST, {"runs": [run.pk for run in runs], "first": first, "points": POINTS})
        return {(target, item): Seen(*values) for target, item, *values in cursor.fetchall()}


def cells_of(
    run: InspectionRun, targets: list[RunTarget], items: list[TemplateItem], known: tuple
) -> dict[str, Any]:
    """What is known of the run, by "<target>-<item>"; what is absent is left out."""
    answered, pictured, seen, readings = known
    cells: dict[str, dict[str, Any]] = {"answers": {}, "photos": {}, "last": {}, "prefill": {}}
    words = {item.pk: words_of(item) for item in items}
    for target in targets:
        for item in items:
            name = f"{target.pk}-{item.pk}"
            if name in answered:
                cells["answers"][name] = answer_shape(answered[name][0])
            if name in pictured:
                cells["photos"][name] = [photo_shape(photo) for photo in pictured[name]]
            if reading := readings.get((target.pk, item.key)):
                cells["prefill"][name] = prefill_shape(reading)
            if earlier := seen.get((target.pk, item.pk)):
                cells["last"][name] = last_shape(item, earlier, words[item.pk])
    return cells
