"""Events and votes say how their author showed who they are; what is risky asks for a fresh proof."""

from django.db import migrations, models

from changes.sql import load


class Migration(migrations.Migration):
    dependencies = [
        ("changes", "0005_reload_gate"),
    ]

    operations = [
        migrations.AddField(
            model_name="changeevent",
            name="proof",
            field=models.CharField(
                blank=True,
                choices=[
                    ("step_up", "confirmed just before"),
                    ("session", "signed in"),
                    ("token", "API token"),
                ],
                db_default="",
                max_length=8,
                verbose_name="proved by",
            ),
        ),
        migrations.AddField(
            model_name="changeevent",
            name="proved_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="last proved"),
        ),
        migrations.AddField(
            model_name="changeevent",
            name="token_id",
            field=models.BigIntegerField(blank=True, null=True, verbose_name="number of the API token"),
        ),
        migrations.AddField(
            model_name="historicalchangeevent",
            name="proof",
            field=models.CharField(
                blank=True,
                choices=[
                    ("step_up", "confirmed just before"),
                    ("session", "signed in"),
                    ("token", "API token"),
                ],
                max_length=8,
                null=True,
                verbose_name="proved by",
            ),
        ),
        migrations.AddField(
            model_name="historicalchangeevent",
            name="proved_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="last proved"),
        ),
        migrations.AddField(
            model_name="historicalchangeevent",
            name="token_id",
            field=models.BigIntegerField(blank=True, null=True, verbose_name="number of the API token"),
        ),
        migrations.AddField(
            model_name="historicalvote",
            name="proof",
            field=models.CharField(
                blank=True,
                choices=[
                    ("step_up", "confirmed just before"),
                    ("session", "signed in"),
                    ("token", "API token"),
                ],
                max_length=8,
                null=True,
                verbose_name="proved by",
            ),
        ),
        migrations.AddField(
            model_name="historicalvote",
            name="proved_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="last proved"),
        ),
        migrations.AddField(
            model_name="historicalvote",
            name="token_id",
            field=models.BigIntegerField(blank=True, null=True, verbose_name="number of the API token"),
        ),
        migrations.AddField(
            model_name="vote",
            name="proof",
            field=models.CharField(
                blank=True,
                choices=[
                    ("step_up", "confirmed just before"),
                    ("session", "signed in"),
                    ("token", "API token"),
                ],
                db_default="",
                max_length=8,
                verbose_name="proved by",
            ),
        ),
        migrations.AddField(
            model_name="vote",
            name="proved_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="last proved"),
        ),
        migrations.AddField(
            model_name="vote",
            name="token_id",
            field=models.BigIntegerField(blank=True, null=True, verbose_name="number of the API token"),
        ),
        *load("proof", "vote_gate", "event_gate"),
    ]
