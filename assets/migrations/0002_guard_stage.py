from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parents[1] / "sql"


class Migration(migrations.Migration):
    dependencies = [("assets", "0001_initial")]

    operations = [
        migrations.RunSQL(
            (SQL / "stage_moves.sql").read_text(), "DROP FUNCTION assets_move_is_legal_v1(text, text)"
        ),
        migrations.RunSQL(
            (SQL / "guard_stage.sql").read_text(),
            "DROP TRIGGER assets_guard_stage ON assets_asset; DROP FUNCTION assets_guard_stage_v1()",
        ),
    ]
