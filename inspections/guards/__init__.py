"""Why a step on a run or finding is not possible now: every reason at once, in words, with what to do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import connection
from django.db.models import Max
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right
from accounts.step_up import Proof
from inspections.guards.amendments import (
    AMENDING_RIGHTS,
    against_deciding,
    against_proposing,
    against_silence,
)
from inspections.guards.corrections import against_accepting_correction, against_deciding_correction
from inspections.guards.findings import (
    CLOCKS_DIFFER,
    FINDING_RIGHTS,
    against_commenting,
    against_finding_step,
    against_linking,
    against_moving_deadline,
    against_raising,
    against_reassigning,
    against_rechecking,
    against_repairing,
)
from inspections.guards.hands import (
    against_changing_duty,
    against_claiming,
    against_handing_over,
    against_releasing,
    against_removing_duty,
    takers_of,
)
from inspections.guards.overrides import (
    against_asking_override,
    against_deciding_override,
    against_withdrawing_override,
)
from inspections.guards.refusal import (
    Refusal,
    Refused,
    lacking,
    lacking_all,
    no_comment,
    refuse_if,
    took_part,
    took_part_in,
)
from inspections.guards.reports import against_issuing, may_take_again
from inspections.guards.templates import (
    against_discarding,
    against_editing,
    against_publishing,
    against_retiring,
)
from inspections.models import Answer, InspectionRun
from inspections.severity import Severity
from inspections.workflow import RUN_STEPS, RunState, target_of

__all__ = [
    "AMENDING_RIGHTS",
    "FINDING_RIGHTS",
    "Refusal",
    "Refused",
    "against_accepting_correction",
    "against_answering",
    "against_asking_override",
    "against_changing_duty",
    "against_claiming",
    "against_commenting",
    "against_deciding",
    "against_deciding_correction",
    "against_deciding_override",
    "against_discarding",
    "against_editing",
    "against_finding_step",
    "against_handing_over",
    "against_issuing",
    "against_linking",
    "against_moving_deadline",
    "against_proposing",
    "against_publishing",
    "against_raising",
    "against_reassigning",
    "against_rechecking",
    "against_releasing",
    "against_removing_duty",
    "against_repairing",
    "against_retiring",
    "against_returning",
    "against_signing",
    "against_silence",
    "against_submitting",
    "against_withdrawing_override",
    "gaps_of",
    "lacking",
    "lacking_all",
    "last_seen",
    "may_take_again",
    "no_comment",
    "refuse_if",
    "takers_of",
    "took_part",
    "took_part_in",
    "wrong_state",
]


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


def against_submitting(run: InspectionRun, by: User, completed_at: datetime | None = None) -> list[Refusal]:
    """Why this run cannot be submitted now; one reason per missing answer, comment or photo, 20 at most."""
    found = [*lacking(by, Right.INSPECT), *wrong_state("submit", run)]
    gaps = gaps_of(run)
    words = {
        "unanswered": _("%(item)s on %(ci)s is not answered."),
        "comment": _("%(item)s on %(ci)s needs a comment."),
        "photo": _("%(item)s on %(ci)s needs a photo."),
    }
    items = {item.pk: str(item) for item in run.version.items.all()}
    targets = {target.pk: str(target) for target in run.targets.all()}
    for target, item, gap in gaps[:20]:
        found.append(Refusal(gap, words[gap] % {"item": items[item], "ci": targets[target]}))
    if len(gaps) > 20:
        found.append(Refusal("more", _("%(count)s more answers are missing.") % {"count": len(gaps) - 20}))
    if completed_at is not None and (seen := last_seen(run)) and completed_at < seen - CLOCKS_DIFFER:
        at = date_format(timezone.localtime(seen), "Y-m-d H:i:s")
        message = _("The run was not done then: its last answer was observed at %(at)s.") % {"at": at}
        found.append(
            Refusal("observed_later", message, _("Send the time at which the last answer was given."))
        )
    return found


def last_seen(run: InspectionRun) -> datetime | None:
    """When the last answer that counts was observed by a person; a machine answers whenever it likes."""
    answers = Answer.objects.current().filter(target__run=run).exclude(source=Answer.Source.MACHINE)
    return answers.aggregate(at=Max("observed_at"))["at"]


def gaps_of(run: InspectionRun) -> list[tuple[int, int, str]]:
    """(target, item, unanswered|comment|photo) of what keeps the run from being submitted, by PostgreSQL."""
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
    if took_part(run, by):
        message = _("You took part in this inspection.")
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
