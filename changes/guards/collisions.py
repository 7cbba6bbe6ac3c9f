"""Windows: set, reserved, free of other changes and of freezes."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from changes.guards.refusal import Data, Refusal, unless
from changes.models import ApprovalPolicy, ChangeItem, ChangeLink, ChangeRequest, FreezeWindow
from changes.models.request import ItemImpact
from changes.workflow import UNDER_WAY, Outcome, State

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


def collisions_of(change: ChangeRequest, window: DateTimeTZRange | None) -> list[ChangeItem]:
    """Items of other changes under way that this one changes too, at an overlapping time. One query."""
    if window is None:
        return []
    mine = change.change_items.filter(impact=ItemImpact.MANUAL).values("item")
    return list(
        ChangeItem.objects.filter(
            item__in=mine,
            impact=ItemImpact.MANUAL,
            change__state__in=UNDER_WAY,
            change__window__overlap=window,
        )
        .exclude(change=change)
        .select_related("change", "item__type")
        .order_by("change_id", "id")
    )


def freezes_on(
    change: ChangeRequest, window: DateTimeTZRange | None, *, now: datetime | None = None
) -> list[FreezeWindow]:
    """Active freezes that cover a changed item in the window; without a window, now. Two queries."""
    now = now or timezone.now()
    during = window or DateTimeTZRange(now, now + timedelta(minutes=1))
    items = list(
        change.change_items.filter(impact=ItemImpact.MANUAL).values_list(
            "item_id", "item__type_id", "item__environment", "item__owner_team_id"
        )
    )

    def covers(freeze: FreezeWindow) -> bool:
        wanted = (freeze.item_id, freeze.type_id, freeze.environment, freeze.owner_team_id)
        return any(
            all(not want or want == has for want, has in zip(wanted, item, strict=True)) for item in items
        )

    return [f for f in FreezeWindow.objects.filter(is_active=True, window__overlap=during) if covers(f)]


def window_reserved(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """A window that is not empty and not over."""
    window = change.window
    return unless(
        window is not None
        and not window.isempty
        and window.upper is not None
        and window.upper > timezone.now(),
        "window_reserved",
        _("There is no window ahead: none is set, it is empty, or it has passed."),
        _("Set a window in the future."),
    )


def no_hard_conflict(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    return [
        Refusal(
            "no_hard_conflict",
            _("%(number)s changes %(item)s at the same time.")
            % {"number": row.change.number, "item": row.item},
            _("Choose another window, or agree with its owner."),
        )
        for row in collisions_of(change, asked_window(change, data))
    ]


def fresh_conflict_check(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    """Nothing that has come in between collides: the same question, asked again on live data."""
    return no_hard_conflict(change, by, data)


def no_hard_freeze(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    return [
        Refusal(
            "no_hard_freeze",
            _("A freeze is in force: %(freeze)s.") % {"freeze": freeze},
            _("Choose a window outside the freeze."),
        )
        for freeze in freezes_on(change, asked_window(change, data))
        if freeze.is_hard
    ]


def freeze_override_if_frozen(change: ChangeRequest, by: User | None, data: Data) -> list[Refusal]:
    frozen = [freeze for freeze in freezes_on(change, None) if freeze.is_hard]
    return unless(
        not frozen or change.freeze_override.strip(),
        "freeze_override_if_frozen",
        _("A freeze is in force and nothing says why this goes ahead."),
        _("Write why in spite of the freeze; voters will see it."),
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
    links = change.links.filter(nature=ChangeLink.Nature.FOLLOWS).select_related("other")
    good = (Outcome.SUCCESSFUL, Outcome.SUCCESSFUL_WITH_ISSUES)
    return [
        Refusal(
            "upstream_changes_done",
            _("%(number)s must be done first.") % {"number": link.other.number},
            _("Wait for it, or remove the link and plan again."),
        )
        for link in links
        if not (link.other.state == State.CLOSED and link.other.outcome in good)
    ]
