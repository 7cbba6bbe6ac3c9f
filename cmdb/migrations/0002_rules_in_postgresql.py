"""PostgreSQL has the last word on attributes, relations and identity: the functions and triggers of cmdb/sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"
PARTS = [
    "schema",
    "bigrams_v1",
    "type_lineage",
    "compiled_schema_v1",
    "keep_type_compiled_v1",
    "attribute_fault_v1",
    "check_item_v1",
    "breaches_v1",
    "search_text_v1",
    "relation_pairs_v1",
    "check_relation_v1",
    "keep_groups_true_v1",
    "refuse_cycles_v1",
    "check_item_links_v1",
    "identity_key_v1",
    "identity_v1",
    "claim_identity_v1",
    "identity_rules_v1",
]
UNDO = """
ALTER TABLE cmdb_relation DROP CONSTRAINT cmdb_relation_source_has_its_type;
ALTER TABLE cmdb_relation DROP CONSTRAINT cmdb_relation_target_has_its_type;
DROP SCHEMA cmdb CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("cmdb", "0001_initial")]

    operations = [
        migrations.RunSQL(
            (SQL / f"{part}.sql").read_text(), UNDO if part == "schema" else migrations.RunSQL.noop
        )
        for part in PARTS
    ]
