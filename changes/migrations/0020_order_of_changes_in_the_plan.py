"""The changes that a change must follow are part of its plan."""

from django.db import migrations

from changes.sql import load


class Migration(migrations.Migration):
    dependencies = [("changes", "0019_standard_templates_by_vote")]

    operations = [*load("plan_hash", "touch_plan")]
