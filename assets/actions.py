"""The business events of assets: moving one along its life, and loading many from a ledger."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.models import User
from accounts.roles import Right, require_right
from assets.guards import MoveRefused, refusals_of_move
from assets.imports.plan import Plan
from assets.models import Asset
from audit.actions import record_refusal
from audit.context import because


def move_asset(asset: Asset, to: str, *, by: User, comment: str = "", evidence: str = "") -> Asset:
    """The asset stands at stage `to`, with who moved it and why in its history.

    Locks the asset's row. Raises PermissionDenied if `by` may not edit assets, MoveRefused with every reason
    if the move is illegal or lacks wipe evidence; each refusal is recorded.
    """
    deed = f"asset.move:{to}"
    try:
        require_right(by, Right.ASSET_EDIT)
    except PermissionDenied as missing:
        record_refusal(
            deed, by=by, target=f"asset:{asset.tag}", reasons=[{"code": "right", "message": str(missing)}]
        )
        raise
    with transaction.atomic(), because(comment, user=by):
        asset = Asset.objects.select_for_update().get(pk=asset.pk)
        refusals = refusals_of_move(asset, to, evidence=evidence)
        if not refusals:
            asset.stage = to
            asset.wipe_evidence = evidence.strip() or asset.wipe_evidence
            asset.save()
            return asset
    refused = MoveRefused(refusals)
    record_refusal(deed, by=by, target=f"asset:{asset.tag}", reasons=refused.refusals)
    raise refused


def load_plan(plan: Plan, write: Callable[[Plan], None], *, by: User | None, reason: str = "") -> Plan:
    """Everything the plan found without error is written in one transaction, under one reason.

    `by` is None for the operator at the command line. Raises PermissionDenied if `by` may not edit assets.
    Cost: a statement per table and thousand rows.
    """
    if by is not None:
        require_right(by, Right.ASSET_EDIT)
    with transaction.atomic(), because(reason, user=by):
        write(plan)
    return plan
