"""Corrections after sign-off: proposed by one person, decided by another; the original answer stays."""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.actions import notify
from accounts.models import User
from accounts.querysets import holders_of
from accounts.roles import Right
from audit.context import because
from inspections import guards, notices
from inspections.actions.answers import AnswerInput, parsed_value, store_answers
from inspections.actions.corrections import maintain_cmdb
from inspections.actions.findings import open_findings
from inspections.models import Amendment, Answer, Evidence

State = Amendment.State


def propose_amendment(
    answer: Answer, *, by: User, value: str, reason: str, comment: str | None = None, is_na: bool = False
) -> Amendment:
    """What the answer should have been, and why, waits for a reviewer without a part in the run.

    `answer` is the one the proposer sees as current. Without a `comment` the answer keeps its own. Raises
    Refused unless the run is signed and the answer current, ValidationError if the value does not fit.
    """
    answer = Answer.objects.select_related("item", "target__run").get(pk=answer.pk)
    kept = answer.comment if comment is None else comment
    entry = AnswerInput(answer.target_id, answer.item_id, value, is_na=is_na, comment=kept)
    photos = Evidence.objects.kept().filter(target=answer.target_id, item=answer.item_id).hashes()
    parsed = parsed_value(answer.item, entry, photos)
    with transaction.atomic(), because(reason, user=by):
        refusals = guards.against_proposing(answer, by, reason) + guards.against_silence(answer, parsed, kept)
        guards.refuse_if(refusals, "propose amendment", by=by, target=answer.target.run)
        amendment = Amendment.objects.create(
            answer=answer, by=by, reason=reason.strip(), comment=kept.strip(), **parsed
        )
        _tell_reviewers(amendment)
    return amendment


def decide_amendment(amendment: Amendment, *, by: User, approve: bool, comment: str = "") -> Amendment:
    """Approved: the amended answer is current, a bad one has its finding. Refused: it stays, with the reason.

    Raises Refused with every reason, also for superusers: the proposer, whoever took part in the run, and
    when another answer is current since. Locks the amendment.
    """
    with transaction.atomic(), because(comment or amendment.reason, user=by):
        amendment = _decided(amendment, State.APPROVED if approve else State.REFUSED, by=by, comment=comment)
        if approve:
            _amend(amendment)
        _tell_proposer(amendment)
    return amendment


def withdraw_amendment(amendment: Amendment, *, by: User, comment: str) -> Amendment:
    """The proposer takes the proposal back, for a reason; it stays in the record. Raises Refused."""
    with transaction.atomic(), because(comment, user=by):
        return _decided(amendment, State.WITHDRAWN, by=by, comment=comment)


def _decided(amendment: Amendment, state: str, *, by: User, comment: str) -> Amendment:
    locked = Amendment.objects.select_for_update(of=("self",)).for_list().get(pk=amendment.pk)
    refusals = guards.against_deciding(locked, by, state, comment)
    guards.refuse_if(refusals, f"{state} amendment", by=by, target=locked.answer.target.run)
    locked.state, locked.decided_by, locked.decision_comment = state, by, comment.strip()
    locked.save(update_fields=["state", "decided_by", "decision_comment"])
    locked.refresh_from_db(fields=["decided_at"])
    return locked


def _amend(amendment: Amendment) -> None:
    old = amendment.answer
    entry = AnswerInput(old.target_id, old.item_id, amendment.value_label, comment=amendment.comment)
    new = Answer(
        target_id=old.target_id, item_id=old.item_id, ci_id=old.ci_id, item_key=old.item_key,
        comment=amendment.comment, answered_by=amendment.by, observed_at=old.observed_at, supersedes=old,
        amendment=amendment, op=entry.op, op_sha256=entry.sha256, value_number=amendment.value_number,
        value_choice=amendment.value_choice, value_text=amendment.value_text, is_na=amendment.is_na,
    )  # fmt: skip
    store_answers([new])
    new.refresh_from_db()
    open_findings(Answer.objects.filter(pk=new.pk))
    maintain_cmdb(Answer.objects.filter(pk=new.pk))


def _tell_reviewers(amendment: Amendment) -> None:
    run = amendment.answer.target.run
    notify(
        holders_of(Right.INSPECT_REVIEW).exclude(pk=amendment.by_id), notices.AMENDMENT_PROPOSED,
        subject=_("To decide: amendment of %(run)s"), text=_("%(by)s proposes to amend %(item)s: %(reason)s"),
        words={
            "run": run.number, "by": amendment.by, "item": amendment.answer.item.label,
            "reason": amendment.reason,
        },
        path=reverse("inspections:run", args=[run.number]), about=run.number,
    )  # fmt: skip


def _tell_proposer(amendment: Amendment) -> None:
    run = amendment.answer.target.run
    notify(
        [amendment.by], notices.AMENDMENT_DECIDED,
        subject=_("Amendment of %(run)s: %(state)s"), text=_("%(by)s: %(comment)s"),
        words={
            "run": run.number, "by": amendment.decided_by, "state": amendment.get_state_display(),
            "comment": amendment.decision_comment or amendment.reason,
        },
        path=reverse("inspections:run", args=[run.number]), about=run.number,
    )  # fmt: skip
