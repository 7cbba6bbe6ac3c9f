"""What others claim is found by its key alone, which no plan can get wrong."""

from pathlib import Path

from django.db import migrations

from audit.sql import load_files

BY_KEY = """
DROP INDEX IF EXISTS cmdb.cmdb_identity_by_key;
CREATE INDEX cmdb_identity_by_key ON cmdb.identity (key);
"""


class Migration(migrations.Migration):
    dependencies = [("cmdb", "0006_claim_identities_in_one_way")]

    operations = [
        migrations.RunSQL(BY_KEY, migrations.RunSQL.noop),
        *load_files(Path(__file__).resolve().parents[1] / "sql", ("claim_identity",)),
    ]
