"""Thousands of writes to controlled items are compared with their plan at once, and no other change's hash is taken."""

from django.db import migrations

from changes.sql import load


class Migration(migrations.Migration):
    dependencies = [("changes", "0027_bind_owners_answers_to_the_plan")]

    operations = [
        *load("control", "touch_plan"),
        migrations.RunSQL(
            "DROP FUNCTION IF EXISTS changes_planned_fields_v1(bigint, boolean)", migrations.RunSQL.noop
        ),
    ]
