"""What assets tell on the page of a configuration item: warranty and contracts of what it is made of."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right, has_right
from assets.expiry import Expiry, ExpiryState
from assets.models import Asset, Contract
from cmdb.models import ConfigurationItem
from cmdb.panels import Line, Panel

TONES = {
    ExpiryState.UNKNOWN: "neutral",
    ExpiryState.CURRENT: "good",
    ExpiryState.ENDING: "warn",
    ExpiryState.OVER: "bad",
}
SHOWN = 10


def cover_panel(item: ConfigurationItem, user: User) -> Panel | None:
    """The assets of the item with their warranties, and the contracts that cover them. Two queries."""
    if not has_right(user, Right.VIEW):
        return None
    assets = list(
        Asset.objects.held().filter(ci=item).select_related("model__manufacturer").order_by("tag")[:SHOWN]
    )
    contracts = Contract.objects.filter(covers__asset__in=[asset.pk for asset in assets])
    lines = [asset_line(asset) for asset in assets]
    if assets:
        lines += [contract_line(each) for each in contracts.select_related("vendor").distinct()[:SHOWN]]
    return Panel(
        title=_("Asset and warranty"),
        icon="inventory_2",
        lines=lines,
        empty=_("No asset is registered for this item."),
    )


def asset_line(asset: Asset) -> Line:
    """One asset with the standing of its warranty."""
    ends_on = asset.warranty_ends_on
    return Line(
        text=f"{asset.tag} · {asset.model}",
        url=reverse("assets:asset", args=[asset.pk]),
        detail=_("Warranty until %(day)s") % {"day": ends_on} if ends_on else "",
        **badge(asset.warranty),
    )


def contract_line(contract: Contract) -> Line:
    """One contract with the standing of its end."""
    return Line(
        text=str(contract),
        url=reverse("admin:assets_contract_change", args=[contract.pk]),
        detail=" · ".join(filter(None, [contract.get_kind_display(), contract.support_hours])),
        icon="contract",
        **badge(contract.expiry),
    )


def badge(standing: Expiry) -> dict[str, str]:
    """The words and the tone of a badge."""
    return {"badge": standing.words, "tone": TONES[standing.state]}
