"""Stopping the line, and letting it run again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.actions import notify
from accounts.models import User
from accounts.roles import ROLES, Right, RightMissing, has_right, require_right
from audit.actions import record_refusal
from audit.context import because
from changes.actions.refusals import StepRefused, in_words
from changes.guards.refusal import Refusal, unless
from changes.models import ChangeRequest, StoppedLine
from changes.notices import LINE
from changes.workflow import State
from cmdb.models import ConfigurationItem

STOPPED, RELEASED = _lazy("The line is stopped: %(scope)s"), _lazy("The line runs again: %(scope)s")
STOPPED_TEXT = _lazy("%(who)s stopped it: %(reason)s No normal or standard change starts, the gate is shut.")
RELEASED_TEXT = _lazy("%(who)s let it run again: %(reason)s")
ROLES_TOLD = [key for key, role in ROLES.items() if {Right.CHANGE_MANAGE, Right.CHANGE_ONCALL} & role.rights]
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
        _tell(stop, subject=STOPPED, text=STOPPED_TEXT, who=by, reason=stop.reason)
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
        _tell(current, subject=RELEASED, text=RELEASED_TEXT, who=by, reason=current.release_reason)
    stop.refresh_from_db()
    return stop


def _tell(stop: StoppedLine, *, subject: Promise, text: Promise, who: User, reason: str) -> None:
    """Change managers, who is on call, and everybody with a part in a change that is about to start know."""
    awaited = ChangeRequest.objects.filter(state__in=(State.SCHEDULED, State.IMPLEMENTING))
    working = Q(change_assignments__change__in=awaited) | Q(requested_changes__in=awaited)
    people = User.objects.filter(Q(role_grants__role__in=ROLES_TOLD) | working, is_active=True).distinct()
    words = {"scope": str(stop), "who": str(who), "reason": reason}
    notify(
        people, LINE, subject=subject, text=text, words=words, path=reverse("changes:line"),
        urgent=True, about=_("Stop the line"),
    )  # fmt: skip


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
