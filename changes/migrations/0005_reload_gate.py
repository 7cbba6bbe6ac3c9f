"""The rules in PostgreSQL can be loaded again, and the hash of a plan has room for parts that come later."""

from django.db import migrations

from changes.sql import load


class Migration(migrations.Migration):
    dependencies = [("changes", "0004_default_policy")]

    operations = load("plan_hash")
