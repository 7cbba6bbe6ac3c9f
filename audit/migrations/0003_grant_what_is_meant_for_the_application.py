"""A function of the owner that says so may be called by the application."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parents[1] / "sql"


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_keep_files")]

    operations = [migrations.RunSQL((SQL / "grant_app.sql").read_text(), migrations.RunSQL.noop)]
