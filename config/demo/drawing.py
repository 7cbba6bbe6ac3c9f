"""A drawing of items and relations on paper, before the CMDB takes it over in a few statements."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from random import Random
from typing import Any

from django.utils import timezone

from accounts.models import User
from cmdb.actions import create_items, create_relations
from cmdb.models import ConfigurationItem, DependencyGroup

# Items come after the places they stand in.
LEVELS = (("site",), ("room",), ("rack",))


class Drawing:
    """Items by address, the edges between them, and the groups that say what is redundant."""

    def __init__(self) -> None:
        self.chance = Random(20)  # noqa: S311 (the same hospital every time)
        self.items: dict[str, dict[str, Any]] = {}
        self.edges: list[tuple[str, str, str, tuple[str, str] | None]] = []
        self.groups: dict[tuple[str, str], tuple[str, int]] = {}

    def item(self, type_key: str, name: str, team: str, criticality: int = 2, **more: Any) -> str:
        """One more item; answers its address."""
        now = timezone.now()
        age = self.chance.choice([*range(2, 75), *range(95, 130, 9)])
        attributes = {key: value for key, value in more.pop("attributes", {}).items() if value is not None}
        self.items[f"{type_key}:{name}"] = {
            "type": type_key, "name": name, "owner_team": team, "criticality": criticality,
            "environment": "production", "attributes": attributes,
            "last_verified_at": now - timedelta(days=age, minutes=self.chance.randrange(600)),
        } | more  # fmt: skip
        return f"{type_key}:{name}"

    def device(self, type_key: str, name: str, team: str, rack: str, **more: Any) -> str:
        """A device in a rack, fed by both of the rack's supplies, one of which is enough."""
        number = f"{self.chance.randrange(16**7):07X}"
        address = self.item(type_key, name, team, location=f"rack:{rack}", serial=f"LH{number}", **more)
        self.need(
            address, "powered_by", [f"power:pdu-{rack}-{side}" for side in "ab"], "Two supplies", "双路供电"
        )
        return address

    def need(
        self, source: str, way: str, targets: Iterable[str], label: str = "", zh: str = "", min_up: int = 1
    ) -> None:
        """The source needs the targets: each of them, or with a label `min_up` of them together."""
        group = (source, label) if label else None
        if group:
            self.groups[group] = (zh, min_up)
        self.edges += [(way, source, target, group) for target in targets]

    def members(self, cluster: str, members: Iterable[str], min_up: int) -> None:
        """The cluster works while `min_up` of its members do."""
        self.groups[cluster, "Members"] = ("成员", min_up)
        self.edges += [("member_of", member, cluster, (cluster, "Members")) for member in members]

    def transfer(self, by: User) -> None:
        """Everything drawn stands in the CMDB. About forty statements."""
        named = {key for level in LEVELS for key in level}
        for level in (*LEVELS, None):
            rows = [
                row
                for row in self.items.values()
                if (row["type"] in level if level else row["type"] not in named)
            ]
            create_items(rows, by=by)
        items = ConfigurationItem.objects.by_addresses(list(self.items))
        groups = DependencyGroup.objects.bulk_create(
            DependencyGroup(item=items[address], label=label, label_zh=zh, min_up=min_up)
            for (address, label), (zh, min_up) in self.groups.items()
        )
        ids = dict(zip(self.groups, (group.pk for group in groups), strict=True))
        confirmed = timezone.now() - timedelta(days=1)
        rows = []
        for way, source, target, group in self.edges:
            days = self.chance.randrange(1, 200)
            row = {"relation_type": way, "source": source, "target": target}
            rows.append(
                row
                | {
                    "group": ids[group] if group else None,
                    "last_confirmed_at": confirmed - timedelta(days=days),
                }
            )
        create_relations(rows, by=by)
