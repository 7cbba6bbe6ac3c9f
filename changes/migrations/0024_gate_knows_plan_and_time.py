"""The gate also asks about the plan, the freezes and the time; duty is given by somebody else."""

from django.db import migrations

from changes.sql import load


class Migration(migrations.Migration):
    dependencies = [
        ("changes", "0023_believe_no_forged_tick"),
    ]

    operations = load("duty", "plan_gate", "event_gate")
