"""Check lists take photos and machine readings; answers know the device that sent them."""

import django.utils.timezone
from django.db import migrations, models

from inspections.sql import load


class Migration(migrations.Migration):
    dependencies = [
        ("inspections", "0002_database_rules"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="templateitem",
            name="inspections_item_bounds_are_of_numbers",
        ),
        migrations.AddField(
            model_name="answer",
            name="clock_skew_seconds",
            field=models.IntegerField(
                blank=True,
                editable=False,
                null=True,
                verbose_name="the device's clock is behind by (seconds)",
            ),
        ),
        migrations.AddField(
            model_name="answer",
            name="device",
            field=models.CharField(blank=True, editable=False, max_length=64, verbose_name="device"),
        ),
        migrations.AddField(
            model_name="answer",
            name="device_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="time on the device"
            ),
        ),
        migrations.AddField(
            model_name="historicalanswer",
            name="clock_skew_seconds",
            field=models.IntegerField(
                blank=True,
                editable=False,
                null=True,
                verbose_name="the device's clock is behind by (seconds)",
            ),
        ),
        migrations.AddField(
            model_name="historicalanswer",
            name="device",
            field=models.CharField(
                blank=True, editable=False, max_length=64, null=True, verbose_name="device"
            ),
        ),
        migrations.AddField(
            model_name="historicalanswer",
            name="device_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="time on the device"
            ),
        ),
        migrations.AddField(
            model_name="historicalruntarget",
            name="skipped_items",
            field=models.JSONField(
                blank=True,
                editable=False,
                help_text="Keys of the items whose condition this CI does not meet.",
                null=True,
                verbose_name="items that do not apply",
            ),
        ),
        migrations.AddField(
            model_name="historicaltemplateitem",
            name="applies_if",
            field=models.JSONField(
                blank=True,
                help_text='Filter of configuration items, for example {"type": "host"}; empty: for all.',
                null=True,
                verbose_name="only for CIs",
            ),
        ),
        migrations.AddField(
            model_name="historicaltemplateitem",
            name="attribute",
            field=models.CharField(
                blank=True,
                help_text="The answer verifies it, or proposes a correction: serial, or attributes.cpu_cores.",
                max_length=80,
                null=True,
                verbose_name="field of the CI",
            ),
        ),
        migrations.AddField(
            model_name="historicaltemplateitem",
            name="bad_readings",
            field=models.PositiveSmallIntegerField(
                null=True, verbose_name="bad readings in a row that open a finding"
            ),
        ),
        migrations.AddField(
            model_name="historicaltemplateitem",
            name="confirm",
            field=models.CharField(
                choices=[("manual", "By the engineer"), ("auto_if_ok", "By itself when good")],
                max_length=10,
                null=True,
                verbose_name="confirmed",
            ),
        ),
        migrations.AddField(
            model_name="historicaltemplateitem",
            name="good_readings",
            field=models.PositiveSmallIntegerField(
                null=True, verbose_name="good readings in a row that verify a fix"
            ),
        ),
        migrations.AddField(
            model_name="historicaltemplateitem",
            name="max_age_minutes",
            field=models.PositiveIntegerField(null=True, verbose_name="stale after (minutes)"),
        ),
        migrations.AddField(
            model_name="historicaltemplateitem",
            name="metric",
            field=models.CharField(
                blank=True,
                help_text="Name under which programs post the value.",
                max_length=80,
                null=True,
                verbose_name="metric",
            ),
        ),
        migrations.AddField(
            model_name="historicaltemplateitem",
            name="photo_at",
            field=models.CharField(
                blank=True,
                choices=[("warn", "Warning"), ("crit", "Critical")],
                max_length=8,
                null=True,
                verbose_name="photo required from",
            ),
        ),
        migrations.AddField(
            model_name="historicaltemplateitem",
            name="query",
            field=models.TextField(
                blank=True,
                help_text="An instant query; {name}, {ip} and {serial} stand for the CI's.",
                null=True,
                verbose_name="Prometheus query",
            ),
        ),
        migrations.AddField(
            model_name="historicaltemplateitem",
            name="reading_source",
            field=models.CharField(
                choices=[("push", "Posted by programs"), ("prometheus", "Asked of Prometheus")],
                max_length=10,
                null=True,
                verbose_name="where readings come from",
            ),
        ),
        migrations.AddField(
            model_name="runtarget",
            name="skipped_items",
            field=models.JSONField(
                blank=True,
                default=list,
                editable=False,
                help_text="Keys of the items whose condition this CI does not meet.",
                verbose_name="items that do not apply",
            ),
        ),
        migrations.AddField(
            model_name="templateitem",
            name="applies_if",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text='Filter of configuration items, for example {"type": "host"}; empty: for all.',
                verbose_name="only for CIs",
            ),
        ),
        migrations.AddField(
            model_name="templateitem",
            name="attribute",
            field=models.CharField(
                blank=True,
                help_text="The answer verifies it, or proposes a correction: serial, or attributes.cpu_cores.",
                max_length=80,
                verbose_name="field of the CI",
            ),
        ),
        migrations.AddField(
            model_name="templateitem",
            name="bad_readings",
            field=models.PositiveSmallIntegerField(
                default=1, verbose_name="bad readings in a row that open a finding"
            ),
        ),
        migrations.AddField(
            model_name="templateitem",
            name="confirm",
            field=models.CharField(
                choices=[("manual", "By the engineer"), ("auto_if_ok", "By itself when good")],
                default="manual",
                max_length=10,
                verbose_name="confirmed",
            ),
        ),
        migrations.AddField(
            model_name="templateitem",
            name="good_readings",
            field=models.PositiveSmallIntegerField(
                default=2, verbose_name="good readings in a row that verify a fix"
            ),
        ),
        migrations.AddField(
            model_name="templateitem",
            name="max_age_minutes",
            field=models.PositiveIntegerField(default=60, verbose_name="stale after (minutes)"),
        ),
        migrations.AddField(
            model_name="templateitem",
            name="metric",
            field=models.CharField(
                blank=True,
                help_text="Name under which programs post the value.",
                max_length=80,
                verbose_name="metric",
            ),
        ),
        migrations.AddField(
            model_name="templateitem",
            name="photo_at",
            field=models.CharField(
                blank=True,
                choices=[("warn", "Warning"), ("crit", "Critical")],
                max_length=8,
                verbose_name="photo required from",
            ),
        ),
        migrations.AddField(
            model_name="templateitem",
            name="query",
            field=models.TextField(
                blank=True,
                help_text="An instant query; {name}, {ip} and {serial} stand for the CI's.",
                verbose_name="Prometheus query",
            ),
        ),
        migrations.AddField(
            model_name="templateitem",
            name="reading_source",
            field=models.CharField(
                choices=[("push", "Posted by programs"), ("prometheus", "Asked of Prometheus")],
                default="push",
                max_length=10,
                verbose_name="where readings come from",
            ),
        ),
        migrations.AlterField(
            model_name="answer",
            name="observed_at",
            field=models.DateTimeField(
                default=django.utils.timezone.now,
                help_text="The device's time, corrected by its measured skew.",
                verbose_name="observed at",
            ),
        ),
        migrations.AlterField(
            model_name="historicalanswer",
            name="observed_at",
            field=models.DateTimeField(
                help_text="The device's time, corrected by its measured skew.",
                null=True,
                verbose_name="observed at",
            ),
        ),
        migrations.AlterField(
            model_name="historicaltemplateitem",
            name="finding",
            field=models.CharField(
                choices=[
                    ("none", "No finding"),
                    ("finding", "Opens a finding"),
                    ("change", "Opens a finding and drafts a change"),
                ],
                max_length=8,
                null=True,
                verbose_name="when bad",
            ),
        ),
        migrations.AlterField(
            model_name="historicaltemplateitem",
            name="kind",
            field=models.CharField(
                choices=[
                    ("pass_fail", "Normal or abnormal"),
                    ("number", "Numeric value"),
                    ("choice", "Choice"),
                    ("text", "Text"),
                    ("photo", "Photo"),
                    ("machine", "Machine reading"),
                ],
                max_length=12,
                null=True,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="templateitem",
            name="finding",
            field=models.CharField(
                choices=[
                    ("none", "No finding"),
                    ("finding", "Opens a finding"),
                    ("change", "Opens a finding and drafts a change"),
                ],
                default="finding",
                max_length=8,
                verbose_name="when bad",
            ),
        ),
        migrations.AlterField(
            model_name="templateitem",
            name="kind",
            field=models.CharField(
                choices=[
                    ("pass_fail", "Normal or abnormal"),
                    ("number", "Numeric value"),
                    ("choice", "Choice"),
                    ("text", "Text"),
                    ("photo", "Photo"),
                    ("machine", "Machine reading"),
                ],
                default="pass_fail",
                max_length=12,
                verbose_name="kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="templateitem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["number", "machine"]),
                    models.Q(
                        ("crit_high", None),
                        ("crit_low", None),
                        ("unit", ""),
                        ("warn_high", None),
                        ("warn_low", None),
                    ),
                    _connector="OR",
                ),
                name="inspections_item_bounds_are_of_numbers",
            ),
        ),
        migrations.AddConstraint(
            model_name="templateitem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "machine"), _negated=True),
                    models.Q(("metric", ""), _negated=True),
                    models.Q(("query", ""), _negated=True),
                    _connector="OR",
                ),
                name="inspections_item_of_a_machine_has_a_metric",
            ),
        ),
        migrations.AddConstraint(
            model_name="templateitem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("bad_readings__gte", 1), ("good_readings__gte", 1), ("max_age_minutes__gte", 1)
                ),
                name="inspections_item_counts_from_one",
            ),
        ),
        *load("template", "run", "answer"),
    ]
