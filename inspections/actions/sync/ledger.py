"""Exactly once: the key of an operation is stored with its effect and its answer, in one transaction.

Done, refused (409) and unfit (422) operations are stored, so that whoever sends one again, because the answer
was lost, is answered the same. Nothing is stored where the operation was not judged: no log-in, no right, no
such run, no picture, a fault of ours. Keys are kept for ever: they are part of the record, a phone may come
back after months, and a row is small (about 600 bytes: 0.5 GB for a year of 2,400 answers a day).
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, InternalError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, require_right
from audit.context import because
from inspections.actions.runs import take_back_missed
from inspections.actions.sync.effects import EFFECTS
from inspections.actions.sync.operations import ConflictError, Deed, Operation, Outcome
from inspections.bundle import progress_of, run_state
from inspections.bundle.shapes import iso
from inspections.clock import corrected
from inspections.guards import Refusal, Refused
from inspections.models import InspectionRun, SyncOp

# One lock per key until the end of the transaction: a twin waits, then finds the answer.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 4))"


def take_operation(operation: Operation, *, by: User) -> Outcome:
    """The operation is carried out, or was refused in words; sent again, it is answered the same.

    Raises RightMissing without the right to inspect, InspectionRun.DoesNotExist if there is no such run;
    nothing is stored then. Locks the key, then the run. Three statements beside those of the deed.
    """
    require_right(by, Right.INSPECT)
    with transaction.atomic(), because(user=by):
        with connection.cursor() as cursor:
            cursor.execute(LOCK, [str(operation.key)])
        former = SyncOp.objects.filter(key=operation.key).first()
        if former is not None:
            return _again(operation, former, by)
        # Locked here and not first in the savepoint of the deed: one that is refused would let go of the lock
        # before the row of the ledger asks for it again, and two such operations wait for each other.
        runs = InspectionRun.objects.select_for_update(of=("self",)).select_related("version")
        run = runs.get(number=operation.run)
        now = timezone.now()
        outcome, skew = _judge(operation, run, now, by)
        SyncOp.objects.bulk_create(
            [
                SyncOp(
                    key=operation.key, user=by, run=run, device=operation.device, kind=operation.kind,
                    body_sha256=operation.sha256, made_at=operation.made_at, clock_skew_seconds=skew,
                    status=outcome.status, response=outcome.body,
                )
            ]
        )  # fmt: skip
    return outcome


def _again(operation: Operation, former: SyncOp, by: User) -> Outcome:
    """The stored answer; for another body or another person only that the key is taken."""
    if former.user_id == by.pk and former.body_sha256 == operation.sha256:
        return Outcome(former.status, in_order(former.response), is_replayed=True)
    message = _("This key was used for another operation. Send it under a new one.")
    return Outcome(422, refusal_body(operation, "key_reused", message))


def _judge(operation: Operation, run: InspectionRun, now: datetime, by: User) -> tuple[Outcome, int]:
    """What becomes of the operation, and by how many seconds the device's clock is behind."""
    skew, extra, code, refusals = 0, {}, "", []  # type: ignore[var-annotated]
    try:
        at = corrected(
            operation.made_at, operation.sent_at, now, not_before=run.created_at, device=operation.device
        )
        skew = at.clock_skew_seconds
        with transaction.atomic():
            run = take_back_missed(run, by=by, done_at=at.observed_at)
            extra = EFFECTS[operation.kind](Deed(operation, run, at, now), by)
        run.refresh_from_db()
        body = {"key": str(operation.key), "kind": operation.kind, "at": iso(now), "run": run_state(run)}
        return Outcome(201, in_order(body | extra | {"progress": progress_of(run)})), skew
    except OverflowError:
        status, code = 422, "clock"
        message = _("The device's clock is wrong by lifetimes. Set it, then enter this again.")
    except ValidationError as error:
        status, code, message = 422, error.code or "invalid", " ".join(error.messages)
    except ConflictError as conflict:
        status, code, message, extra = 409, "conflict", str(conflict), conflict.body
    except Refused as refused:
        status, code, message, refusals = 409, "refused", str(refused), refused.refusals
    except (IntegrityError, InternalError) as error:
        if not is_our_rule(error):
            raise
        status, code = 409, "refused"
        message = str(error).splitlines()[0].removeprefix("inspections: ")
    run.refresh_from_db()
    body = refusal_body(operation, code, message, refusals) | {"run": run_state(run)} | extra
    return Outcome(status, in_order(body)), skew


def is_our_rule(error: Exception) -> bool:
    """Whether PostgreSQL refused for a rule of ours, and will again; a deadlock or a fault is none."""
    return getattr(error.__cause__, "sqlstate", "") in ("23001", "23505", "23514", "P0001")


def refusal_body(
    operation: Operation, code: str, message: str, refusals: list[Refusal] | None = None
) -> dict[str, Any]:
    """A refusal in the shape of every error of the API."""
    told = [{"code": each.code, "message": each.message, "fix": each.fix} for each in refusals or []]
    error = {"code": code, "message": message, "fields": {}, "refusals": told}
    return {"key": str(operation.key), "kind": operation.kind, "error": error}


def in_order(body: dict[str, Any]) -> dict[str, Any]:
    """The same body with its names in order, so that a replay is equal to the byte."""
    return json.loads(json.dumps(body, cls=DjangoJSONEncoder, sort_keys=True))
