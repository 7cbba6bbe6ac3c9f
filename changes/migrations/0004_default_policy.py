"""The boards and the policy of approval that a fresh installation begins with."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("changes", "0003_mirror_steps")]

    operations = [migrations.RunSQL((SQL / "default_policy_v1.sql").read_text())]
