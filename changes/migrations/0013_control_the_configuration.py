"""Items of a controlled type change only as planned; what happens to recorded ones unplanned is written down."""

import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models

from changes.sql import load


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0002_keep_files"),
        ("changes", "0012_collisions_and_freezes"),
        ("cmdb", "0003_control_of_types"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ControlDebt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="changes.changerequest",
                        verbose_name="change",
                    ),
                ),
            ],
            options={
                "verbose_name": "early write of a plan",
                "verbose_name_plural": "early writes of plans",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="HistoricalUnauthorisedWrite",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, null=True, verbose_name="ID")),
                (
                    "row_version",
                    models.PositiveBigIntegerField(editable=False, null=True, verbose_name="version"),
                ),
                ("history_change_reason", models.TextField(null=True, verbose_name="reason")),
                ("txid", models.BigIntegerField(editable=False, null=True, verbose_name="transaction")),
                (
                    "writer_name",
                    models.CharField(
                        blank=True,
                        editable=False,
                        max_length=150,
                        null=True,
                        verbose_name="log-in of the writer",
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True, editable=False, max_length=200, null=True, verbose_name="reason given"
                    ),
                ),
                (
                    "origin",
                    models.CharField(
                        blank=True, editable=False, max_length=200, null=True, verbose_name="written from"
                    ),
                ),
                ("happened_at", models.DateTimeField(editable=False, null=True, verbose_name="at")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "to be explained"),
                            ("linked", "linked to a change"),
                            ("accepted", "accepted"),
                        ],
                        max_length=8,
                        null=True,
                        verbose_name="state",
                    ),
                ),
                ("comment", models.TextField(blank=True, null=True, verbose_name="reason")),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="explained at")),
                ("type", models.BigIntegerField(db_column="type_id", null=True)),
                ("writer", models.BigIntegerField(db_column="writer_id", null=True)),
                ("named", models.BigIntegerField(db_column="named_id", null=True)),
                ("change", models.BigIntegerField(db_column="change_id", null=True)),
                ("decided_by", models.BigIntegerField(db_column="decided_by_id", null=True)),
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
                "verbose_name": "history of unauthorised write",
                "verbose_name_plural": "history of unauthorised writes",
                "ordering": ["-history_id"],
                "get_latest_by": "history_id",
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="UnauthorisedWrite",
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
                ("txid", models.BigIntegerField(editable=False, verbose_name="transaction")),
                (
                    "writer_name",
                    models.CharField(
                        blank=True, editable=False, max_length=150, verbose_name="log-in of the writer"
                    ),
                ),
                (
                    "reason",
                    models.CharField(blank=True, editable=False, max_length=200, verbose_name="reason given"),
                ),
                (
                    "origin",
                    models.CharField(blank=True, editable=False, max_length=200, verbose_name="written from"),
                ),
                ("happened_at", models.DateTimeField(editable=False, verbose_name="at")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "to be explained"),
                            ("linked", "linked to a change"),
                            ("accepted", "accepted"),
                        ],
                        default="open",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("comment", models.TextField(blank=True, verbose_name="reason")),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="explained at")),
                (
                    "change",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="unauthorised_writes",
                        to="changes.changerequest",
                        verbose_name="change",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="explained by",
                    ),
                ),
                (
                    "named",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="changes.changerequest",
                        verbose_name="change named in the write",
                    ),
                ),
                (
                    "type",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cmdb.citype",
                        verbose_name="type",
                    ),
                ),
                (
                    "writer",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="written by",
                    ),
                ),
            ],
            options={
                "verbose_name": "unauthorised write",
                "verbose_name_plural": "unauthorised writes",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="UnauthorisedRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("relation_id", models.BigIntegerField(null=True, verbose_name="relation")),
                (
                    "deed",
                    models.CharField(
                        choices=[
                            ("+", "created"),
                            ("~", "changed"),
                            ("-", "removed"),
                            ("!", "controlled less"),
                        ],
                        max_length=1,
                        verbose_name="deed",
                    ),
                ),
                ("address", models.CharField(max_length=330, verbose_name="address")),
                ("fields", models.JSONField(default=dict, verbose_name="fields")),
                ("history_id", models.BigIntegerField(null=True, verbose_name="row of the history")),
                (
                    "item",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="cmdb.configurationitem",
                        verbose_name="configuration item",
                    ),
                ),
                (
                    "write",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rows",
                        to="changes.unauthorisedwrite",
                        verbose_name="unauthorised write",
                    ),
                ),
            ],
            options={
                "verbose_name": "row of an unauthorised write",
                "verbose_name_plural": "rows of unauthorised writes",
                "ordering": ["write", "id"],
            },
        ),
        migrations.AddIndex(
            model_name="unauthorisedwrite",
            index=models.Index(fields=["state", "-id"], name="changes_unauthorised_by_state"),
        ),
        migrations.AddIndex(
            model_name="unauthorisedwrite",
            index=models.Index(fields=["happened_at"], name="changes_unauthorised_by_time"),
        ),
        migrations.AddConstraint(
            model_name="unauthorisedwrite",
            constraint=models.UniqueConstraint(
                fields=("txid", "type", "named"),
                name="changes_unauthorisedwrite_once_per_transaction",
                nulls_distinct=False,
            ),
        ),
        *load("control"),
    ]
