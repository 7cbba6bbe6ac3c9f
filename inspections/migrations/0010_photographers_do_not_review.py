"""Who took a photo took part."""

from django.db import migrations

from inspections.sql import load


class Migration(migrations.Migration):
    dependencies = [("inspections", "0009_report_ledger_and_schedules")]

    operations = [*load("signature")]
