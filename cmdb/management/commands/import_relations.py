"""manage.py import_relations FILE --map NAME_OR_PATH"""

from cmdb.actions import import_relations
from cmdb.management.importing import ImportCommand


class Command(ImportCommand):
    help = "Import relations between configuration items from a CSV file, as a mapping says."
    run_import = staticmethod(import_relations)
