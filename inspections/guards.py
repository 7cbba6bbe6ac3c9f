"""Why a step on a run or finding is not possible now: every reason at once, in words, with what to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, has_right
from accounts.step_up import Proof
from assets.models import Asset
from audit.actions import record_refusal
from inspections.models import (
    Amendment,
    Answer,
    Finding,
    FindingPolicy,
    InspectionRun,
    RunTarget,
    ThresholdOverride,
)
from inspections.severity import Severity
from inspections.workflow import (
    FINDING_STEPS,
    RUN_STEPS,
    FindingState,
    OverrideState,
    RunState,
    target_of,
)


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


def against_signing(
    run: InspectionRun, by: User, seen_sha256: str = "", proof: Proof | None = None, *, is_bulk: bool = False
) -> list[Refusal]:
    """Why this person cannot sign the run off; whoever took part never can, superusers included.

    `proof` is asked for only where the run's plan asks for a fresh one.
    """
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
    if is_bulk and run.outcome != Severity.OK:
        message = _("Not everything in %(run)s is good.") % {"run": run.number}
        found.append(Refusal("not_all_good", message, _("Read it and sign it by itself.")))
    if run.signoff == run.plan.SignOff.STEP_UP and not (proof and proof.is_fresh):
        message = _("This signature asks you to confirm that it is you.")
        fix = _("Confirm it with your password or second factor; an API token cannot.")
        found.append(Refusal("step_up", message, fix))
    return found


def against_returning(run: InspectionRun, by: User, comment: str) -> list[Refusal]:
    found = [*lacking(by, Right.INSPECT_REVIEW), *wrong_state("return", run)]
    if not comment.strip():
        found.append(Refusal("comment", _("Say what is to be done again.")))
    return found


FINDING_RIGHTS = (Right.INSPECT, Right.INSPECT_REVIEW, Right.CHANGE_IMPLEMENT)


def lacking_all(user: User, rights: Iterable[Right]) -> Iterable[Refusal]:
    """One reason where the person holds none of the rights; it names the first."""
    rights = list(rights)
    if not any(has_right(user, right) for right in rights):
        yield from lacking(user, rights[0])


def no_comment(comment: str, words: str = "") -> Iterable[Refusal]:
    if not comment.strip():
        yield Refusal("comment", words or _("Say in a comment what was done, or why."))


def closed(finding: Finding) -> Iterable[Refusal]:
    if finding.is_closed:
        state = finding.get_state_display()
        yield Refusal("state", _("The finding is “%(state)s”.") % {"state": state})


def against_finding_step(
    finding: Finding, event: str, by: User, comment: str, values: Mapping[str, Any] | None = None
) -> list[Refusal]:
    """Why this person cannot take this step of the finding; `values` is None while it is only offered."""
    found: list[Refusal] = []
    if event in ("accept_risk", "reopen"):
        found += lacking(by, Right.INSPECT_REVIEW)
    else:
        found += lacking_all(by, FINDING_RIGHTS)
    if target_of(FINDING_STEPS, event, finding.state) is None:
        state = finding.get_state_display()
        found.append(Refusal("state", _("The finding is “%(state)s”.") % {"state": state}))
    if event in ("mark_fixed", "accept_risk", "mark_duplicate", "reopen"):
        found += no_comment(comment)
    if event == "accept_risk":
        found += against_accepting(finding, by, values)
    if values is not None and isinstance(owner := values.get("owner"), User):
        found += cannot_own(owner)
    if values is not None and event == "mark_duplicate":
        found += against_duplicate(finding, values.get("duplicate_of"))
    return found


def against_accepting(finding: Finding, by: User, values: Mapping[str, Any] | None) -> Iterable[Refusal]:
    """A risk is accepted by somebody who never owned it, for as long as the policy allows."""
    if finding.owner_id is None:
        message = _("Nobody owns this finding yet.")
        yield Refusal("no_owner", message, _("Somebody takes it on; another person accepts the risk."))
    elif finding.owner_id == by.pk or finding.history.filter(owner=by.pk).exists():
        message = _("You own this finding, or did.")
        yield Refusal("own_risk", message, _("Somebody else accepts the risk."))
    if values is None:
        return
    until, today = values.get("accepted_until_on"), timezone.localdate()
    policy = FindingPolicy.objects.filter(severity=finding.severity).first()
    last = today + timedelta(days=policy.longest_risk_days if policy else 180)
    if until is None or not today <= until <= last:
        words = {"first": today.isoformat(), "last": last.isoformat()}
        yield Refusal("until", _("A risk is accepted up to a day from %(first)s to %(last)s.") % words)


def cannot_own(owner: User) -> Iterable[Refusal]:
    """An owner is somebody active who can do something about it."""
    if not any(has_right(owner, right) for right in FINDING_RIGHTS):
        message = _("%(who)s can do nothing about findings.") % {"who": owner}
        yield Refusal("owner", message, _("Choose an engineer or a reviewer."))


def against_duplicate(finding: Finding, of: Finding | None) -> Iterable[Refusal]:
    if of is None or of.pk == finding.pk or of.state == FindingState.DUPLICATE:
        message = _("Name another finding that is no duplicate itself.")
        yield Refusal("duplicate_of", message, _("For example FD-000123."))


def against_commenting(finding: Finding, by: User, comment: str) -> list[Refusal]:
    """Why this person cannot add a comment."""
    return [*lacking_all(by, (*FINDING_RIGHTS, Right.CHANGE_REQUEST)), *no_comment(comment)]


def against_reassigning(finding: Finding, by: User, owner: User | None, comment: str) -> list[Refusal]:
    """Why this person cannot give the finding to that one; the owner may give it on, a reviewer always."""
    found = [*closed(finding), *no_comment(comment, _("Say why somebody else owns it from now on."))]
    if finding.owner_id != by.pk:
        found += lacking_all(by, (Right.INSPECT_REVIEW, Right.INSPECT_MANAGE))
    if owner is not None:
        found += cannot_own(owner)
        if owner.pk == finding.owner_id:
            found.append(Refusal("owner", _("%(who)s owns it already.") % {"who": owner}))
    return found


def against_moving_deadline(
    finding: Finding, by: User, due_at: datetime | None, comment: str
) -> list[Refusal]:
    """Why this person cannot set another deadline for the fix."""
    found = [*lacking_all(by, (Right.INSPECT_REVIEW, Right.INSPECT_MANAGE)), *closed(finding)]
    found += no_comment(comment, _("Say why the fix has another deadline."))
    if finding.owner_id == by.pk:
        message = _("You own this finding.")
        found.append(Refusal("own_deadline", message, _("Somebody else grants more time.")))
    if due_at is not None and due_at <= timezone.now():
        found.append(Refusal("due_at", _("The new deadline lies ahead.")))
    return found


def against_rechecking(finding: Finding, by: User, *, has_template: bool = True) -> list[Refusal]:
    """Why no re-check can be planned now."""
    found = [*lacking_all(by, (*FINDING_RIGHTS, Right.INSPECT_MANAGE))]
    if finding.state != FindingState.FIXED:
        message = _("The finding is “%(state)s”.") % {"state": finding.get_state_display()}
        found.append(Refusal("state", message, _("A re-check follows a fix.")))
    if not has_template:
        message = _("No published check list asks for this item.")
        found.append(Refusal("no_check_list", message, _("Publish one that does, or inspect by a plan.")))
    return found


def against_repairing(finding: Finding, asset: Asset | None, by: User) -> list[Refusal]:
    """Why this asset is not the one to repair for the finding."""
    found = [*lacking_all(by, (*FINDING_RIGHTS, Right.ASSET_EDIT)), *closed(finding)]
    if asset is not None and asset.ci_id != finding.ci_id:
        message = _("%(asset)s is no asset of %(ci)s.") % {"asset": asset, "ci": finding.ci}
        found.append(Refusal("asset", message, _("Link the asset to the CI first.")))
    return found


def against_linking(finding: Finding, by: User) -> list[Refusal]:
    """Why this person cannot name the change that is to fix the finding."""
    rights = (Right.INSPECT, Right.INSPECT_REVIEW, Right.CHANGE_REQUEST)
    return [*lacking_all(by, rights), *closed(finding)]


def against_proposing(answer: Answer, by: User, reason: str) -> list[Refusal]:
    """Why this person cannot propose to amend this answer; the run is given by `answer.target.run`."""
    found = [*lacking_all(by, (Right.INSPECT, Right.INSPECT_REVIEW))]
    found += no_comment(reason, _("Say why the answer is amended."))
    run = answer.target.run
    if run.state != RunState.SIGNED:
        message = _("The run is “%(state)s”.") % {"state": run.get_state_display()}
        found.append(Refusal("state", message, _("Only signed runs are amended; others are returned.")))
    if not answer.is_current:
        message = _("Another answer is current meanwhile.")
        found.append(Refusal("not_current", message, _("Open the record again and amend that one.")))
    elif answer.amendments.filter(state=Amendment.State.PROPOSED).exists():
        message = _("An amendment of this answer waits for a decision.")
        found.append(Refusal("waiting", message, _("It is decided or withdrawn first.")))
    return found


def against_deciding(amendment: Amendment, by: User, state: str, comment: str) -> list[Refusal]:
    """Why this person cannot decide this amendment so."""
    found: list[Refusal] = []
    run = amendment.answer.target.run
    if amendment.state != Amendment.State.PROPOSED:
        state_word = amendment.get_state_display()
        found.append(Refusal("decided", _("The amendment is “%(state)s”.") % {"state": state_word}))
    if state != Amendment.State.APPROVED:
        found += no_comment(comment, _("Say why the amendment is not made."))
    if state == Amendment.State.WITHDRAWN:
        if amendment.by_id != by.pk:
            found.append(Refusal("proposer", _("Only who proposed it withdraws it.")))
        return found
    found += lacking(by, Right.INSPECT_REVIEW)
    if amendment.by_id == by.pk:
        message = _("You proposed this amendment.")
        found.append(Refusal("proposer", message, _("Another reviewer decides it.")))
    if took_part(run, by):
        message = _("You took part in this inspection.")
        found.append(Refusal("took_part", message, _("Another reviewer decides it.")))
    if state == Amendment.State.APPROVED and not amendment.answer.is_current:
        message = _("Another answer is current since this was proposed.")
        found.append(
            Refusal("not_current", message, _("Refuse it; a new amendment names the current answer."))
        )
    return found


def took_part(run: InspectionRun, person: User) -> bool:
    """Whether the person started, submitted, answered or marked something in the run, by PostgreSQL."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT inspections_took_part_v1(%s, %s)", [run.pk, person.pk])
        return cursor.fetchone()[0]
