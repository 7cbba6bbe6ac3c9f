"""Freezes, stops and the calendar mean the same by what a service needs."""

from django.db import migrations

from changes.sql import load


class Migration(migrations.Migration):
    dependencies = [("changes", "0025_keep_decisions_and_incidents")]

    operations = [
        *load("line", "plan_gate"),
        migrations.RunSQL("DROP FUNCTION IF EXISTS changes_live_closure_v1(bigint)", migrations.RunSQL.noop),
    ]
