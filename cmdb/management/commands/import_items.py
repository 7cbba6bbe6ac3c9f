"""manage.py import_items FILE --map NAME_OR_PATH"""

from cmdb.actions import import_items
from cmdb.management.importing import ImportCommand


class Command(ImportCommand):
    help = "Import configuration items from a CSV file, as a mapping says."
    run_import = staticmethod(import_items)
