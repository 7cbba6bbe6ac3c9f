"""Windows: set, reserved, free of other changes and of freezes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from itertools import groupby

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from changes.collisions import (
    Collision,
    FreezeHit,
    Schedule,
    collisions_of,
    freezes_on,
    maintenance_misses,
)
from changes.collisions.words import in_words, names_of
from changes.guards.refusal import Data, Refusal, unless
from changes.models import ApprovalPolicy, ChangeRequest, CollisionKind
from changes.workflow import Outcome, State

__all__ = ["Collision", "FreezeHit", "collisions_of", "freezes_on"]

# Where no policy says otherwise: a standard change has none.
RESCHEDULE_DAYS = 7
LATE_MINUTES = 60


def policy_of(change: ChangeRequest) -> ApprovalPolicy | None:
    """The approval policy for the change's kind and risk, the one for any risk last. One query."""
    fitting = ApprovalPolicy.objects.filter(kind=change.kind, risk__in=[change.risk, ""])
    return fitting.order_by("-risk").first()


def asked_window(change: ChangeRequest, data: Data) -> DateTimeTZRange | None:
    """The window that the step asks for, else the change's own."""
    if data and data.get("window_start") and data.get("window_end"):
        if data["window_start"] >= data["window_end"]:
            return DateTimeTZRange(empty=True)
        return DateTimeTZRange(data["window_start"], data["window_end"])
    return change.window


def window_reserved(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """A window that is not empty and not over. Being scheduled reserves it."""
    window = change.window
    return unless(
        window is not None
        and not window.isempty
        and window.upper is not None
        and window.upper > timezone.now(),
        "window_reserved",
        _("There is no window ahead: none is set, it is empty, or it has passed."),
        _("Set a window in the future."),
        _place(change),
    )


def no_hard_conflict(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """No other change is in the way by a hard rule, unless who may accept it has."""
    window = asked_window(change, data)
    refusals = []
    for (_pk, kind), found in groupby(
        (each for each in collisions_of(change, window) if each.blocks),
        key=lambda each: (each.other.pk, each.kind),
    ):
        rows = list(found)
        refusals.append(
            Refusal(
                "no_hard_conflict",
                in_words(change, rows),
                FIXES[CollisionKind(kind)](rows[0]),
                _place(change),
            )
        )
    misses = maintenance_misses(change, window)
    if misses and Schedule([]).is_hard(CollisionKind.MAINTENANCE):
        refusals.append(
            Refusal(
                "outside_maintenance",
                _("The window lies outside the maintenance windows of %(items)s.")
                % {"items": names_of(miss.item for miss in misses)},
                _("Take the next free slot."),
                _place(change),
            )
        )
    return refusals


def _ask(found: Collision) -> str:
    return _("Take the next free slot, or ask the owner of %(number)s to accept it.") % {
        "number": found.other.number
    }


FIXES = {
    CollisionKind.REDUNDANCY: _ask,
    CollisionKind.RELATED: _ask,
    CollisionKind.SAME_ITEM: lambda found: _(
        "Take the next free slot; or people of both changes accept it, or a change manager decides."
    ),
    CollisionKind.REDUNDANCY: lambda found: (
        _("Take the next free slot, or ask the owner of %(number)s to accept it.")
        % {"number": found.other.number}
    ),
    CollisionKind.UPSTREAM: lambda found: _("Choose windows in this order, or remove the link."),
    CollisionKind.RELATED: lambda found: (
        _("Take the next free slot, or ask the owner of %(number)s to accept it.")
        % {"number": found.other.number}
    ),
    CollisionKind.PERSON: lambda found: (
        _("Name somebody else, or ask the owner of %(number)s to accept it.") % {"number": found.other.number}
    ),
}


def fresh_conflict_check(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Nothing that has come in between collides: the same question, asked again on live data."""
    return no_hard_conflict(change, by, data)


def new_window_free(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Nothing collides in the window that is asked for; while none is asked for, nothing is refused."""
    return [] if data is None else no_hard_conflict(change, by, data)


def new_window_not_frozen(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """No hard freeze lies in the window that is asked for."""
    return [] if data is None else no_hard_freeze(change, by, data)


def _by_freeze(hits: Iterable[FreezeHit]) -> list[list[FreezeHit]]:
    return [list(rows) for _pk, rows in groupby(hits, key=lambda hit: hit.freeze.pk)]


def no_hard_freeze(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """No hard freeze covers an item of the change in the window, unless a change manager overrode it."""
    return [
        Refusal(
            "no_hard_freeze",
            _("A freeze is in force: %(freeze)s. It covers %(items)s.")
            % {"freeze": rows[0].freeze, "items": names_of(hit.item for hit in rows)},
            _("Choose a window outside the freeze, or ask the change manager to override it."),
            _place(change),
        )
        for rows in _by_freeze(freezes_on(change, asked_window(change, data)))
        if rows[0].blocks
    ]


def soft_freeze_explained(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Where a soft freeze covers an item, the change says why it goes ahead all the same."""
    if change.freeze_override.strip():
        return []
    soft = [hit for hit in freezes_on(change, asked_window(change, data)) if not hit.freeze.is_hard]
    return [
        Refusal(
            "soft_freeze",
            _("A soft freeze is in force: %(freeze)s. It covers %(items)s.")
            % {"freeze": rows[0].freeze, "items": names_of(hit.item for hit in rows)},
            _("Say why the change goes ahead in spite of it, or choose another window."),
            _place(change),
        )
        for rows in _by_freeze(soft)
    ]


def soft_freeze_reasoned(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """The same for a plan that is locked already: the step asks why."""
    if data is None or data.get("freeze_reason"):
        return []
    return soft_freeze_explained(change, by, data)


def freeze_override_if_frozen(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """An emergency in a hard freeze says why; the policy then asks an owner of the items to vote, too."""
    frozen = [hit for hit in freezes_on(change, None) if hit.freeze.is_hard]
    return unless(
        not frozen or change.freeze_override.strip(),
        "freeze_override_if_frozen",
        _("A freeze is in force and nothing says why this goes ahead: %(freeze)s.")
        % {"freeze": ", ".join(dict.fromkeys(str(hit.freeze) for hit in frozen))},
        _("Write why in spite of the freeze; voters will see it, and an owner of the items votes."),
        reverse("changes:edit", args=[change.number]),
    )


def inside_window(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    window, now = change.window, timezone.now()
    inside = window is not None and not window.isempty
    inside = (
        inside
        and (window.lower is None or window.lower <= now)
        and (window.upper is None or now < window.upper)
    )
    return unless(
        inside,
        "inside_window",
        _("It is not the time of the window."),
        _("Wait for the window, or reschedule."),
        _place(change),
    )


def within_approved_tolerance(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """The new window is ahead, not longer, and starts within the days that the policy allows."""
    if data is None or change.window is None or change.window.isempty:
        return []
    start, end = data.get("window_start"), data.get("window_end")
    if not start or not end or start >= end or end <= timezone.now():
        return unless(
            False, "window_ahead", _("The new window is empty or has passed."), _("Choose a later one.")
        )
    old = change.window
    policy = policy_of(change)
    days = policy.reschedule_days if policy else RESCHEDULE_DAYS
    return unless(
        end - start <= old.upper - old.lower,
        "window_longer",
        _("The new window is longer than the approved one."),
        _("Plan again to get more time approved."),
    ) + unless(
        abs(start - old.lower) <= timedelta(days=days),
        "within_approved_tolerance",
        _("The new window is more than %(days)d days from the approved one.") % {"days": days},
        _("Plan again and have it approved anew."),
    )


def window_passed_plus_grace(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    window, policy = change.window, policy_of(change)
    late = timedelta(minutes=policy.late_minutes if policy else LATE_MINUTES)
    return unless(
        window is not None and window.upper is not None and window.upper + late <= timezone.now(),
        "window_passed_plus_grace",
        _("The window has not passed yet."),
    )


def upstream_changes_done(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Every change that this one must follow is closed, and came out well."""
    good = (Outcome.SUCCESSFUL, Outcome.SUCCESSFUL_WITH_ISSUES)
    return [
        Refusal(
            "upstream_changes_done",
            _("%(number)s must be done first.") % {"number": link.other.number},
            _("Wait for it, or remove the link and plan again."),
            reverse("changes:change", args=[link.other.number]),
        )
        for link in change.follows
        if not (link.other.state == State.CLOSED and link.other.outcome in good)
    ]


def _place(change: ChangeRequest) -> str:
    """Where collisions are read, accepted and moved away from."""
    return reverse("changes:change", args=[change.number]) + "#collisions"
