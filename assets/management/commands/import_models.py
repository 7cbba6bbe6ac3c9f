"""manage.py import_models FILE: a catalogue of hardware models from CSV."""

from assets.imports.catalogue import plan_models, write_models
from assets.management.importing import ImportCommand


class Command(ImportCommand):
    help = "Import hardware models (manufacturer, model, part number, height, weight, draw …) from CSV."

    def plan(self, rows, options):
        return plan_models(rows)

    def write(self, plan):
        write_models(plan)
