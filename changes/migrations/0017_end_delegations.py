"""A deputy may give a lent vote back, and still not take it for longer."""

from django.db import migrations

from changes.sql import load


class Migration(migrations.Migration):
    dependencies = [("changes", "0016_default_questionnaire")]

    operations = load("boards")
