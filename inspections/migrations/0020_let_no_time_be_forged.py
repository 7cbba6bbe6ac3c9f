"""Runs as their plan says, times that lie back, first days that hide slots, amendments by two and with a comment."""

from django.db import migrations

from inspections.sql import load


class Migration(migrations.Migration):
    dependencies = [("inspections", "0019_describe_check_lists_in_chinese")]

    operations = load("answer", "run", "plan", "finding", "evidence", "signature", "amendment")
