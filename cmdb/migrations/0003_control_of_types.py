"""A type may leave its control to the type above; the owner analyses the tables after a large import."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).resolve().parents[1] / "sql"
# Open was the default and meant nothing yet.
NOBODY_SAID_SO = "UPDATE cmdb_citype SET control = '' WHERE control = 'open'"


class Migration(migrations.Migration):
    dependencies = [
        ("cmdb", "0002_rules_in_postgresql"),
    ]

    operations = [
        migrations.AlterField(
            model_name="citype",
            name="control",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "as the type above"),
                    ("open", "open"),
                    ("recorded", "recorded"),
                    ("controlled", "controlled"),
                ],
                default="",
                help_text="Open: whoever may edit items edits them. Recorded: a write without a planned change shows as unauthorised until it is explained. Controlled: PostgreSQL refuses every write that a change under way does not plan. As the type above; the topmost is open.",
                max_length=12,
                verbose_name="control",
            ),
        ),
        migrations.AlterField(
            model_name="historicalcitype",
            name="control",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "as the type above"),
                    ("open", "open"),
                    ("recorded", "recorded"),
                    ("controlled", "controlled"),
                ],
                help_text="Open: whoever may edit items edits them. Recorded: a write without a planned change shows as unauthorised until it is explained. Controlled: PostgreSQL refuses every write that a change under way does not plan. As the type above; the topmost is open.",
                max_length=12,
                null=True,
                verbose_name="control",
            ),
        ),
        *(
            migrations.RunSQL((SQL / f"{name}.sql").read_text(), migrations.RunSQL.noop)
            for name in ("control_v1", "analyse_v1")
        ),
        migrations.RunSQL(NOBODY_SAID_SO, migrations.RunSQL.noop),
    ]
