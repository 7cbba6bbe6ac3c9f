"""The obvious implementation: ModelSerializer, django-filter, simple-history's signals."""

from __future__ import annotations

import csv

from django.contrib.auth.models import User
from rest_framework.authtoken.models import Token
from simple_history.utils import bulk_create_with_history

from tests.bench.obvious.models import CIType, ConfigurationItem, Relation, RelationType, Team
from tests.bench.side import ITEMS, VERSIONS, Side


class Bench(Side):
    def prepare(self, debian: str) -> dict[str, int]:
        user = User.objects.create_superuser("bench")
        self.log_in(f"Token {Token.objects.create(user=user).key}")
        host = CIType.objects.create(key="host", label="Host")
        teams = [Team.objects.create(key=f"team-{n}", label=f"Team {n}") for n in range(20)]
        items = [
            ConfigurationItem(
                **body | {"type": host, "owner_team": teams[int(body["owner_team"].removeprefix("team-"))]}
            )
            for body in self.fresh(ITEMS)
        ]
        created = bulk_create_with_history(items, ConfigurationItem, batch_size=1000)
        self.first = min(item.pk for item in created)
        for version in range(VERSIONS - 1):
            self.ask("patch", f"/api/items/{self.first}/", {"description": f"version {version}"})
        if debian:
            self._load_packages(debian)
        return {"items": ConfigurationItem.objects.count()}

    @staticmethod
    def _load_packages(folder: str) -> None:
        package = CIType.objects.create(key="package", label="Package")
        kinds = {
            key: RelationType.objects.create(key=key, impact="source_needs_target")
            for key in ("depends", "pre_depends")
        }
        with open(f"{folder}/deb_packages.csv", encoding="utf-8") as file:
            names = [line["package"] for line in csv.DictReader(file)]
        items = ConfigurationItem.objects.bulk_create(
            ConfigurationItem(type=package, name=name) for name in names
        )
        by_name = {item.name: item for item in items}
        with open(f"{folder}/deb_relations.csv", encoding="utf-8") as file:
            Relation.objects.bulk_create(
                Relation(
                    relation_type=kinds[line["relation"]],
                    source=by_name[line["source"]],
                    target=by_name[line["target"]],
                )
                for line in csv.DictReader(file)
            )

    def impact_total(self, package: str) -> int:
        """Breadth first, one query per node."""
        start = ConfigurationItem.objects.get(type__key="package", name=package)
        seen, frontier = {start.pk}, [start]
        while frontier:
            node = frontier.pop(0)
            relations = node.incoming.filter(relation_type__impact="source_needs_target")
            for relation in relations.select_related("source"):
                if relation.source_id not in seen:
                    seen.add(relation.source_id)
                    frontier.append(relation.source)
        return len(seen) - 1
