"""A tick is an implementer's, and a stage stands applied by its items: PostgreSQL has the last word."""

from django.db import migrations

from changes.sql import load


class Migration(migrations.Migration):
    dependencies = [("changes", "0022_compare_the_whole_plan_of_a_template")]

    operations = load("ticks")
