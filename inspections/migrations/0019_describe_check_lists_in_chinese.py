"""What a check list is for, in Chinese too; it is no part of a version, so no hash changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("inspections", "0018_index_runs_by_what_they_have"),
    ]

    operations = [
        migrations.AddField(
            model_name="checklisttemplate",
            name="description_zh",
            field=models.TextField(blank=True, verbose_name="description in Chinese"),
        ),
        migrations.AddField(
            model_name="historicalchecklisttemplate",
            name="description_zh",
            field=models.TextField(blank=True, null=True, verbose_name="description in Chinese"),
        ),
    ]
