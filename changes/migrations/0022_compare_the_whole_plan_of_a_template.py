"""Stages, relations, new items, test cases, parameters and the filter of the scope are compared by PostgreSQL too."""

from django.db import migrations

from changes.sql import load


class Migration(migrations.Migration):
    dependencies = [("changes", "0021_window_outside_maintenance")]

    operations = load("template_plan", "guard_template")
