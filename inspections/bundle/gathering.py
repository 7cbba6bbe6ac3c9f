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
from inspections.workflow import RunState

AHEAD = timedelta(hours=24)
MOST = 50
POINTS = 12

# The newest answers of each (CI, item) by the trend index, as tuples: of a full bundle there are hundreds of
# thousands. A few more than are shown, because those of the run itself and of later slots are left out.
TREND = """
SELECT a.ci_id, a.item_key, a.slot_at,
       to_char(a.observed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
       a.value_number, a.value_choice, a.value_text, a.is_na, coalesce(nullif(u.display_name, ''), u.username)
  FROM unnest(%s::bigint[], %s::text[], %s::int[]) AS cell(ci, key, points)
 CROSS JOIN LATERAL (
       SELECT x.*, r.slot_at FROM inspections_answer x
         JOIN inspections_runtarget t ON t.id = x.target_id
         JOIN inspections_inspectionrun r ON r.id = t.run_id
        WHERE x.ci_id = cell.ci AND x.item_key = cell.key AND x.is_current
        ORDER BY x.observed_at DESC LIMIT cell.points) a
  JOIN accounts_user u ON u.id = a.answered_by_id
 ORDER BY a.ci_id, a.item_key, a.observed_at DESC, a.id DESC
"""


class Seen(NamedTuple):
    """An earlier answer, as the trend tells it."""

    slot_at: datetime
    observed_at: str
    value_number: Decimal | None
    value_choice: str
    value_text: str
    is_na: bool
    by: str

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
    trend = trend_of(targets, items)
    overrides, readings = overrides_of(targets), prefills_of(*runs)
    by_run: dict[int, list[RunTarget]] = defaultdict(list)
    for target in targets:
        by_run[target.run_id].append(target)
    return [
        run_shape(run, user)
        | {
            "targets": [target_shape(target) for target in by_run[run.pk]],
            "items": items_of(run, by_run[run.pk], items[run.pk], overrides),
        }
        | cells_of(run, by_run[run.pk], items[run.pk], (answered, pictured, trend, readings))
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
) -> list[dict[str, Any]]:
    """The run's items, with the bounds that differ for some of its CIs."""
    shaped = []
    for item in items:
        keys = {target.pk: (run.version.template_id, target.ci_id, item.key) for target in targets}
        shaped.append(item_shape(item, {pk: overrides[key] for pk, key in keys.items() if key in overrides}))
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


def trend_of(
    targets: list[RunTarget], items: dict[int, list[TemplateItem]]
) -> dict[tuple[int, str], list[Seen]]:
    """The newest answers by (CI, item key), newest first; of numbers more. One query."""
    wanted: dict[tuple[int, str], int] = {}
    for target in targets:
        for item in items[target.run_id]:
            is_number = item.kind in (item.Kind.NUMBER, item.Kind.MACHINE)
            wanted[target.ci_id, item.key] = POINTS + 3 if is_number else 4
    cis, keys = [ci for ci, _key in wanted], [key for _ci, key in wanted]
    found: dict[tuple[int, str], list[Seen]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(TREND, [cis, keys, list(wanted.values())])
        for ci, key, *values in cursor:
            found[ci, key].append(Seen(*values))
    return found


def cells_of(
    run: InspectionRun, targets: list[RunTarget], items: list[TemplateItem], known: tuple
) -> dict[str, Any]:
    """What is known of the run, by "<target>-<item>"; what is absent is left out."""
    answered, pictured, trend, readings = known
    cells: dict[str, dict[str, Any]] = {"answers": {}, "photos": {}, "last": {}, "prefill": {}}
    for target in targets:
        for item in items:
            name = f"{target.pk}-{item.pk}"
            if name in answered:
                cells["answers"][name] = answer_shape(answered[name][0])
            if name in pictured:
                cells["photos"][name] = [photo_shape(photo) for photo in pictured[name]]
            if reading := readings.get((target.pk, item.key)):
                cells["prefill"][name] = prefill_shape(reading)
            series = trend.get((target.ci_id, item.key), ())
            earlier = [answer for answer in series if answer.slot_at < run.slot_at][:POINTS]
            if earlier:
                cells["last"][name] = last_shape(item, earlier)
    return cells
