"""What the measured values say: which criteria are breached, which proved, and from when on."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, has_right
from changes.guards.people import implementers_of
from changes.guards.refusal import Data, Refusal, unless
from changes.models import ChangeRequest, Criterion, CriterionResult
from changes.models.request import AssignmentRole


class Breach(NamedTuple):
    """A criterion that is breached now: since its first bad value, by its last one."""

    criterion_id: int
    first_id: int
    last_id: int
    since: datetime
    value: Decimal


def breaches_of(change: ChangeRequest) -> list[Breach]:
    """The criteria that are breached now, as PostgreSQL sees the values. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM changes_breaches_v1(%s)", [change.pk])
        return [Breach(*row) for row in cursor.fetchall()]


def unproved(change: ChangeRequest, *, observed: bool) -> dict[int, datetime]:
    """By criterion that is not proved yet, from when on a value counts. One query.

    `observed` asks for the time of observation too; without it any value after the work counts.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM changes_unproved_v1(%s, %s)", [change.pk, observed])
        return dict(cursor.fetchall())


def past_no_return(change: ChangeRequest) -> bool:
    """A stage that was planned as the point of no return stands applied. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT changes_past_no_return_v1(%s)", [change.pk])
        return bool(cursor.fetchone()[0])


def newest_results(change: ChangeRequest) -> dict[int, CriterionResult]:
    """The newest measured value by criterion, of those measured since the work began. One query."""
    results = CriterionResult.objects.filter(criterion__change=change)
    if change.actual_start_at and not change.is_retrospective:
        results = results.filter(measured_at__gte=change.actual_start_at)
    newest = results.order_by("criterion_id", "-measured_at", "-id").distinct("criterion_id")
    return {result.criterion_id: result for result in newest}


def way_back_open(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Before the point of no return anybody named rolls back; after it a change manager alone, by decision.

    That manager neither implements nor verifies the change; OpsLedger itself never rolls back there.
    """
    if not past_no_return(change):
        return []
    apart = by is not None and not (
        by.pk in implementers_of(change)
        or change.assignments.filter(user=by, role=AssignmentRole.VERIFIER).exists()
    )
    return unless(
        apart and by is not None and has_right(by, Right.CHANGE_MANAGE),
        "way_back_open",
        _("Forward fix only: the point of no return is passed."),
        _("Ask the change manager, who alone decides on going back now."),
    )


def criterion_breached(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """A criterion that rolls back by itself is breached."""
    ids = [breach.criterion_id for breach in breaches_of(change)]
    return unless(
        ids and change.criteria.filter(pk__in=ids, has_auto_rollback=True).exists(),
        "criterion_breached",
        _("No criterion that rolls back by itself is breached."),
    )


def criteria_judged(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Each criterion has a value that was measured after the work ended."""
    return [
        Refusal(
            "criteria_judged",
            _("Not measured since the work ended: %(criterion)s") % {"criterion": criterion},
            _("Measure it."),
        )
        for criterion in _named(change, unproved(change, observed=False))
    ]


def criteria_passed(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    judged = newest_results(change)
    return [
        Refusal(
            "criteria_passed",
            _("Not met: %(criterion)s, measured %(value)s.")
            % {"criterion": criterion, "value": judged[criterion.pk]},
            _("Roll back, or close through a review."),
        )
        for criterion in change.criteria.all()
        if criterion.pk in judged and not judged[criterion.pk].has_passed
    ]


def observation_elapsed(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Each criterion was observed as long as planned, time on hold apart, and measured once more after it."""
    missing = unproved(change, observed=True)
    plain = unproved(change, observed=False)
    now, refusals = timezone.now(), []
    for criterion in _named(change, missing):
        ready = missing[criterion.pk]
        words = {"criterion": criterion, "time": timezone.localtime(ready).strftime("%Y-%m-%d %H:%M")}
        if ready > now:
            refusals.append(
                Refusal(
                    "observation_elapsed",
                    _("%(criterion)s is observed until %(time)s.") % words,
                    _("Wait until then."),
                )
            )
        elif criterion.pk not in plain:
            refusals.append(
                Refusal(
                    "observation_elapsed",
                    _("%(criterion)s has no value from the end of its observation, %(time)s, on.") % words,
                    _("Measure it once more."),
                )
            )
    return refusals


def _named(change: ChangeRequest, ids: dict[int, datetime]) -> list[Criterion]:
    return list(change.criteria.filter(pk__in=ids)) if ids else []


def machine_checks_pass(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Every criterion is measured by machine and passes."""
    by_hand = change.criteria.filter(is_machine=False).exists()
    return unless(
        not by_hand and change.criteria.exists(),
        "machine_checks_pass",
        _("Not every criterion is measured by machine."),
    ) + criteria_passed(change, by, data)
