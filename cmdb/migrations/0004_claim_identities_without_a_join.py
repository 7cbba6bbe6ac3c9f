"""An update of many items compares each with its own old row, whatever the session updated before."""

from pathlib import Path

from django.db import migrations

from audit.sql import load_files


class Migration(migrations.Migration):
    dependencies = [("cmdb", "0003_control_of_types")]

    operations = load_files(Path(__file__).resolve().parents[1] / "sql", ("claim_for_items",))
