"""Past changes of other systems are recorded file by file, with what the other system knew of them."""

import django.db.models.deletion
import django.db.models.functions.datetime
import simple_history.models
from django.conf import settings
from django.db import migrations, models

from changes.sql import load, mirror_steps


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0001_initial"),
        ("changes", "0007_stop_the_line_and_ask_the_gate"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="changerequest",
            name="import_created_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="created in the other system"
            ),
        ),
        migrations.AddField(
            model_name="changerequest",
            name="import_severity",
            field=models.CharField(
                blank=True, editable=False, max_length=80, verbose_name="severity in the other system"
            ),
        ),
        migrations.AddField(
            model_name="historicalchangerequest",
            name="import_batch",
            field=models.BigIntegerField(db_column="import_batch_id", null=True),
        ),
        migrations.AddField(
            model_name="historicalchangerequest",
            name="import_created_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="created in the other system"
            ),
        ),
        migrations.AddField(
            model_name="historicalchangerequest",
            name="import_severity",
            field=models.CharField(
                blank=True,
                editable=False,
                max_length=80,
                null=True,
                verbose_name="severity in the other system",
            ),
        ),
        migrations.CreateModel(
            name="ChangeImport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "row_version",
                    models.PositiveBigIntegerField(default=1, editable=False, verbose_name="version"),
                ),
                ("name", models.CharField(max_length=200, verbose_name="file")),
                ("sha256", models.CharField(editable=False, max_length=64, verbose_name="SHA-256")),
                ("source", models.CharField(blank=True, max_length=80, verbose_name="other system")),
                ("mapping", models.CharField(blank=True, max_length=120, verbose_name="mapping")),
                ("mapping_text", models.TextField(blank=True, verbose_name="mapping as it was used")),
                ("encoding", models.CharField(blank=True, max_length=20, verbose_name="encoding")),
                (
                    "skips_errors",
                    models.BooleanField(default=False, verbose_name="rows with errors left out"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("checking", "to be checked"),
                            ("queued", "waiting"),
                            ("running", "running"),
                            ("done", "done"),
                            ("failed", "failed"),
                        ],
                        default="checking",
                        editable=False,
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("counts", models.JSONField(blank=True, default=dict, editable=False, verbose_name="rows")),
                (
                    "written",
                    models.PositiveIntegerField(default=0, editable=False, verbose_name="changes written"),
                ),
                ("message", models.TextField(blank=True, editable=False, verbose_name="message")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="created",
                    ),
                ),
                (
                    "ended_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="ended"),
                ),
                (
                    "imported_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="imported by",
                    ),
                ),
            ],
            options={
                "verbose_name": "import of past changes",
                "verbose_name_plural": "imports of past changes",
                "ordering": ["-id"],
            },
        ),
        migrations.AddField(
            model_name="changerequest",
            name="import_batch",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="changes",
                to="changes.changeimport",
                verbose_name="import",
            ),
        ),
        migrations.CreateModel(
            name="HistoricalChangeImport",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, null=True, verbose_name="ID")),
                (
                    "row_version",
                    models.PositiveBigIntegerField(editable=False, null=True, verbose_name="version"),
                ),
                ("history_change_reason", models.TextField(null=True, verbose_name="reason")),
                ("name", models.CharField(max_length=200, null=True, verbose_name="file")),
                (
                    "sha256",
                    models.CharField(editable=False, max_length=64, null=True, verbose_name="SHA-256"),
                ),
                (
                    "source",
                    models.CharField(blank=True, max_length=80, null=True, verbose_name="other system"),
                ),
                ("mapping", models.CharField(blank=True, max_length=120, null=True, verbose_name="mapping")),
                (
                    "mapping_text",
                    models.TextField(blank=True, null=True, verbose_name="mapping as it was used"),
                ),
                ("encoding", models.CharField(blank=True, max_length=20, null=True, verbose_name="encoding")),
                ("skips_errors", models.BooleanField(null=True, verbose_name="rows with errors left out")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("checking", "to be checked"),
                            ("queued", "waiting"),
                            ("running", "running"),
                            ("done", "done"),
                            ("failed", "failed"),
                        ],
                        editable=False,
                        max_length=8,
                        null=True,
                        verbose_name="state",
                    ),
                ),
                ("counts", models.JSONField(blank=True, editable=False, null=True, verbose_name="rows")),
                (
                    "written",
                    models.PositiveIntegerField(editable=False, null=True, verbose_name="changes written"),
                ),
                ("message", models.TextField(blank=True, editable=False, null=True, verbose_name="message")),
                ("created_at", models.DateTimeField(editable=False, null=True, verbose_name="created")),
                (
                    "ended_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="ended"),
                ),
                ("imported_by", models.BigIntegerField(db_column="imported_by_id", null=True)),
                ("history_id", models.BigIntegerField(editable=False, primary_key=True, serialize=False)),
                (
                    "history_type",
                    models.CharField(
                        choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1
                    ),
                ),
                ("history_user", models.BigIntegerField(db_column="history_user_id", null=True)),
                ("history_date", models.DateTimeField(verbose_name="when")),
                ("history_username", models.TextField(null=True, verbose_name="user name")),
                ("history_change_ref", models.BigIntegerField(null=True, verbose_name="change")),
                (
                    "history_txn",
                    models.ForeignKey(
                        db_column="history_txid",
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="audit.transaction",
                        verbose_name="transaction",
                    ),
                ),
            ],
            options={
                "verbose_name": "history of import of past changes",
                "verbose_name_plural": "history of imports of past changes",
                "ordering": ["-history_id"],
                "get_latest_by": "history_id",
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        *load("guard_request", "event_gate"),
        mirror_steps(),
    ]
