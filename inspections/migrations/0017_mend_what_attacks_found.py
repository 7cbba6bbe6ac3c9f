"""Guards that raw SQL could pass: forged submissions, blank reasons, old times, findings lifted without proof."""

from django.db import migrations

from inspections.sql import load


class Migration(migrations.Migration):
    dependencies = [("inspections", "0016_take_back_what_was_done_in_time")]

    operations = load("run", "plan", "answer", "finding")
