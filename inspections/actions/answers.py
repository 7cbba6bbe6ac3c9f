"""Answers: recorded in bulk, each operation once, superseded and never changed."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right
from audit.context import because
from inspections import guards
from inspections.actions.runs import start_run
from inspections.clock import DeviceTime
from inspections.models import (
    Answer,
    Evidence,
    InspectionRun,
    MachineReading,
    RunTarget,
    TemplateItem,
)
from inspections.prefill import against_reading
from inspections.severity import parse_number


@dataclass(frozen=True)
class AnswerInput:
    """What was entered for one item on one target; `op` names the operation, so that it counts once."""

    target: int
    item: int
    value: str = ""
    is_na: bool = False
    comment: str = ""
    observed_at: datetime | None = None
    dwell_seconds: int | None = None
    reading: int | None = None
    op: uuid.UUID = field(default_factory=uuid.uuid4)
    device_time: DeviceTime | None = None
    together: uuid.UUID | None = None
    # Where the sender says which answer they know: another current one is a conflict, not superseded.
    is_strict: bool = False
    expects: int | None = None

    @property
    def sha256(self) -> str:
        """What makes two operations the same."""
        body: list[object] = [self.target, self.item, self.value.strip(), self.is_na, self.comment.strip()]
        body += [] if self.reading is None else [self.reading]
        return hashlib.sha256(json.dumps(body, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True)
class AnswerResult:
    """What became of one input: an answer (`replayed` if this operation had arrived before), or an error."""

    op: uuid.UUID
    answer: Answer | None = None
    code: str = ""
    error: str = ""
    replayed: bool = False


def parsed_value(item: TemplateItem, entry: AnswerInput, photos: Sequence[str] = ()) -> dict[str, object]:
    """The answer's value fields. Raises ValidationError if the text does not fit the item.

    A photo item is answered by a photo's SHA-256: one of `photos`, oldest first, by itself the newest.
    """
    empty: dict[str, object] = {"value_number": None, "value_choice": "", "value_text": "", "is_na": False}
    text = entry.value.strip()
    if entry.is_na:
        if not item.is_na_allowed:
            raise ValidationError(_("This item cannot be “not applicable”."), "na")
        return empty | {"is_na": True}
    if item.kind == item.Kind.PHOTO:
        if not photos or (text and text not in photos):
            raise ValidationError(_("Take a photo first."), "photo")
        return empty | {"value_text": text or photos[-1]}
    if not text:
        raise ValidationError(_("Enter a value."), "required")
    if item.kind in (item.Kind.NUMBER, item.Kind.MACHINE):
        return empty | {"value_number": parse_number(text, item.decimals)}
    if item.kind == item.Kind.TEXT:
        return empty | {"value_text": text}
    allowed = ["pass", "fail"] if item.kind == item.Kind.PASS_FAIL else [o[0] for o in item.options]
    if text not in allowed:
        raise ValidationError(_("“%(value)s” is not one of the choices."), "choice", {"value": text[:40]})
    return empty | {"value_choice": text}


def record_answers(run: InspectionRun, entries: Sequence[AnswerInput], *, by: User) -> list[AnswerResult]:
    """The good ones are stored, graded by PostgreSQL, in a run in progress; one result per entry, in order.

    An operation that arrived before changes nothing and returns its answer, also after the run was submitted;
    the same key with another body is an error. A later answer supersedes the current one; the same value and
    comment again change nothing.
    Raises Refused if the run takes no answers. Locks the run; about ten statements, however many entries.
    """
    with transaction.atomic(), because(user=by):
        InspectionRun.objects.select_for_update().get(pk=run.pk)  # a retry waits for what it repeats
        given = Answer.objects.filter(op__in=[entry.op for entry in entries]).select_related("item")
        known = {answer.op: answer for answer in given}
        if replays := _replays(run, entries, known, by):
            return replays
        run = start_run(run, by=by)
        run_now = _known(run, entries, known)
        named = [entry.reading for entry in entries if entry.reading is not None]
        readings = MachineReading.objects.in_bulk(named) if named else {}
        results: list[AnswerResult] = []
        for entry in entries:
            result = _checked(_prepared(entry, run_now), readings, run_now.items)
            if result.answer is not None and result.answer.pk is None:
                result.answer.answered_by = by
                run_now.fresh[entry.target, entry.item] = result.answer
            results.append(result)
        stored = store_answers(list(run_now.fresh.values()))
    return [
        AnswerResult(r.op, stored.get(r.op, r.answer) if r.answer else None, r.code, r.error, r.replayed)
        for r in results
    ]


def _replays(
    run: InspectionRun, entries: Sequence[AnswerInput], known: dict[uuid.UUID, Answer], by: User
) -> list[AnswerResult]:
    """The stored answers, if everything sent had arrived before, in this run; empty otherwise."""
    if any(guards.lacking(by, Right.INSPECT)):
        return []
    targets = set(run.targets.values_list("pk", flat=True))
    former = [known.get(entry.op) for entry in entries]
    for entry, answer in zip(entries, former, strict=True):
        if answer is None or answer.op_sha256 != entry.sha256 or answer.target_id not in targets:
            return []
    return [AnswerResult(entry.op, known[entry.op], replayed=True) for entry in entries]


@dataclass(frozen=True)
class _Known:
    """The run as the entries meet it; cells are (target, item)."""

    begins_at: datetime  # nothing in it is observed before
    items: dict[int, TemplateItem]
    targets: dict[int, RunTarget]
    answers: dict[uuid.UUID, Answer]  # that came with the same operations
    current: dict[tuple[int, int], Answer]
    photos: dict[tuple[int, int], list[str]]
    fresh: dict[tuple[int, int], Answer] = field(default_factory=dict)


def _known(run: InspectionRun, entries: Sequence[AnswerInput], answers: dict[uuid.UUID, Answer]) -> _Known:
    """Four statements, and one more where an item is answered by a photo."""
    items = {item.pk: item for item in run.version.items.all()}
    targets = {target.pk: target for target in run.targets.all()}
    wanted = {entry.target for entry in entries} & set(targets)
    current = Answer.objects.current().filter(target__in=wanted)
    photos: dict[tuple[int, int], list[str]] = defaultdict(list)
    if any(e.item in items and items[e.item].kind == TemplateItem.Kind.PHOTO for e in entries):
        kept = Evidence.objects.kept().filter(target__in=wanted).order_by("id")
        for target, item, sha256 in kept.values_list("target_id", "item_id", "file__sha256"):
            photos[target, item].append(sha256)
    cells = {(answer.target_id, answer.item_id): answer for answer in current}
    return _Known(min(run.created_at, run.opens_at), items, targets, answers, cells, photos)


def _prepared(entry: AnswerInput, known: _Known) -> AnswerResult:
    former = known.answers.get(entry.op)
    if former is not None:
        if former.op_sha256 == entry.sha256:
            return AnswerResult(entry.op, former, replayed=True)
        return AnswerResult(entry.op, code="key_reused", error=_("This key was used for another answer."))
    pair = (entry.target, entry.item)
    try:
        item, target = _placed(entry, known)
        value = parsed_value(item, entry, known.photos.get(pair, ()))
    except ValidationError as error:
        return AnswerResult(entry.op, code=error.code or "invalid", error=" ".join(error.messages))
    superseded = known.current.get(pair)
    says_the_same = superseded is not None and _says(superseded, value, entry)
    if _is_conflict(entry, item, superseded) and not (entry.together and says_the_same):
        message = _("Somebody else has answered this item meanwhile.")
        return AnswerResult(entry.op, superseded, code="conflict", error=message)
    if says_the_same:
        return AnswerResult(entry.op, superseded)
    answer = Answer(
        target_id=entry.target, item_id=entry.item, ci_id=target.ci_id,
        item_key=item.key, comment=entry.comment.strip(), reading_id=entry.reading,
        dwell_seconds=entry.dwell_seconds, supersedes=superseded, op=entry.op, op_sha256=entry.sha256,
        together=entry.together, **_when(entry, known.begins_at), **value,
    )  # fmt: skip
    return AnswerResult(entry.op, answer)


def _placed(entry: AnswerInput, known: _Known) -> tuple[TemplateItem, RunTarget]:
    """The item and the CI that the entry names. Raises ValidationError if it cannot be answered there."""
    item, target = known.items.get(entry.item), known.targets.get(entry.target)
    if item is None or target is None:
        raise ValidationError(_("This item is not in this run."), "unknown")
    if item.key in target.skipped_items:
        raise ValidationError(_("This item does not apply to this CI."), "skipped")
    if (entry.target, entry.item) in known.fresh:
        raise ValidationError(_("This item was sent twice at once."), "twice")
    return item, target


def _is_conflict(entry: AnswerInput, item: TemplateItem, current: Answer | None) -> bool:
    """Whether the sender did not know the current answer; photos stay beside each other."""
    knew = entry.expects == (current.pk if current else None)
    return entry.is_strict and not knew and item.kind != item.Kind.PHOTO


def _when(entry: AnswerInput, not_before: datetime) -> dict[str, Any]:
    """When it was observed, and by which device; what cannot be true counts as of its receipt."""
    if (at := entry.device_time) is None:
        now = timezone.now()
        said = entry.observed_at or now
        return {"observed_at": said if not_before <= said <= now else now}
    return {
        "observed_at": at.observed_at,
        "device_at": at.device_at,
        "clock_skew_seconds": at.clock_skew_seconds,
        "device": at.device,
    }


def _says(answer: Answer, value: dict[str, object], entry: AnswerInput) -> bool:
    same = all(getattr(answer, name) == new for name, new in value.items())
    return same and answer.comment == entry.comment.strip() and entry.reading in (None, answer.reading_id)


def _checked(
    result: AnswerResult, readings: dict[int, MachineReading], items: dict[int, TemplateItem]
) -> AnswerResult:
    """The result, or the error if a new answer names a reading that it cannot refer to."""
    answer = result.answer
    if answer is None or answer.pk is not None or answer.reading_id is None:
        return result
    said = (answer.value_number, answer.comment, answer.observed_at)
    reading = readings.get(answer.reading_id)
    code, error = against_reading(items[answer.item_id], reading, answer.ci_id, said)
    return AnswerResult(result.op, code=code, error=error) if code else result


def store_answers(answers: list[Answer]) -> dict[uuid.UUID, Answer]:
    """The answers, as PostgreSQL graded them, by operation. Three statements."""
    superseded = [answer.supersedes_id for answer in answers if answer.supersedes_id]
    if superseded:
        Answer.objects.filter(pk__in=superseded).update(is_current=False)
    if not answers:
        return {}
    Answer.objects.bulk_create(answers)
    stored = Answer.objects.filter(op__in=[answer.op for answer in answers]).select_related("item")
    return {answer.op: answer for answer in stored}
