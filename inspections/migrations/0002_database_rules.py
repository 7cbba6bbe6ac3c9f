"""PostgreSQL guards the invariants of reference/inspections.md §3."""

from django.db import migrations

from inspections.sql import load


class Migration(migrations.Migration):
    dependencies = [("inspections", "0001_initial")]

    operations = load("severity", "refuse", "template", "plan", "run", "answer", "signature", "finding")
