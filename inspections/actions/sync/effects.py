"""What each kind of operation does; refused ones change nothing. Each returns what its answer adds."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from inspections.actions.answers import AnswerInput, AnswerResult, record_answers
from inspections.actions.photos import Shot, take_photo, withdraw_photo
from inspections.actions.runs import mark_target, submit_run
from inspections.actions.sync.operations import (
    ConflictError,
    Deed,
    dwell_in,
    flag_in,
    number_in,
    optional_number_in,
    text_in,
    unfit,
)
from inspections.bundle import answer_shape, photo_shape
from inspections.guards import Refusal, last_seen, refuse_if
from inspections.models import Answer, Evidence, RunTarget, SyncOp, TemplateItem

MOST_TOGETHER = 200


def answer(deed: Deed, by: User) -> dict[str, Any]:
    """One item on one CI is answered, unless somebody else did meanwhile."""
    payload = deed.payload
    entry = AnswerInput(
        number_in(payload, "target"), number_in(payload, "item"), text_in(payload, "value"),
        is_na=flag_in(payload, "is_na"), comment=text_in(payload, "comment"), op=deed.key,
        dwell_seconds=dwell_in(payload), device_time=deed.at, is_strict=True,
        expects=optional_number_in(payload, "expects"), reading=optional_number_in(payload, "reading"),
    )  # fmt: skip
    return {"answer": _stored(record_answers(deed.run, [entry], by=by))[0]}


def _stored(results: list[AnswerResult]) -> list[dict[str, Any]]:
    """The answers in the bundle's shape. Raises ConflictError with the current ones, ValidationError."""
    conflicts = [result for result in results if result.code == "conflict"]
    if conflicts:
        current = [_shown(result.answer) for result in conflicts if result.answer]
        raise ConflictError(conflicts[0].error, {"answer": current[0] if current else None})
    for result in results:
        if result.code:
            raise unfit(result.error, result.code)
    return [_shown(result.answer) for result in results if result.answer]


def _shown(stored: Answer) -> dict[str, Any]:
    return answer_shape(Answer.objects.select_related("item", "answered_by").get(pk=stored.pk))


def target(deed: Deed, by: User) -> dict[str, Any]:
    """The CI counts as inspected, unreachable or not there."""
    found = target_in(deed)
    result, reason = text_in(deed.payload, "result"), text_in(deed.payload, "reason")
    if result not in RunTarget.Result.values:
        raise unfit(_("“%(value)s” is not one of the choices.") % {"value": result[:40]}, "choice")
    if result != RunTarget.Result.FOUND and not reason.strip():
        raise unfit(_("Say why the CI was not inspected."), "reason")
    marked = mark_target(found, by=by, result=result, reason=reason)
    return {"target": {"id": marked.pk, "result": marked.result, "reason": marked.reason}}


def target_in(deed: Deed) -> RunTarget:
    """The CI that the operation names. Raises ValidationError if it is not in the run."""
    found = RunTarget.objects.filter(run=deed.run, pk=number_in(deed.payload, "target")).first()
    if found is None:
        raise unfit(_("This item is not in this run."), "unknown")
    return found


def all_good(deed: Deed, by: User) -> dict[str, Any]:
    """Every item named, all of one section and pass/fail, is normal on one CI: one action, told as one.

    The seconds that it took are spread over the answers, so that their sum stays true.
    """
    found, items = target_in(deed), section_in(deed)
    dwell = dwell_in(deed.payload)
    entries = [
        AnswerInput(
            found.pk, item.pk, "pass", op=uuid.uuid5(deed.key, f"{item.pk}"), device_time=deed.at,
            dwell_seconds=None if dwell is None else dwell // len(items) + (place < dwell % len(items)),
            together=deed.key, is_strict=True,
        )
        for place, item in enumerate(items)
    ]  # fmt: skip
    shown = _stored(record_answers(deed.run, entries, by=by))
    return {"answers": {f"{found.pk}-{item.pk}": each for item, each in zip(items, shown, strict=True)}}


def section_in(deed: Deed) -> list[TemplateItem]:
    """The items that were called normal together. Raises ValidationError unless that is allowed for them."""
    wanted, section = deed.payload.get("items"), text_in(deed.payload, "section")
    if not isinstance(wanted, list) or not 1 <= len(wanted) <= MOST_TOGETHER:
        raise unfit(_("“%(name)s” must be a list of items.") % {"name": "items"})
    numbers = [number_in({"items": each}, "items") for each in wanted]
    items = list(deed.run.version.items.filter(pk__in=numbers))
    if len(items) != len(set(numbers)) or len(numbers) != len(items):
        raise unfit(_("This item is not in this run."), "unknown")
    if any(item.kind != item.Kind.PASS_FAIL for item in items):
        message = _("Only normal-or-abnormal items are called normal together; enter the others one by one.")
        raise unfit(message, "not_pass_fail")
    if any(section not in (item.section, item.section_zh, item.section_label) for item in items):
        raise unfit(_("Items of one section are called normal together."), "section")
    return items


def photo(deed: Deed, by: User) -> dict[str, Any]:
    """The photo is kept beside its item; an item that asks for a photo is answered by it."""
    taken = text_in(deed.payload, "captured_at")
    shot = Shot(
        content=deed.operation.photo or b"", name=text_in(deed.payload, "name"),
        captured_at=deed.device_time(taken), device=deed.operation.device, op=deed.key,
    )  # fmt: skip
    found, item = target_in(deed), number_in(deed.payload, "item")
    kept, answered = take_photo(found, item, shot, by=by, device_time=deed.at)
    told = {"photo": photo_shape(kept)}
    return told | {"answer": _shown(answered)} if answered else told


def withdraw(deed: Deed, by: User) -> dict[str, Any]:
    """The photo no longer counts; it stays in the record."""
    wanted = text_in(deed.payload, "photo")
    try:
        found = Evidence.objects.filter(run=deed.run, op=uuid.UUID(wanted)).first()
    except ValueError:
        found = None
    if found is None:
        raise unfit(_("This photo is not in this run."), "unknown")
    withdraw_photo(found, by=by)
    return {}


def submit(deed: Deed, by: User) -> dict[str, Any]:
    """The run waits for sign-off; when the last card was done counts for lateness, not when it arrived."""
    seen = optional_number_in(deed.payload, "seen")
    arrived = Answer.objects.current().filter(target__run=deed.run).count()
    if seen is not None and arrived < seen:
        words = {"seen": seen, "count": arrived}
        message = _("You saw %(seen)s answers, but %(count)s have arrived.") % words
        fix = _("Look through the run again, then submit it.")
        refusals = [Refusal("seen", message, fix)]
        refuse_if(refusals, "submit inspection", by=by, target=deed.run)
    # Nobody is done before the last answer was observed, whatever the device says of the submission.
    last = last_seen(deed.run)
    submit_run(deed.run, by=by, completed_at=max(deed.at.observed_at, last or deed.at.observed_at))
    return {}


EFFECTS: dict[str, Callable[[Deed, User], dict[str, Any]]] = {
    "answer": answer,
    "all_good": all_good,
    "target": target,
    "photo": photo,
    "withdraw": withdraw,
    "submit": submit,
}
KINDS = [(kind.value, kind.label) for kind in SyncOp.Kind if kind.value in EFFECTS]
