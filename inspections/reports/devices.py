"""The devices (设备信息) of a report: what the CMDB and the assets know about what was inspected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from assets.expiry import Expiry, ExpiryState, expiry
from assets.models import Asset
from cmdb.models import ConfigurationItem

COVERED = {ExpiryState.CURRENT: "in", ExpiryState.ENDING: "in", ExpiryState.OVER: "out"}


def items_of(keys: Iterable[int]) -> dict[int, ConfigurationItem]:
    """The items with their places and teams, by key. One statement."""
    related = ("type", "location__location", "owner_team")
    return ConfigurationItem.objects.select_related(*related).in_bulk(list(keys))


def devices(found: Mapping[int, ConfigurationItem], on: date) -> dict[int, dict[str, Any]]:
    """Each CI's block by its key; warranty as it stands on the day `on`. One statement."""
    assets: dict[int, Asset] = {}
    owned = Asset.objects.filter(ci__in=list(found)).select_related("model__manufacturer")
    for asset in owned.order_by("-id"):
        assets[asset.ci_id] = asset  # the oldest one, should there be several
    return {pk: _block(item, assets.get(pk), on) for pk, item in found.items()}


def _block(item: ConfigurationItem, asset: Asset | None, on: date) -> dict[str, Any]:
    known = item.attributes
    model = str(asset.model) if asset else " ".join(
        str(known[key]) for key in ("manufacturer", "model") if known.get(key)
    )  # fmt: skip
    return {
        "ci": item.pk,
        "name": item.name,
        "type": str(item.type),
        "number": asset.tag if asset else f"CI-{item.pk}",
        "location": place(item),
        "ip": item.primary_ip or "",
        "os": " ".join(str(known[key]) for key in ("os", "os_version") if known.get(key)),
        "model": model,
        "serial": (asset.serial if asset else "") or item.serial,
        "team": str(item.owner_team) if item.owner_team else "",
        "warranty": _warranty(expiry(asset.warranty_ends_on, on)) if asset else None,
    }


def place(item: ConfigurationItem) -> str:
    """Room and rack: the place, and the one that it stands in."""
    here = item.location
    if here is None:
        return ""
    return f"{here.location.name} / {here.name}" if here.location else here.name


def _warranty(stands: Expiry) -> dict[str, str]:
    """In warranty (在保), out of it (过保), or unknown; with the last day."""
    code = COVERED.get(stands.state, "unknown")
    words = {"in": _("in warranty"), "out": _("out of warranty"), "unknown": _("warranty unknown")}
    return {
        "code": code,
        "word": words[code],
        "ends_on": stands.ends_on.isoformat() if stands.ends_on else "",
    }
