"""Answers that keep the CMDB: those that agree verify their CI, those that differ propose a correction."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actions import notify
from accounts.models import User
from accounts.querysets import holders_of
from accounts.roles import Right
from audit.context import because
from changes.actions import Wanted, create_change, plan_operations
from changes.models import ChangeRequest
from changes.models.plan import OperationKind
from cmdb.actions import update_items
from cmdb.actions.batches import BatchRefused
from cmdb.attributes import from_text, same
from cmdb.models import ConfigurationItem
from inspections import guards, notices, reasons
from inspections.models import Answer, CorrectionProposal, Evidence
from inspections.workflow import CorrectionState

SERIAL = {"kind": "text", "label": "serial"}
VERIFY = """
UPDATE cmdb_configurationitem c SET last_verified_at = a.at
  FROM (SELECT ci, max(at) AS at FROM unnest(%s::bigint[], %s::timestamptz[]) AS u(ci, at) GROUP BY ci) a
 WHERE c.id = a.ci AND (c.last_verified_at IS NULL OR c.last_verified_at < a.at)
"""


def maintain_cmdb(answers: QuerySet[Answer]) -> tuple[int, int]:
    """CIs whose field an answer agrees with are verified as of then; differing answers propose a correction.

    A later answer about the same field supersedes the open proposal. What a type has no attribute for, and
    what was not applicable, says nothing. Some eight statements for any number of answers, none without a
    bound item. Returns how many CIs were verified and how many corrections proposed.
    """
    bound = list(
        answers.exclude(item__attribute="").filter(is_na=False)
        .select_related("item", "ci__type", "target__run", "answered_by").order_by("id")
    )  # fmt: skip
    agreeing: list[Answer] = []
    differing: list[tuple[Answer, Any, Any]] = []
    for answer in bound:
        spec = _spec(answer)
        if spec is None:
            continue
        was, seen = recorded_value(answer.ci, answer.item.attribute), seen_value(answer, spec)
        if agree(spec, was, seen):
            agreeing.append(answer)
        elif seen is not None:
            differing.append((answer, was, seen))
    if not agreeing and not differing:
        return 0, 0
    with transaction.atomic():
        _supersede([*agreeing, *(answer for answer, _was, _seen in differing)])
        return _verify(agreeing), _propose(differing)


def _spec(answer: Answer) -> dict[str, Any] | None:
    if answer.item.attribute == "serial":
        return SERIAL
    return answer.ci.type.compiled_schema.get(answer.item.attribute.removeprefix("attributes."))


def recorded_value(ci: ConfigurationItem, field: str) -> Any:
    """What the CMDB says about the field; None where it says nothing."""
    return ci.serial if field == "serial" else ci.attributes.get(field.removeprefix("attributes."))


def seen_value(answer: Answer, spec: dict[str, Any]) -> Any:
    """The answer as the CMDB would hold it; a text that does not fit comes back as it is."""
    if answer.value_number is not None:
        return from_text(spec, f"{answer.value_number.normalize():f}")
    text = answer.value_choice or answer.value_text
    if answer.item.kind == answer.item.Kind.PASS_FAIL:
        text = {"pass": "yes", "fail": "no"}.get(text, text)
    return from_text(spec, text)


def agree(spec: dict[str, Any], was: Any, seen: Any) -> bool:
    """Whether record and observation say the same: case and spaces of texts, order of lists aside."""
    if isinstance(was, str) and isinstance(seen, str):
        marks = r"[\s:.-]" if spec["kind"] == "mac" else r"\s+"
        return re.sub(marks, "", was).casefold() == re.sub(marks, "", seen).casefold()
    if isinstance(was, list) and isinstance(seen, list):
        return sorted(map(str, was)) == sorted(map(str, seen))
    return same(was if was != "" else None, seen)


def _supersede(answers: Iterable[Answer]) -> None:
    """Open proposals about the same fields give way; those of these very answers stay."""
    fields = defaultdict(set)
    ids = [answer.pk for answer in answers]
    for answer in answers:
        fields[answer.item.attribute].add(answer.ci_id)
    for field, cis in fields.items():
        standing = CorrectionProposal.objects.proposed().filter(field=field, ci__in=cis)
        standing.exclude(answer__in=ids).update(state=CorrectionState.SUPERSEDED)


def _verify(answers: list[Answer]) -> int:
    """The CIs carry the moment of the observation, noted as written by who observed."""
    by_person: dict[Any, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_person[answer.answered_by].append(answer)
    verified = 0
    for person, mine in by_person.items():
        numbers = sorted({answer.target.run.number for answer in mine})
        reason = reasons.VERIFIED % {"run": ", ".join(numbers)}
        with because(reason, user=person), connection.cursor() as cursor:
            moments = [[answer.ci_id for answer in mine], [answer.observed_at for answer in mine]]
            cursor.execute(VERIFY, moments)
            verified += cursor.rowcount
    return verified


def _propose(differing: list[tuple[Answer, Any, Any]]) -> int:
    """An open proposal for each answer that has none yet; of two items bound to one field, the later's."""
    known = CorrectionProposal.objects.filter(answer__in=[answer.pk for answer, _was, _seen in differing])
    answered, taken = set(), set()
    for row in known:
        answered.add(row.answer_id)
        if row.state == CorrectionState.PROPOSED:
            taken.add((row.ci_id, row.field))
    targets = {answer.target_id for answer, _was, _seen in differing}
    taken_photos = Evidence.objects.filter(target__in=targets, withdrawn_at=None).order_by("id")
    photos = {(photo.target_id, photo.item_id): photo for photo in taken_photos}
    rows = {}
    for answer, was, seen in differing:
        place = (answer.ci_id, answer.item.attribute)
        if answer.pk not in answered and place not in taken:
            photo = photos.get((answer.target_id, answer.item_id))
            rows[place] = CorrectionProposal(
                answer=answer, ci=answer.ci, field=place[1], was=was, seen=seen, evidence=photo
            )
    if rows:
        CorrectionProposal.objects.bulk_create(rows.values())
        _tell(list(rows.values()))
    return len(rows)


def _tell(rows: list[CorrectionProposal]) -> None:
    """Whoever defines the CMDB reads what is proposed."""
    runs = ", ".join(sorted({row.answer.target.run.number for row in rows}))
    notify(
        holders_of(Right.CMDB_MODEL), notices.CORRECTION,
        subject=gettext_lazy("%(run)s proposes %(count)s corrections of the record"),
        text=gettext_lazy("%(what)s"),
        words={"run": runs, "count": len(rows), "what": "\n".join(_said(row) for row in rows[:10])},
        path="/inspections/corrections/", about=runs,
    )  # fmt: skip


def _said(row: CorrectionProposal) -> str:
    return f"{row.ci} · {row.key}: {row.was or '—'} → {row.seen}"


def accept_correction(proposal: CorrectionProposal, *, by: User, comment: str = "") -> CorrectionProposal:
    """The record says what was seen; for a controlled type a draft change with that operation says it will.

    Raises Refused for who answered, without the right to edit items, when the record has moved on or cannot
    hold the value. Locks the proposal.
    """
    reason = reasons.CORRECTED % {
        "run": proposal.answer.target.run.number, "item": proposal.answer.item,
    }  # fmt: skip
    with transaction.atomic(), because(reason, user=by):
        proposal = _locked(proposal)
        recorded = recorded_value(proposal.ci, proposal.field)
        refusals = guards.against_accepting_correction(proposal, by, recorded)
        guards.refuse_if(refusals, "accept correction", by=by, target=proposal)
        if _control_of(proposal.ci) == "controlled":
            proposal.change = _drafted(proposal, by)
        else:
            _write(proposal, by)
        return _decided(proposal, CorrectionState.ACCEPTED, by, comment)


def refuse_correction(proposal: CorrectionProposal, *, by: User, comment: str) -> CorrectionProposal:
    """The record stays as it is, and says why. Raises Refused as accepting does. Locks the proposal."""
    with transaction.atomic(), because(comment, user=by):
        proposal = _locked(proposal)
        refusals = guards.against_deciding_correction(proposal, by)
        if not comment.strip():
            refusals.append(guards.Refusal("comment", _("Say why the record is right.")))
        guards.refuse_if(refusals, "refuse correction", by=by, target=proposal)
        return _decided(proposal, CorrectionState.REFUSED, by, comment)


def _locked(proposal: CorrectionProposal) -> CorrectionProposal:
    rows = CorrectionProposal.objects.select_for_update(of=("self",))
    return rows.select_related("ci__type", "answer__item", "answer__target__run").get(pk=proposal.pk)


def _decided(proposal: CorrectionProposal, state: str, by: User, comment: str) -> CorrectionProposal:
    proposal.state, proposal.decided_by, proposal.decided_at = state, by, timezone.now()
    proposal.comment = comment.strip()
    proposal.save()
    proposal.refresh_from_db()
    return proposal


def _control_of(ci: ConfigurationItem) -> str:
    """open, recorded or controlled: how the item's type may be written. One statement."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT mode FROM cmdb.control_of_types_v1() WHERE type_id = %s", [ci.type_id])
        row = cursor.fetchone()
    return row[0] if row else "open"


def _write(proposal: CorrectionProposal, by: User) -> None:
    try:
        update_items([{"id": proposal.ci_id} | proposal.as_fields], by=by)
    except BatchRefused as refused:
        lines = [line for fields in refused.faults.values() for lines in fields.values() for line in lines]
        raise guards.Refused([guards.Refusal("cmdb", " ".join(lines))]) from None


def _drafted(proposal: CorrectionProposal, by: User) -> ChangeRequest:
    words = {"ci": proposal.ci, "field": proposal.key}
    said = _("Inspection %(run)s saw “%(seen)s”; the record says “%(was)s”.") % {
        "run": proposal.answer.target.run.number, "seen": proposal.seen, "was": proposal.was or "—",
    }  # fmt: skip
    title = _("Correct %(field)s of %(ci)s")[:200] % words
    change = create_change(by=by, title=title[:200], items=[proposal.ci], reason=said)
    wanted = Wanted(OperationKind.UPDATE, proposal.ci, {proposal.field: proposal.seen})
    plan_operations(change, [wanted], by=by)
    return change
