"""Why a step on a run or finding is not possible now: every reason at once, in words, with what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, has_right
from audit.actions import record_refusal
from inspections.models import Answer, Finding, InspectionRun, RunTarget, ThresholdOverride
from inspections.workflow import FINDING_STEPS, RUN_STEPS, OverrideState, RunState, target_of


@dataclass(frozen=True)
class Refusal:
    """One failed guard: a stable code, what is wrong, and what to do about it."""

    code: str
    message: str
    fix: str = ""


class Refused(Exception):  # noqa: N818 (reads as the sentence it raises)
    """A step was refused; `refusals` says every reason."""

    def __init__(self, refusals: list[Refusal]) -> None:
        self.refusals = refusals
        super().__init__(" ".join(refusal.message for refusal in refusals))


def refuse_if(refusals: list[Refusal], deed: str, *, by: User, target: Any) -> None:
    """Passes when there is no reason against it. Raises Refused, and records the refusal, otherwise."""
    if refusals:
        reasons = [{"code": refusal.code, "message": refusal.message} for refusal in refusals]
        record_refusal(deed, by=by, target=str(target), reasons=reasons)
        raise Refused(refusals)


def lacking(user: User, right: Right) -> Iterable[Refusal]:
    if not has_right(user, right):
        message = _("You need the right to %(right)s.") % {"right": right.label}
        yield Refusal("right", message, _("Ask somebody who holds it."))


def against_asking_override(by: User) -> list[Refusal]:
    """Why this person cannot ask for other thresholds."""
    if has_right(by, Right.INSPECT) or has_right(by, Right.INSPECT_MANAGE):
        return []
    return list(lacking(by, Right.INSPECT))


def against_deciding_override(override: ThresholdOverride, by: User) -> list[Refusal]:
    """Why this person cannot approve or refuse other thresholds; who asked never can, superusers included."""
    found = list(lacking(by, Right.INSPECT_MANAGE))
    if override.state != OverrideState.WAITING:
        words = {"state": OverrideState(override.state).label}
        found.append(Refusal("state", _("The override is “%(state)s”.") % words))
    if override.requested_by_id == by.pk:
        message = _("You asked for it yourself.")
        found.append(Refusal("requested", message, _("Somebody else who defines check lists decides.")))
    return found


def against_withdrawing_override(override: ThresholdOverride, by: User) -> list[Refusal]:
    """Why this person cannot withdraw it: who asked may, and whoever defines check lists."""
    found = [] if override.requested_by_id == by.pk else list(lacking(by, Right.INSPECT_MANAGE))
    if override.state not in (OverrideState.WAITING, OverrideState.COMING, OverrideState.ACTIVE):
        words = {"state": OverrideState(override.state).label}
        found.append(Refusal("state", _("The override is “%(state)s”.") % words))
    return found


def wrong_state(event: str, run: InspectionRun) -> Iterable[Refusal]:
    if target_of(RUN_STEPS, event, run.state) is None:
        yield Refusal("state", _("The run is “%(state)s”.") % {"state": run.get_state_display()})


def against_answering(run: InspectionRun, by: User) -> list[Refusal]:
    """Why this person cannot answer in this run now."""
    found = list(lacking(by, Right.INSPECT))
    now = timezone.now()
    if run.state == RunState.SCHEDULED and run.opens_at > now:
        opens = date_format(timezone.localtime(run.opens_at), "Y-m-d H:i")
        found.append(Refusal("not_open", _("The run opens at %(at)s.") % {"at": opens}))
    elif run.state in (RunState.SUBMITTED, RunState.SIGNED, RunState.MISSED, RunState.CANCELLED):
        found.append(Refusal("state", _("The run is “%(state)s”.") % {"state": run.get_state_display()}))
    return found


def against_submitting(run: InspectionRun, by: User) -> list[Refusal]:
    """Why this run cannot be submitted now; one reason per missing answer or comment, 20 at most."""
    found = [*lacking(by, Right.INSPECT), *wrong_state("submit", run)]
    gaps = gaps_of(run)
    words = {
        "unanswered": _("%(item)s on %(ci)s is not answered."),
        "comment": _("%(item)s on %(ci)s needs a comment."),
    }
    items = {item.pk: str(item) for item in run.version.items.all()}
    targets = {target.pk: str(target) for target in run.targets.all()}
    for target, item, gap in gaps[:20]:
        found.append(Refusal(gap, words[gap] % {"item": items[item], "ci": targets[target]}))
    if len(gaps) > 20:
        found.append(Refusal("more", _("%(count)s more answers are missing.") % {"count": len(gaps) - 20}))
    return found


def gaps_of(run: InspectionRun) -> list[tuple[int, int, str]]:
    """(target, item, unanswered|comment) of what keeps the run from being submitted, by PostgreSQL."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT target_id, item_id, gap FROM inspections_run_gaps_v1(%s)", [run.pk])
        return cursor.fetchall()


def against_signing(run: InspectionRun, by: User, seen_sha256: str = "") -> list[Refusal]:
    """Why this person cannot sign the run off; whoever took part never can, superusers included."""
    found = [*lacking(by, Right.INSPECT_REVIEW), *wrong_state("sign", run)]
    took_part = by.pk in (run.started_by_id, run.submitted_by_id)
    if took_part or Answer.objects.filter(target__run=run, answered_by=by).exists():
        message = _("You took part in this inspection.")
        found.append(Refusal("took_part", message, _("Somebody else signs it off.")))
    marks = RunTarget.history.filter(id__in=run.targets.values("pk"), marked_by=by.pk)
    if marks.exists() or run.targets.filter(marked_by=by).exists():
        message = _("You marked what was not inspected.")
        found.append(Refusal("took_part", message, _("Somebody else signs it off.")))
    if seen_sha256 and seen_sha256 != run.record_sha256:
        found.append(
            Refusal("changed", _("The record has changed since you opened it."), _("Read it again."))
        )
    return found


def against_returning(run: InspectionRun, by: User, comment: str) -> list[Refusal]:
    found = [*lacking(by, Right.INSPECT_REVIEW), *wrong_state("return", run)]
    if not comment.strip():
        found.append(Refusal("comment", _("Say what is to be done again.")))
    return found


def against_finding_step(finding: Finding, event: str, by: User, comment: str) -> list[Refusal]:
    """Why this step of the finding is not possible for this person."""
    rights = (Right.INSPECT, Right.INSPECT_REVIEW, Right.CHANGE_IMPLEMENT)
    found: list[Refusal] = []
    if event == "accept_risk":
        found += lacking(by, Right.INSPECT_REVIEW)
    elif not any(has_right(by, right) for right in rights):
        found += lacking(by, Right.INSPECT)
    if target_of(FINDING_STEPS, event, finding.state) is None:
        state = finding.get_state_display()
        found.append(Refusal("state", _("The finding is “%(state)s”.") % {"state": state}))
    if event in ("mark_fixed", "accept_risk", "mark_duplicate") and not comment.strip():
        found.append(Refusal("comment", _("Say in a comment what was done, or why.")))
    return found


def against_linking(finding: Finding, by: User) -> list[Refusal]:
    """Why this person cannot name the change that is to fix the finding."""
    rights = (Right.INSPECT, Right.INSPECT_REVIEW, Right.CHANGE_REQUEST)
    found: list[Refusal] = []
    if not any(has_right(by, right) for right in rights):
        found += lacking(by, Right.INSPECT)
    if finding.is_closed:
        state = finding.get_state_display()
        found.append(Refusal("state", _("The finding is “%(state)s”.") % {"state": state}))
    return found
