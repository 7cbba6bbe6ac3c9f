"""A run that was missed comes back when what was done in time arrives."""

from django.db import migrations, models

from inspections.sql import load


class Migration(migrations.Migration):
    dependencies = [
        ("inspections", "0015_answers_not_good_indexed"),
    ]

    operations = [
        migrations.AddField(
            model_name="historicalinspectionrun",
            name="arrived_late_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="What was done in time on a phone arrived after the run was counted as missed.",
                null=True,
                verbose_name="taken back from missed at",
            ),
        ),
        migrations.AddField(
            model_name="inspectionrun",
            name="arrived_late_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="What was done in time on a phone arrived after the run was counted as missed.",
                null=True,
                verbose_name="taken back from missed at",
            ),
        ),
        *load("run"),
    ]
