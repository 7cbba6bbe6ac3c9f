"""Write types, attributes and relation rules as YAML."""

import yaml
from django.core.management.base import BaseCommand

from cmdb.actions import export_model


class Command(BaseCommand):
    help = "Write all types, attributes, relation types and rules as YAML; load_model reads it."

    def handle(self, **options):
        text = yaml.safe_dump(export_model(), allow_unicode=True, sort_keys=False, width=110)
        self.stdout.write(text, ending="")
