"""Claiming the identities of many items takes the same way, whatever the tables held when it was planned."""

from pathlib import Path

from django.db import migrations

from audit.sql import load_files


class Migration(migrations.Migration):
    dependencies = [("cmdb", "0005_qr_labels")]

    operations = load_files(Path(__file__).resolve().parents[1] / "sql", ("claim_identity",))
