"""A run from its start to its signature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.actions import notify
from accounts.models import User
from accounts.roles import Right
from accounts.step_up import Proof, Strength
from audit.context import because
from inspections import guards, notices, reasons
from inspections.actions.corrections import maintain_cmdb
from inspections.actions.findings import open_findings
from inspections.actions.machine_answers import answer_run_by_machines
from inspections.models import Answer, InspectionRun, RunTarget, Signature
from inspections.workflow import ARRIVES_WITHIN, RunState


def start_run(run: InspectionRun, *, by: User) -> InspectionRun:
    """The run is in progress, started by this person; a run in progress stays as it is.

    Raises Refused if it is not open yet, or ended. Locks the run.
    """
    with transaction.atomic(), because(user=by):
        run = InspectionRun.objects.select_for_update().get(pk=run.pk)
        guards.refuse_if(guards.against_answering(run, by), "start inspection", by=by, target=run)
        if run.state == RunState.SCHEDULED:
            run.state = RunState.OPEN
            run.save(update_fields=["state"])
        if run.state != RunState.IN_PROGRESS:
            run.state = RunState.IN_PROGRESS
            run.started_at = run.started_at or timezone.now()
            run.started_by = run.started_by or by
            run.save(update_fields=["state", "started_at", "started_by"])
            answer_run_by_machines(run.pk)
    return run


def take_back_missed(run: InspectionRun, *, by: User, done_at: datetime) -> InspectionRun:
    """The missed run is in progress again, if what arrives was done before it expired; else nothing changes.

    PostgreSQL asks at the end of the transaction for the operation that proves it. Locks the run.
    """
    with transaction.atomic(), because(reasons.ARRIVED_LATER, user=by):
        run = InspectionRun.objects.select_for_update().get(pk=run.pk)
        if run.state != RunState.MISSED or done_at > run.expires_at:
            return run
        if timezone.now() > run.expires_at + ARRIVES_WITHIN:
            return run
        run.state = RunState.IN_PROGRESS
        run.started_at = run.started_at or done_at
        run.started_by = run.started_by or by
        run.save(update_fields=["state", "started_at", "started_by"])
        run.refresh_from_db()
    return run


def mark_target(target: RunTarget, *, by: User, result: str, reason: str = "") -> RunTarget:
    """The CI counts as inspected, unreachable or not there; without inspection its items need no answer.

    Raises Refused if the run takes no answers, IntegrityError without a reason. Locks the run.
    """
    with transaction.atomic(), because(reason, user=by):
        start_run(target.run, by=by)
        target = RunTarget.objects.get(pk=target.pk)
        target.result, target.reason, target.marked_by = result, reason.strip(), by
        target.save(update_fields=["result", "reason", "marked_by"])
    return target


def submit_run(run: InspectionRun, *, by: User, completed_at: datetime | None = None) -> InspectionRun:
    """The run waits for sign-off (or is signed, where none is asked), hashed; bad answers have findings.

    `completed_at` is the device's time and decides lateness. Raises Refused with every missing answer and
    comment, and where an answer was observed later; IntegrityError if the run has expired. Locks the run;
    findings take three statements.
    """
    with transaction.atomic(), because(user=by):
        run = InspectionRun.objects.select_for_update().get(pk=run.pk)
        refusals = guards.against_submitting(run, by, completed_at)
        guards.refuse_if(refusals, "submit inspection", by=by, target=run)
        run.state = RunState.SUBMITTED
        run.completed_at = completed_at or timezone.now()
        run.submitted_by = by
        run.save(update_fields=["state", "completed_at", "submitted_by"])
        Signature.objects.create(run=run, role=Signature.Role.INSPECTOR, by=by)
        open_findings(Answer.objects.current().filter(target__run=run))
        maintain_cmdb(Answer.objects.current().filter(target__run=run))
        if run.signoff == run.plan.SignOff.NONE:
            run.state = RunState.SIGNED
            run.save(update_fields=["state"])
        run.refresh_from_db()
    return run


def return_run(run: InspectionRun, *, by: User, comment: str) -> InspectionRun:
    """The run goes back to who inspected, with the reviewer's reason. Raises Refused. Locks the run."""
    with transaction.atomic(), because(comment, user=by):
        run = InspectionRun.objects.select_for_update().get(pk=run.pk)
        guards.refuse_if(guards.against_returning(run, by, comment), "return inspection", by=by, target=run)
        run.state, run.state_by, run.state_reason = RunState.RETURNED, by, comment
        run.save(update_fields=["state", "state_by", "state_reason"])
        notify(
            [run.submitted_by] if run.submitted_by else [], notices.RETURNED,
            subject=_("Returned: %(run)s"), text=_("%(by)s asks you to do something again: %(comment)s"),
            words={"run": run.number, "by": by, "comment": comment}, about=run.number,
            path=reverse("inspections:run", args=[run.number]),
        )  # fmt: skip
    return run


def sign_run(
    run: InspectionRun,
    *,
    by: User,
    comment: str = "",
    seen_sha256: str = "",
    proof: Proof | None = None,
    is_bulk: bool = False,
) -> InspectionRun:
    """The run is signed by somebody who took no part in it, bound to the hash that they saw.

    `proof` is how they showed who they are; a plan may ask for a fresh one. Raises Refused with every reason,
    also for superusers. Locks the run.
    """
    with transaction.atomic(), because(comment, user=by):
        run = InspectionRun.objects.select_for_update().get(pk=run.pk)
        refusals = guards.against_signing(run, by, seen_sha256, proof, is_bulk=is_bulk)
        guards.refuse_if(refusals, "sign inspection", by=by, target=run)
        shown = proof or Proof(Strength.SESSION.value)
        Signature.objects.create(
            run=run, role=Signature.Role.REVIEWER, by=by, comment=comment, method=shown.strength,
            proved_at=shown.at, token_id=shown.token_id, is_bulk=is_bulk,
        )  # fmt: skip
        run.state = RunState.SIGNED
        run.save(update_fields=["state"])
        run.refresh_from_db()
    return run


@dataclass(frozen=True)
class Signed:
    """What became of one run of many: signed, or why not."""

    run: InspectionRun
    refusals: list[guards.Refusal]


def sign_all_good(
    seen: Mapping[str, str], *, by: User, comment: str = "", proof: Proof | None = None
) -> list[Signed]:
    """Of many runs (number → the hash that was seen), each where everything is good has its own signature.

    What is refused says why and keeps the others from nothing. Two dozen statements a run.
    """
    results = []
    for run in InspectionRun.objects.filter(number__in=seen).order_by("slot_at", "number"):
        refusals: list[guards.Refusal] = []
        try:
            run = sign_run(
                run, by=by, comment=comment, seen_sha256=seen[run.number] or "-", proof=proof, is_bulk=True
            )
        except guards.Refused as refused:
            refusals = refused.refusals
        results.append(Signed(run, refusals))
    return results


def cancel_run(run: InspectionRun, *, by: User, reason: str) -> InspectionRun:
    """The run will not take place, by a decision with a reason; it stays in every count. Raises Refused."""
    with transaction.atomic(), because(reason, user=by):
        run = InspectionRun.objects.select_for_update().get(pk=run.pk)
        refusals = [*guards.lacking(by, Right.INSPECT_MANAGE), *guards.wrong_state("cancel", run)]
        if not reason.strip():
            refusals.append(guards.Refusal("comment", str(_("Say why the inspection is cancelled."))))
        guards.refuse_if(refusals, "cancel inspection", by=by, target=run)
        run.state, run.state_by, run.state_reason = RunState.CANCELLED, by, reason
        run.save(update_fields=["state", "state_by", "state_reason"])
    return run
