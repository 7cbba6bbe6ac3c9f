"""PostgreSQL guards the invariants of reference/inspections.md §3."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
FILES = ["severity", "refuse", "template", "plan", "run", "answer", "signature", "finding"]


class Migration(migrations.Migration):
    dependencies = [("inspections", "0001_initial")]

    operations = [migrations.RunSQL((SQL / f"{name}_v1.sql").read_text()) for name in FILES]
