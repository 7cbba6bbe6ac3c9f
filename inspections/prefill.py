"""What machines say about the items of a run, before somebody confirms it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.labelled import in_active_language
from inspections.models import InspectionRun, MachineReading, TemplateItem

LATEST = """
SELECT t.id, i.key, i.decimals, i.max_age_minutes, i.unit, r.id, r.value, r.problem, r.unit, r.observed_at,
       r.label, r.label_zh
  FROM inspections_inspectionrun run
  JOIN inspections_templateitem i ON i.version_id = run.version_id AND i.kind = 'machine'
  JOIN inspections_runtarget t ON t.run_id = run.id AND NOT t.skipped_items ? i.key
 CROSS JOIN LATERAL (
    SELECT r.*, s.label, s.label_zh
      FROM inspections_machinereading r JOIN inspections_readingsource s ON s.id = r.source_id
     WHERE r.ci_id = t.ci_id AND r.metric = coalesce(nullif(i.metric, ''), i.key)
       AND s.kind = i.reading_source
     ORDER BY r.observed_at DESC, r.id DESC LIMIT 1) r
 WHERE run.id = ANY(%s)
"""


@dataclass(frozen=True)
class Prefill:
    """The newest reading for one item on one target; `value` None (with `problem` in words) is unknown.

    A stale one is unknown too: it is shown with its age, and cannot be confirmed.
    """

    reading_id: int
    value: Decimal | None
    unit: str
    observed_at: datetime
    source_label: str
    is_stale: bool
    problem: str = ""

    @property
    def is_usable(self) -> bool:
        """Whether it may be confirmed as it is."""
        return self.value is not None and not self.is_stale


def prefills_of(*runs: InspectionRun) -> dict[tuple[int, str], Prefill]:
    """The newest reading by (target, key of the item); absent where there never was one. One query."""
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(LATEST, [[run.pk for run in runs]])
        rows = cursor.fetchall()
    found = {}
    for target, key, decimals, max_age, wanted_unit, reading, value, problem, unit, at, *labels in rows:
        told = ""
        if value is None:
            told = str(MachineReading.Problem(problem).label)
        elif unit and wanted_unit and unit != wanted_unit:
            told = _("in %(unit)s instead of %(wanted)s") % {"unit": unit, "wanted": wanted_unit}
        found[target, key] = Prefill(
            reading_id=reading,
            value=None if told else rounded(value, decimals),
            unit=wanted_unit or unit,
            observed_at=at,
            source_label=in_active_language(*labels),
            is_stale=at < now - timedelta(minutes=max_age),
            problem=told,
        )
    return found


def rounded(value: Decimal, decimals: int) -> Decimal:
    """The value as an answer of the item keeps it: half away from zero, as PostgreSQL's round()."""
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def against_reading(
    item: TemplateItem, reading: MachineReading | None, ci_id: int,
    answer: tuple[Decimal | None, str, datetime],
) -> tuple[str, str]:  # fmt: skip
    """Why (code, words) an answer (value, comment, observed at) cannot refer to this reading; or empty.

    A fresh value is confirmed as it is; whoever says something else, or has a stale or unknown one, says why.
    """
    value, comment, observed_at = answer
    is_same = reading is not None and (reading.ci_id, reading.metric) == (ci_id, item.metric or item.key)
    if reading is None or item.kind != item.Kind.MACHINE or not is_same:
        return "reading", _("This reading belongs to another CI or metric.")
    is_unit = not reading.unit or not item.unit or reading.unit == item.unit
    is_fresh = reading.observed_at >= observed_at - timedelta(minutes=item.max_age_minutes)
    is_taken = reading.value is not None and is_unit and rounded(reading.value, item.decimals) == value
    if (is_taken and is_fresh) or comment.strip():
        return "", ""
    if is_taken:
        return "stale", _("The reading is too old to be confirmed. Look yourself, and say so in a comment.")
    return "override", _("This differs from the reading. Say why in a comment; both values are kept.")
