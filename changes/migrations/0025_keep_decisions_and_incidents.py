"""A decision on a drift is confirmed once and stays; an incident that a change caused stays with it."""

from django.db import migrations

from changes.sql import load


class Migration(migrations.Migration):
    dependencies = [("changes", "0024_gate_knows_plan_and_time")]

    operations = load("drift")
