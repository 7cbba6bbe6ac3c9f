"""Writing down what a change affects: computed, judged by hand, confirmed, and acknowledged when it grew."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, has_right
from changes.actions.consultations import ask_owners
from changes.actions.refusals import StepRefused, locked, refusals_recorded
from changes.guards.form import thin
from changes.guards.impact import EFFECTS, ROWS_IN_WORDS, LiveImpact, last_confirmation
from changes.guards.people import must_not_be
from changes.guards.refusal import Refusal
from changes.models import ChangeItem, ChangeRequest, ImpactConfirmation
from changes.models.request import AssignmentRole, ItemImpact
from changes.workflow import Relation, State
from cmdb.models import ConfigurationItem


def snapshot_impact(change: ChangeRequest, by: User | None, data: Mapping[str, Any]) -> None:
    """The change lists what its items take down, degrade or inform of, in the graph as it is now.

    Items judged by hand stay as judged. Computed rows are written anew; the first thousand, worst first.
    """
    rows = change.change_items
    live = LiveImpact(change)
    rows.filter(impact=ItemImpact.COMPUTED).delete()
    known = set(rows.values_list("item_id", flat=True))
    found = [
        ChangeItem(
            change=change,
            item_id=row.item_id,
            impact=ItemImpact.COMPUTED,
            effect=row.effect,
            depth=min(row.depth, 32_767),
        )
        for row in live.rows
        if row.item_id not in known
    ]
    ChangeItem.objects.bulk_create(found[:ROWS_IN_WORDS])


def submit_with_impact(change: ChangeRequest, by: User | None, data: Mapping[str, Any]) -> None:
    """A standard change carries the list as it was when it was submitted: growth is seen at the start."""
    snapshot_impact(change, by, data)
    if by is not None:
        _confirm(change, ImpactConfirmation.Purpose.SUBMITTED, by)


def judge_not_affected(
    change: ChangeRequest, item: ConfigurationItem, *, by: User, reason: str
) -> ChangeItem:
    """The item is left out of the impact, for this reason. By the assessor, while assessing.

    Raises StepRefused without a reason that says something, or for an item that the change changes.
    """
    with refusals_recorded("judge_not_affected", change, by):
        current = locked(change)
        refusals = _only_assessor(current, by)
        if thin(reason):
            refusals.append(
                Refusal(
                    "reason",
                    _("Why the item is not affected says too little."),
                    _("Write what keeps it working, for example: “reads from its own replica”."),
                )
            )
        if current.change_items.filter(item=item, impact=ItemImpact.MANUAL).exists():
            refusals.append(Refusal("item_changed", _("The change changes this item itself.")))
        if refusals:
            raise StepRefused(refusals)
        row = _judge(
            current, item, impact=ItemImpact.NOT_IMPACTED, effect="", reason=reason.strip(), judged_by=by
        )
    change.refresh_from_db()
    return row


def add_affected(
    change: ChangeRequest, item: ConfigurationItem, *, by: User, effect: str = "down", reason: str = ""
) -> ChangeItem:
    """The item is affected although no relation says so. By the assessor, while assessing."""
    with refusals_recorded("add_affected", change, by):
        current = locked(change)
        refusals = _only_assessor(current, by)
        if effect not in EFFECTS:
            refusals.append(Refusal("effect", _("There is no such effect.")))
        if current.change_items.filter(item=item, impact=ItemImpact.MANUAL).exists():
            refusals.append(Refusal("item_changed", _("The change changes this item itself.")))
        if refusals:
            raise StepRefused(refusals)
        row = _judge(
            current, item, impact=ItemImpact.ADDED, effect=effect, reason=reason.strip(), judged_by=by
        )
    change.refresh_from_db()
    return row


def withdraw_judgement(row: ChangeItem, *, by: User) -> None:
    """What was judged by hand is computed again. By the assessor, while assessing."""
    with refusals_recorded("withdraw_judgement", row.change, by):
        current = locked(row.change)
        refusals = _only_assessor(current, by)
        if row.impact not in (ItemImpact.NOT_IMPACTED, ItemImpact.ADDED):
            refusals.append(Refusal("judged", _("Nobody judged this item by hand.")))
        if refusals:
            raise StepRefused(refusals)
        row.delete()
        snapshot_impact(current, by, {})
    row.change.refresh_from_db()


def _judge(change: ChangeRequest, item: ConfigurationItem, **judged: Any) -> ChangeItem:
    row, _made = ChangeItem.objects.update_or_create(
        change=change, item=item, defaults={"depth": None, **judged}
    )
    snapshot_impact(change, None, {})
    return row


def confirm_impact(
    change: ChangeRequest, *, by: User, seen: str | None = None, comment: str = ""
) -> ImpactConfirmation:
    """The assessor stands for the list of affected items as the graph gives it now; owners have been asked.

    `seen` is the mark of the list that was read (`list_mark`); another list is refused. Raises StepRefused.
    """
    with refusals_recorded("confirm_impact", change, by):
        current = locked(change)
        refusals = _only_assessor(current, by)
        live = LiveImpact(current)
        if seen is not None and seen != list_mark(live):
            refusals.append(
                Refusal(
                    "list_moved",
                    _("The list of affected items is not the one you read."),
                    _("Read it again and confirm it."),
                )
            )
        if refusals:
            raise StepRefused(refusals)
        snapshot_impact(current, by, {})
        ask_owners(current, by, {})
        ChangeRequest.objects.filter(pk=current.pk).update(impact_acknowledged_by=by)
        row = _confirm(current, ImpactConfirmation.Purpose.CONFIRMED, by, live=live, comment=comment)
    change.refresh_from_db()
    return row


def acknowledge_impact(
    change: ChangeRequest, *, by: User, items: Collection[str], comment: str = ""
) -> ImpactConfirmation:
    """The owner or the assessor stands for each item that came in since, named by its address.

    Raises StepRefused naming each new item that was not named. Locks the change.
    """
    with refusals_recorded("acknowledge_impact", change, by):
        current = locked(change)
        owner = by.pk == (current.owner_id or current.requester_id) and has_right(by, Right.CHANGE_REQUEST)
        refusals = [] if owner else _assessor(current, by)
        if current.state not in (State.ASSESSING, State.TESTING, State.APPROVING, State.SCHEDULED):
            refusals.append(Refusal("state", _("The impact is acknowledged before the work starts.")))
        live, confirmed = LiveImpact(current), last_confirmation(current)
        grown = live.rows if confirmed is None else live.grown_since(confirmed)
        refusals += [
            Refusal("name_each", _("Not named: %(item)s") % {"item": row.address}, _("Name every new item."))
            for row in grown
            if row.address not in items and (confirmed is not None or row.effect != "informed")
        ]
        if refusals:
            raise StepRefused(refusals)
        names = [row.address for row in grown]
        return _confirm(
            current, ImpactConfirmation.Purpose.ACKNOWLEDGED, by, live=live, comment=comment, names=names
        )


def list_mark(live: LiveImpact) -> str:
    """A mark of the list as it was shown: another list has another mark."""
    return ImpactConfirmation.mark_of(live.changed, live.known)


def _confirm(
    change: ChangeRequest,
    purpose: str,
    by: User,
    *,
    live: LiveImpact | None = None,
    comment: str = "",
    names: Collection[str] = (),
) -> ImpactConfirmation:
    live = live or LiveImpact(change)
    vetoes = change.change_items.filter(impact=ItemImpact.NOT_IMPACTED).select_related("item__type")
    row = ImpactConfirmation.objects.create(
        change=change,
        purpose=purpose,
        changed=live.changed,
        known=live.known,
        rows=[each.as_json() for each in live.rows[:ROWS_IN_WORDS]],
        vetoed=[{"item": v.item_id, "address": v.item.address, "reason": v.reason} for v in vetoes],
        acknowledged=list(names),
        comment=comment.strip(),
        confirmed_by=by,
    )
    row.refresh_from_db()
    return row


def _only_assessor(change: ChangeRequest, by: User) -> list[Refusal]:
    refusals = _assessor(change, by)
    if change.state != State.ASSESSING:
        refusals.append(
            Refusal(
                "state",
                _("The impact is judged while the change is assessed."),
                _("Plan again to assess it anew."),
            )
        )
    return refusals


def _assessor(change: ChangeRequest, by: User) -> list[Refusal]:
    named = change.assignments.filter(user=by, role=AssignmentRole.ASSESSOR).exists()
    if named and has_right(by, Right.CHANGE_ASSESS):
        return must_not_be(change, Relation.REQUESTER, by)
    return [Refusal("who", _("This is for the assessors of the change."), _("Ask one of them."))]
