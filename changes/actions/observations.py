"""Measured values: posted by programs or the verifier, judged by PostgreSQL, answered when they are bad."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actions import notify
from accounts.models import User
from accounts.querysets import holders_of
from accounts.roles import Right, has_right, require_right
from audit.models import StoredFile
from changes.actions.apply import roll_back
from changes.actions.refusals import DriftFound, StepRefused, at, locked, refusals_recorded
from changes.actions.steps import take_step
from changes.guards.observation import Breach, breaches_of, past_no_return
from changes.guards.people import implementers_of
from changes.guards.refusal import Refusal
from changes.models import ChangeRequest, Criterion, CriterionBreach, CriterionResult
from changes.models.request import AssignmentRole
from changes.notices import BREACH
from changes.workflow import State

MOST_AT_ONCE = 1000
WATCHED = (State.IMPLEMENTING, State.VERIFYING)
LARGEST = Decimal(10) ** 16


@dataclass(frozen=True)
class Observation:
    """One value as a program posts it; for one criterion, or for every criterion of a metric."""

    value: Decimal
    criterion: int | None = None
    metric: str = ""
    measured_at: datetime | None = None
    source: str = ""
    key: str = ""


def record_criterion(  # noqa: PLR0913  each is one part of a measurement
    criterion: Criterion,
    *,
    value: Decimal | float | str,
    by: User | None,
    source: str = "",
    evidence: str = "",
    file: StoredFile | None = None,
    file_name: str = "",
) -> CriterionResult:
    """The value stands and PostgreSQL has judged it; a breach that asks for it has begun the rollback.

    By the verifier, or by a machine (`by=None`) while the work or the observation goes on.
    """
    change = criterion.change
    with refusals_recorded("record_criterion", change, by):
        current = locked(change)
        refusals = _against_measuring(current)
        if by is not None:
            named = current.assignments.filter(user=by, role=AssignmentRole.VERIFIER).exists()
            if not (named and has_right(by, Right.CHANGE_VERIFY)):
                refusals.append(Refusal("who", _("This is for the verifiers of the change.")))
            if by.pk in implementers_of(current):
                refusals.append(
                    Refusal("implementer_apart", _("Who implemented a change does not verify it."))
                )
        if refusals:
            raise StepRefused(refusals)
        result = CriterionResult(
            criterion=criterion, value=Decimal(str(value)), measured_by=by, source=source, evidence=evidence,
            file=file, file_name=file_name if file else "",
        )  # fmt: skip
        result.full_clean()
        result.save()
        answer_breaches(current)
    result.refresh_from_db()
    change.refresh_from_db()
    return result


def record_observations(
    change: ChangeRequest, observations: Sequence[Observation], *, by: User
) -> list[tuple[CriterionResult, bool]]:
    """Every value stands, judged by PostgreSQL, or none; returns each with whether it is new.

    A value for a metric counts for every criterion of that name. A key that was used before gives the value
    that it was used for. Raises RightMissing without CHANGE_OBSERVE, ValidationError by number of the value
    (from 0) for what cannot be stored, StepRefused for the wrong state and for who implements the change.
    One insert for all; a breach that asks for it has begun the rollback when this returns.
    """
    require_right(by, Right.CHANGE_OBSERVE)
    if len(observations) > MOST_AT_ONCE:
        words = {"most": MOST_AT_ONCE}
        raise ValidationError(_("At most %(most)d values are taken at once.") % words)
    with refusals_recorded("record_observations", change, by):
        current = locked(change)
        refusals = _against_measuring(current)
        if by.pk in implementers_of(current):
            refusals.append(
                Refusal("implementer_apart", _("Who implements a change does not measure its effect."))
            )
        if refusals:
            raise StepRefused(refusals)
        rows = _rows_of(current, observations, by)
        stored = _store(rows)
        answer_breaches(current)
    change.refresh_from_db()
    return stored


def _against_measuring(change: ChangeRequest) -> list[Refusal]:
    if change.state in WATCHED:
        return []
    return [Refusal("state", _("Values are measured during the work and after it."))]


def _rows_of(change: ChangeRequest, observations: Iterable[Observation], by: User) -> list[CriterionResult]:
    """Unsaved rows. Raises ValidationError with every value that fits no criterion or cannot be stored."""
    criteria = list(change.criteria.all())
    by_id = {criterion.pk: criterion for criterion in criteria}
    rows, faults = [], {}
    for number, each in enumerate(observations):
        if each.criterion is not None:
            wanted = [by_id[each.criterion]] if each.criterion in by_id else []
        else:
            wanted = [criterion for criterion in criteria if criterion.metric == each.metric]
        if not wanted:
            named = ", ".join(dict.fromkeys(criterion.metric for criterion in criteria))
            words = {"metrics": named}
            faults[str(number)] = [_("No such criterion. This change measures: %(metrics)s.") % words]
            continue
        if not storable(each.value):
            faults[str(number)] = [
                _("The value is no number that can be kept: at most 16 digits before the point.")
            ]
            continue
        moment = {} if each.measured_at is None else {"measured_at": each.measured_at}
        rows += [
            CriterionResult(
                criterion=criterion, value=each.value.quantize(Decimal("0.0001")), measured_by=by,
                source=each.source, key=each.key, **moment,
            )
            for criterion in wanted
        ]  # fmt: skip
    if faults:
        raise ValidationError(faults)
    return rows


def storable(value: Decimal) -> bool:
    """A finite number that fits the column."""
    try:
        return value.is_finite() and abs(value) < LARGEST
    except InvalidOperation:
        return False


def _store(rows: list[CriterionResult]) -> list[tuple[CriterionResult, bool]]:
    """Each row as it stands now, and whether it is new. Raises StepRefused for a key with another value."""
    keyed = {(row.criterion_id, row.key): row for row in rows if row.key}
    known: dict[tuple[int, str], CriterionResult] = {}
    if keyed:
        wanted = Q(criterion__in={row.criterion_id for row in rows}, key__in={key for _id, key in keyed})
        found = CriterionResult.objects.filter(wanted)
        known = {(row.criterion_id, row.key): row for row in found}
    clashes, new, answers = [], [], []
    for row in rows:
        before = known.get((row.criterion_id, row.key)) if row.key else None
        if before is None:
            new.append(row)
            if row.key:
                known[(row.criterion_id, row.key)] = row
        elif before.value != row.value:
            words = {"key": row.key, "value": before.value}
            clashes.append(
                Refusal(
                    "key_used",
                    _("The key %(key)s stands for the value %(value)s already.") % words,
                    _("Give each measurement a key of its own."),
                )
            )
        answers.append((before or row, before is None))
    if clashes:
        raise StepRefused(clashes)
    CriterionResult.objects.bulk_create(new)
    fresh = CriterionResult.objects.in_bulk([row.pk for row in new])
    return [(fresh.get(row.pk, row), is_new) for row, is_new in answers]


def answer_breaches(change: ChangeRequest) -> bool:
    """Each breach is written down once and answered: the change rolls back by itself, or people are called.

    Past the point of no return, and where the criterion does not ask for it, people are called. Returns
    whether the rollback has begun. The change's row is locked by the caller; safe at any number at once.
    """
    if change.state not in WATCHED or not (breaches := breaches_of(change)):
        return False
    criteria = change.criteria.in_bulk([breach.criterion_id for breach in breaches])
    way_back = not past_no_return(change)
    cause = next(
        (each for each in breaches if way_back and criteria[each.criterion_id].has_auto_rollback), None
    )
    for breach in breaches:
        answer = "rolled_back" if breach == cause else "paged"
        _row, is_new = CriterionBreach.objects.get_or_create(
            first_result_id=breach.first_id,
            defaults={
                "criterion_id": breach.criterion_id, "result_id": breach.last_id, "answer": answer,
            },
        )  # fmt: skip
        if is_new and breach != cause and cause is None:
            _page(change, criteria[breach.criterion_id], breach, None)
    if cause is None:
        return False
    return _roll_back_by_itself(change, criteria[cause.criterion_id], cause)


def _roll_back_by_itself(change: ChangeRequest, criterion: Criterion, breach: Breach) -> bool:
    """The step is taken; where the criterion says so, the operations are taken back in the same breath."""
    told = {"metric": criterion.metric, "value": str(breach.value), "threshold": str(criterion.threshold)}
    comment = _("%(criterion)s: %(value)s measured, bad since %(time)s") % {
        "criterion": criterion, "value": breach.value.normalize(), "time": at(breach.since),
    }  # fmt: skip
    try:
        take_step(change, "auto_rollback", by=None, comment=comment, data=told)
    except StepRefused:
        return False  # it moved meanwhile; recorded
    restored: bool | None = None
    if criterion.has_auto_restore:
        try:
            roll_back(change, by=None)
            restored = True
        except DriftFound:
            restored = False  # the fields stand on the page of the work, for two people
        except StepRefused:
            restored = False
    _page(change, criterion, breach, restored)
    return True


OUTCOMES = {
    None: gettext_lazy("The change rolls back; its implementers take the operations back now."),
    True: gettext_lazy("The change rolls back; every planned operation is taken back already."),
    False: gettext_lazy("The change rolls back; some fields have changed since and wait for two people."),
}


def _page(change: ChangeRequest, criterion: Criterion, breach: Breach, restored: bool | None) -> None:
    """Who works on the change, answers for it or manages changes is called, once a breach."""
    if change.state == State.ROLLING_BACK:
        what = OUTCOMES[restored]
    elif past_no_return(change):
        what = gettext_lazy("Past the point of no return: forward fix only, nothing rolls back by itself.")
    else:
        what = gettext_lazy("The plan does not roll back by itself here: decide now.")
    notify(
        _people_of(change),
        BREACH,
        subject=gettext_lazy("%(number)s: %(criterion)s is breached"),
        text=gettext_lazy("%(value)s was measured, bad since %(since)s.\n%(what)s"),
        words={
            "number": change.number, "criterion": criterion, "value": breach.value.normalize(),
            "since": breach.since, "what": what,
        },
        path=f"/changes/{change.number}/work/",
        urgent=True,
        about=change.number,
        key=f"breach-{breach.first_id}",
        to_self=True,
    )  # fmt: skip


def _people_of(change: ChangeRequest) -> list[User]:
    mine = Q(change_assignments__change=change) | Q(
        pk__in=[pk for pk in (change.owner_id, change.rollback_owner_id, change.requester_id) if pk]
    )
    managers = holders_of(Right.CHANGE_MANAGE)
    found = get_user_model().objects.filter(mine | Q(pk__in=managers.values("pk")), is_active=True)
    return list(found.distinct())


def watch_criteria() -> int:
    """Breaches that nobody has answered yet are; returns how many rollbacks have begun. For a job.

    A value is judged as it comes in; this finds what was written past the actions, or in a request that broke
    off between the two.
    """
    count = 0
    for change in ChangeRequest.objects.filter(
        state__in=WATCHED, criteria__results__has_passed=False
    ).distinct():
        with refusals_recorded("watch_criteria", change, None):
            count += answer_breaches(locked(change))
    return count
