"""Our own product: its real models, rights, validation, history and API."""

from __future__ import annotations

import sys
from datetime import timedelta

from django.core.management import call_command
from django.utils import timezone

from accounts.actions import create_token
from accounts.models import ApiToken, RoleGrant, Team, User
from cmdb.actions import create_items
from cmdb.impact import impact_of
from cmdb.models import ConfigurationItem
from tests.bench.side import ITEMS, VERSIONS, Side


class Bench(Side):
    def prepare(self, debian: str) -> dict[str, int]:
        user = User.objects.create_user("bench", password=None)
        RoleGrant.objects.create(user=user, role="configuration_manager")
        Team.objects.bulk_create(Team(key=f"team-{n}", label=f"Team {n}") for n in range(20))
        expires_at = timezone.now() + timedelta(days=1)
        _token, secret = create_token(
            user, by=user, name="bench", scope=ApiToken.Scope.WRITE, expires_at=expires_at
        )
        self.log_in(f"Bearer {secret}")
        for _ in range(ITEMS // 1000):
            ids = create_items(self.fresh(1000), by=user)
            self.first = self.first or min(ids)
        for version in range(VERSIONS - 1):
            self.ask("patch", f"/api/items/{self.first}/", {"description": f"version {version}"})
        if debian:
            call_command("import_items", f"{debian}/deb_packages.csv", map="debian", stdout=sys.stderr)
            call_command("import_relations", f"{debian}/deb_relations.csv", map="debian", stdout=sys.stderr)
        return {"items": ConfigurationItem.objects.count()}

    def impact_total(self, package: str) -> int:
        start = ConfigurationItem.objects.by_address(f"package:{package}")
        return impact_of([start]).total
