"""PostgreSQL knows the table of steps; a change of changes.workflow needs another migration like this one."""

from django.db import migrations

from changes.sql import mirror_steps


class Migration(migrations.Migration):
    dependencies = [("changes", "0002_guard_changes")]

    operations = [mirror_steps()]
