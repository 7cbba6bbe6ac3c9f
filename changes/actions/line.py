"""Stopping the line, and letting it run again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, RightMissing, has_right, require_right
from audit.actions import record_refusal
from audit.context import because
from changes.actions.refusals import StepRefused, in_words
from changes.guards.refusal import Refusal, unless
from changes.models import StoppedLine
from cmdb.models import ConfigurationItem

MAY_STOP = (Right.CHANGE_MANAGE, Right.CHANGE_ONCALL)


def may_stop(user: User) -> bool:
    """Whether the person may stop the line: a change manager, or who is on call."""
    return any(has_right(user, right) for right in MAY_STOP)


def stop_the_line(*, by: User, reason: str, scope: ConfigurationItem | None = None) -> StoppedLine:
    """Nothing in scope (a service with what it needs; None: everything) starts until it is released.

    Emergencies go on, and so does what is under way. Raises RightMissing, or StepRefused without a reason or
    where the same scope is stopped already.
    """
    if not may_stop(by):
        raise RightMissing(Right.CHANGE_MANAGE)
    with _refusals_recorded("stop_the_line", by, scope):
        _require_reason(reason)
        try:
            with transaction.atomic():
                stop = StoppedLine.objects.create(service=scope, reason=reason.strip(), stopped_by=by)
        except IntegrityError as error:
            if "one_at_a_time" not in str(error):
                raise
            words = _("The line is stopped already.")
            raise StepRefused([Refusal("line_stopped", words, _("Release that stop first."))]) from error
    stop.refresh_from_db()
    return stop


def release_the_line(stop: StoppedLine, *, by: User, reason: str) -> StoppedLine:
    """What was stopped may start again, and it stands who let it and why.

    By a change manager. Raises RightMissing, or StepRefused without a reason or where it is released already.
    Locks the stop.
    """
    require_right(by, Right.CHANGE_MANAGE)
    with _refusals_recorded("release_the_line", by, stop.service):
        current = StoppedLine.objects.select_for_update(of=("self",)).get(pk=stop.pk)
        _require_reason(reason)
        if current.released_at is not None:
            raise StepRefused([Refusal("line_released", _("Somebody has released it already."))])
        current.released_by, current.release_reason = by, reason.strip()
        current.released_at = current.stopped_at  # PostgreSQL puts the clock's time here
        current.save(update_fields=["released_by", "release_reason", "released_at"])
    stop.refresh_from_db()
    return stop


def _require_reason(reason: str) -> None:
    missing = unless(reason.strip(), "comment_required", _("This step asks for a reason."), _("Write why."))
    if missing:
        raise StepRefused(missing)


@contextmanager
def _refusals_recorded(deed: str, by: User, scope: ConfigurationItem | None) -> Iterator[None]:
    """All of the block or nothing; a refusal stands in the audit record for good."""
    try:
        with because(reason=deed, user=by), transaction.atomic(), in_words():
            yield
    except StepRefused as refused:
        reasons = [refusal.as_dict() for refusal in refused.refusals]
        record_refusal(deed, by=by, target=str(scope or ""), reasons=reasons)
        raise
