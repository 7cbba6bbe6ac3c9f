"""One thing each as the phone gets it, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.urls import reverse

from accounts.models import User
from inspections.bounds import NAMES, Bounds, own_bounds
from inspections.models import Answer, Evidence, InspectionRun, RunTarget, TemplateItem
from inspections.prefill import Prefill
from inspections.sheet import as_text, choices_of, is_negative_possible, shown_value

PROGRESS = """
SELECT count(a.id), count(*)
  FROM inspections_inspectionrun r
  JOIN inspections_runtarget t ON t.run_id = r.id AND t.result = 'found'
  JOIN inspections_templateitem i ON i.version_id = r.version_id AND NOT t.skipped_items ? i.key
  LEFT JOIN inspections_answer a ON a.target_id = t.id AND a.item_id = i.id AND a.is_current
 WHERE r.id = %s
"""


def iso(at: datetime | None) -> str | None:
    """An instant in UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None


def answer_shape(answer: Answer) -> dict[str, Any]:
    """A current answer; needs `item` and `answered_by`."""
    return {
        "id": answer.pk,
        "value": "" if answer.is_na else answer.value_label,
        "shown": shown_value(answer.item, answer),
        "is_na": answer.is_na,
        "comment": answer.comment,
        "severity": answer.severity,
        "word": str(answer.get_severity_display()),
        "observed_at": iso(answer.observed_at),
        "received_at": iso(answer.received_at),
        "by": str(answer.answered_by),
    }


def photo_shape(photo: Evidence) -> dict[str, Any]:
    """A photo that counts; needs `file`."""
    return {
        "op": str(photo.op),
        "sha256": photo.file.sha256,
        "url": reverse("inspections:photo", args=[photo.op]),
        "captured_at": iso(photo.captured_at),
    }


def item_shape(item: TemplateItem, overrides: dict[int, Bounds]) -> dict[str, Any]:
    """What is to be checked; `overrides` are the bounds approved for some CIs, by target."""
    return {
        "id": item.pk,
        "key": item.key,
        "kind": item.kind,
        "label": str(item),
        "help": item.help_label,
        "section": item.section_label,
        "unit": item.unit,
        "decimals": item.decimals,
        "max_age_minutes": item.max_age_minutes,
        "is_required": item.is_required,
        "is_na_allowed": item.is_na_allowed,
        "comment_at": item.comment_at,
        "photo_at": item.photo_at,
        "runbook_url": item.runbook_url,
        "choices": [
            {"value": value, "label": str(label), "severity": severity}
            for value, label, severity in choices_of(item)
        ],
        "bounds": own_bounds(item).as_json(),
        "bounds_by_target": {str(target): all_four(bounds) for target, bounds in overrides.items()},
        "may_be_negative": is_negative_possible(item, *overrides.values()),
    }


def all_four(bounds: Bounds) -> dict[str, str | None]:
    """Every bound, also those that are not set: they take the place of the item's all the same."""
    return dict.fromkeys(NAMES) | bounds.as_json()


def target_shape(target: RunTarget) -> dict[str, Any]:
    """A CI as it was when the run was made; needs `ci__type`."""
    seen = target.snapshot
    return {
        "id": target.pk,
        "ci": {
            "id": target.ci_id,
            "name": seen.get("name", str(target.ci)),
            "type": str(target.ci.type),
            "location": seen.get("location", ""),
            "serial": seen.get("serial", ""),
            "ip": seen.get("ip", ""),
        },
        "result": target.result,
        "reason": target.reason,
        "skipped": target.skipped_items,
    }


def run_shape(run: InspectionRun, user: User) -> dict[str, Any]:
    """The head of a run; needs `plan`, `assignee` and `team`."""
    return {
        "number": run.number,
        "plan": str(run.plan),
        "group": run.group_label,
        **run_state(run),
        "opens_at": iso(run.opens_at),
        "due_at": iso(run.due_at),
        "expires_at": iso(run.expires_at),
        "is_mine": user.pk in (run.assignee_id, run.deputy_id, run.started_by_id),
        "assignee": str(run.assignee) if run.assignee else "",
        "team": str(run.team) if run.team else "",
        "returned_reason": run.state_reason if run.state == "returned" else "",
        "version_sha256": run.version_sha256,
    }


def run_state(run: InspectionRun) -> dict[str, str]:
    """Where a run stands."""
    return {"state": run.state, "state_word": str(run.get_state_display())}


def last_shape(item: TemplateItem, seen: Any, words: dict[str, str]) -> dict[str, Any]:
    """The last value of a CI's item and its way there, from the oldest on; `words` name its choices."""
    points = zip(reversed(seen.points_at or ()), reversed(seen.points or ()), strict=True)
    return {
        "shown": seen.value_label if seen.is_na else shown_value(item, seen, words),
        "number": as_text(seen.value_number) or None,
        "observed_at": seen.observed_at,
        "by": seen.by,
        "points": [[at, number] for at, number in points],
    }


def prefill_shape(reading: Prefill) -> dict[str, Any]:
    """What a machine says; a value of null is unknown, in words."""
    return {
        "reading": reading.reading_id,
        "value": None if reading.value is None else as_text(reading.value),
        "unit": reading.unit,
        "observed_at": iso(reading.observed_at),
        "source": reading.source_label,
        "is_stale": reading.is_stale,
        "problem": reading.problem,
    }


def by_cell(rows: Iterable[Any]) -> dict[str, list[Any]]:
    """Rows with a target and an item, by "<target>-<item>"."""
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(f"{row.target_id}-{row.item_id}", []).append(row)
    return found


def progress_of(run: InspectionRun) -> list[int]:
    """How many of how many cells are answered; CIs that could not be inspected have none. One query."""
    with connection.cursor() as cursor:
        cursor.execute(PROGRESS, [run.pk])
        return list(cursor.fetchone())
