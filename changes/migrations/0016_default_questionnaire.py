"""The questionnaire that a fresh installation begins with; the keys of the three fixed questions stay."""

from django.db import migrations

from changes.sql import load


class Migration(migrations.Migration):
    dependencies = [("changes", "0015_assessment_as_data")]

    operations = load("assessment_defaults")
