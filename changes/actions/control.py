"""Explaining writes that no change had planned, and planning what was refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, has_right, require_right
from audit.actions import record_refusal
from audit.context import because
from changes.actions.plan import create_change
from changes.actions.plan_operations import add_operation
from changes.actions.refusals import StepRefused, in_words, refusals_recorded
from changes.guards.refusal import Refusal
from changes.models import (
    ChangeItem,
    ChangeRequest,
    PlannedOperation,
    PlanStage,
    UnauthorisedRow,
    UnauthorisedWrite,
)
from changes.models.plan import OperationKind
from changes.querysets import NOTHING_DONE
from changes.workflow import Kind
from cmdb.models import ConfigurationItem

Deed = UnauthorisedRow.Deed
# Of a new item; the rest is what it has when nothing is said of it.
ITEM_FIELDS = (
    "type_id", "name", "lifecycle_stage", "environment", "criticality", "owner_team_id", "location_id",
    "serial", "primary_ip", "description", "attributes",
)  # fmt: skip
#: More items than a plan can show; such a write is linked to a change or accepted.
LARGEST = 5_000


def link_write(
    write: UnauthorisedWrite, change: ChangeRequest, *, by: User, comment: str = ""
) -> UnauthorisedWrite:
    """The write is explained by the change, which lists every item of it. Raises StepRefused otherwise."""
    require_right(by, Right.CHANGE_REQUEST)
    with refusals_recorded("link_write", change, by):
        current = _locked(write)
        refusals = _standing(current)
        if change.state in NOTHING_DONE:
            refusals.append(Refusal("nothing_done", _("This change came to nothing: it explains no write.")))
        missing = _items_not_on(current, change)
        if missing:
            words = _("The change does not list: %(items)s.") % {"items": ", ".join(missing)}
            refusals.append(Refusal("items_on_change", words, _("Choose the change that this was done for.")))
        if refusals:
            raise StepRefused(refusals)
        current.state, current.change, current.comment = UnauthorisedWrite.State.LINKED, change, comment
        return _decided(current, by)


def accept_write(write: UnauthorisedWrite, *, by: User, comment: str) -> UnauthorisedWrite:
    """The write stands without a change, for a reason, by a configuration manager who is not its writer."""
    require_right(by, Right.CMDB_MODEL)
    with because(reason="accept_write", user=by), transaction.atomic(), in_words():
        current = _locked(write)
        refusals = _standing(current)
        if current.writer_id == by.pk:
            refusals.append(
                Refusal(
                    "writer_apart", _("You wrote this yourself."), _("Ask another configuration manager.")
                )
            )
        if not comment.strip():
            refusals.append(Refusal("comment_required", _("Write why this is accepted without a change.")))
        if refusals:
            reasons = [refusal.as_dict() for refusal in refusals]
            record_refusal("accept_write", by=by, target=str(write.pk), reasons=reasons)
            raise StepRefused(refusals)
        current.state, current.comment = UnauthorisedWrite.State.ACCEPTED, comment
        return _decided(current, by)


def open_retrospective(write: UnauthorisedWrite, *, by: User) -> ChangeRequest:
    """An emergency draft says what was written, from before to after; the write is linked to it.

    Nothing is applied: `record_retro` finds the items as planned. Raises StepRefused when the write is
    explained already or larger than a plan. Ten statements, whatever the items.
    """
    require_right(by, Right.CHANGE_REQUEST)
    with because(reason="open_retrospective", user=by), transaction.atomic(), in_words():
        current = _locked(write)
        rows = list(current.rows.order_by("id")[: LARGEST + 1])
        refusals = _standing(current)
        if len(rows) > LARGEST:
            fix = _("Link it to the change that it was done for, or accept it.")
            refusals.append(Refusal("too_many", _("This write is larger than a plan can be."), fix))
        if refusals:
            raise StepRefused(refusals)
        touched = {row.item_id for row in rows if row.item_id and row.deed != Deed.REMOVED}
        items = ConfigurationItem.objects.filter(pk__in=touched)
        title = _("Recorded afterwards: %(type)s, %(count)d items") % {
            "type": current.type,
            "count": len({row.item_id for row in rows}),
        }
        said = "\n".join(dict.fromkeys(f"{row.get_deed_display()}: {row.address}" for row in rows[:200]))
        change = create_change(
            by=by,
            title=title[:200],
            kind=Kind.EMERGENCY,
            items=items,
            reason=current.reason,
            description=said,
        )
        stage = PlanStage.objects.create(change=change, position=1, label=_("As it was done"))
        PlannedOperation.objects.bulk_create(_operations(rows, change, stage), batch_size=1000)
        change.refresh_from_db()
        current.state, current.change = UnauthorisedWrite.State.LINKED, change
        _decided(current, by)
    return change


def plan_instead(
    item: ConfigurationItem, after: Mapping[str, Any], *, by: User, title: str, reason: str
) -> ChangeRequest:
    """A normal draft plans what was refused. Raises ValidationError for a value that does not fit."""
    change = create_change(by=by, title=title, kind=Kind.NORMAL, items=[item], reason=reason)
    if after:
        add_operation(change, item, after, by=by)
    return change


def may_accept(user: User) -> bool:
    return has_right(user, Right.CMDB_MODEL)


def _locked(write: UnauthorisedWrite) -> UnauthorisedWrite:
    return UnauthorisedWrite.objects.select_for_update(of=("self",)).get(pk=write.pk)


def _standing(write: UnauthorisedWrite) -> list[Refusal]:
    if UnauthorisedWrite.objects.unexplained().filter(pk=write.pk).exists():
        return []
    return [Refusal("explained", _("This write is explained already."))]


def _items_not_on(write: UnauthorisedWrite, change: ChangeRequest) -> list[str]:
    listed = ChangeItem.objects.filter(change=change, impact="manual").values("item")
    missing = write.rows.filter(item__isnull=False).exclude(item__in=listed)
    return sorted(set(missing.values_list("address", flat=True)[:5]))


def _decided(write: UnauthorisedWrite, by: User) -> UnauthorisedWrite:
    write.decided_by, write.decided_at = by, timezone.now()
    write.save(update_fields=["state", "change", "comment", "decided_by", "decided_at"])
    return write


def _operations(
    rows: list[UnauthorisedRow], change: ChangeRequest, stage: PlanStage
) -> list[PlannedOperation]:
    """What the rows say, one operation an item, from its first value to its last."""
    fields: dict[int, dict[str, tuple[Any, Any]]] = {}
    created = [row.item_id for row in rows if row.deed == Deed.CREATED and row.relation_id is None]
    made = []
    for row in rows:
        if row.relation_id is not None:
            made.append(_of_relation(row))
        elif row.deed == Deed.CHANGED and row.item_id not in created:
            known = fields.setdefault(row.item_id, {})
            for name, (before, after) in row.fields.items():
                known[name] = (known[name][0] if name in known else before, after)
    fresh = ConfigurationItem.objects.filter(pk__in=created).values("id", *ITEM_FIELDS)
    made += [_of_creation(values) for values in fresh]
    made += [_of_fields(item_id, known) for item_id, known in fields.items()]
    for operation in made:
        operation.change, operation.stage = change, stage
    return made


def _of_fields(item_id: int, known: dict[str, tuple[Any, Any]]) -> PlannedOperation:
    def side(nr: int) -> dict[str, Any]:
        return {
            name: pair[nr]
            for name, pair in known.items()
            if pair[nr] is not None or not name.startswith("attributes.")
        }

    return PlannedOperation(kind=OperationKind.UPDATE, item_id=item_id, before=side(0), after=side(1))


def _of_creation(values: dict[str, Any]) -> PlannedOperation:
    item_id = values.pop("id")
    return PlannedOperation(kind=OperationKind.CREATE, item_id=item_id, after=values)


def _of_relation(row: UnauthorisedRow) -> PlannedOperation:
    began = row.deed == Deed.CREATED
    ends = {name: pair[1 if began else 0] for name, pair in row.fields.items()}
    if ends.get("group_id") is None:
        ends.pop("group_id", None)
    kind = OperationKind.RELATE if began else OperationKind.UNRELATE
    return PlannedOperation(kind=kind, **{"after" if began else "before": ends})
