"""What each kind of operation does; refused ones change nothing. Each returns what its answer adds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from inspections.actions.answers import AnswerInput, AnswerResult, record_answers
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
from inspections.bundle import answer_shape
from inspections.models import Answer, RunTarget, SyncOp


def answer(deed: Deed, by: User) -> dict[str, Any]:
    """One item on one CI is answered, unless somebody else did meanwhile."""
    payload = deed.payload
    entry = AnswerInput(
        number_in(payload, "target"), number_in(payload, "item"), text_in(payload, "value"),
        is_na=flag_in(payload, "is_na"), comment=text_in(payload, "comment"), op=deed.key,
        dwell_seconds=dwell_in(payload), device_time=deed.at, is_strict=True,
        expects=optional_number_in(payload, "expects"),
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


def submit(deed: Deed, by: User) -> dict[str, Any]:
    """The run waits for sign-off; when the last card was done counts for lateness, not when it arrived."""
    optional_number_in(deed.payload, "seen")
    submit_run(deed.run, by=by, completed_at=deed.at.observed_at)
    return {}


EFFECTS: dict[str, Callable[[Deed, User], dict[str, Any]]] = {
    "answer": answer,
    "target": target,
    "submit": submit,
}
KINDS = [(kind.value, kind.label) for kind in SyncOp.Kind if kind.value in EFFECTS]
