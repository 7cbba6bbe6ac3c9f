"""Deadlines in working hours are counted where a calendar is set."""

from django.db import migrations

from inspections.sql import load


class Migration(migrations.Migration):
    dependencies = [("inspections", "0013_corrections_of_the_cmdb")]

    operations = load("policy")
