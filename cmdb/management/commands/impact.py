"""manage.py impact ADDRESS… [--backward] [--format json|table]"""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cmdb.impact import impact_of
from cmdb.models import ConfigurationItem


class Command(BaseCommand):
    help = "What breaks if the configuration items fail together; --backward: what they need."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("items", nargs="+", help="addresses, as host:db01")
        parser.add_argument("--backward", action="store_true", help="what the items need")
        parser.add_argument(
            "--max-depth", type=int, default=None, help="list no further; the rest is counted"
        )
        parser.add_argument("--format", choices=["json", "table"], default="table")

    def handle(self, *args: Any, **options: Any) -> None:
        found = ConfigurationItem.objects.by_addresses(options["items"])
        missing = [address for address in options["items"] if address not in found]
        if missing and options["format"] == "table":
            raise CommandError(f"There is no configuration item {', '.join(missing)}.")
        impact = impact_of(found.values(), backward=options["backward"], max_depth=options["max_depth"])
        if options["format"] == "json":
            answer = impact.as_json() | ({"unknown": missing} if missing else {})
            self.stdout.write(json.dumps(answer, ensure_ascii=False, indent=1))
            if missing:
                raise CommandError(f"There is no configuration item {', '.join(missing)}.")
            return
        for name in ("down", "degraded", "informed"):
            for row in getattr(impact, name):
                self.stdout.write(f"{name:9}{row.depth:4}  {row.address}  via {row.via}")
        self.stdout.write(
            f"total {impact.total}: {len(impact.down)} down, {len(impact.degraded)} degraded, "
            f"{len(impact.informed)} informed; by depth {impact.by_depth}"
        )
        if impact.hidden:
            self.stdout.write(f"{impact.hidden} more beyond depth {options['max_depth']}")
