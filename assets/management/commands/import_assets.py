"""manage.py import_assets FILE: an asset ledger from CSV."""

from assets.imports.ledger import plan_assets, write_assets
from assets.management.importing import ImportCommand


class Command(ImportCommand):
    help = "Import assets (tag, serial, model, CI, dates, price …) from CSV, English or Chinese headers."

    def add_arguments(self, parser):
        super().add_arguments(parser)
        parser.add_argument("--dates", choices=["dmy", "mdy"], default="", help="how to read 3/4/2023")

    def plan(self, rows, options):
        return plan_assets(rows, dates=options["dates"])

    def write(self, plan):
        write_assets(plan)
