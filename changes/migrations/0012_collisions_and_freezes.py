"""Freezes and maintenance windows by scope, what is decided about collisions, and no item held twice."""

import django.contrib.postgres.fields.ranges
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import simple_history.models
from django.conf import settings
from django.db import migrations, models

from changes.sql import load, mirror_steps


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_tell_people"),
        ("audit", "0002_keep_files"),
        ("changes", "0011_boards_meet"),
        ("cmdb", "0002_rules_in_postgresql"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CollisionRule",
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
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("same_item", "same item"),
                            ("redundancy", "redundancy lost together"),
                            ("upstream", "order of changes"),
                            ("related", "related through the graph"),
                            ("person", "same person"),
                            ("maintenance", "outside its maintenance window"),
                        ],
                        max_length=12,
                        unique=True,
                        verbose_name="kind",
                    ),
                ),
                (
                    "is_hard",
                    models.BooleanField(
                        help_text="A hard collision stops, a soft one warns.", verbose_name="hard"
                    ),
                ),
                (
                    "depth",
                    models.PositiveSmallIntegerField(
                        default=3,
                        help_text="How many relations away two changes are still said to be related.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10),
                        ],
                        verbose_name="distance",
                    ),
                ),
            ],
            options={
                "verbose_name": "rule on collisions",
                "verbose_name_plural": "rules on collisions",
                "ordering": ["id"],
            },
        ),
        migrations.AddField(
            model_name="freezewindow",
            name="conditions",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text='As of a stored filter, for example {"attributes.os": "openEuler"}.',
                verbose_name="further conditions",
            ),
        ),
        migrations.AddField(
            model_name="freezewindow",
            name="criticality_from",
            field=models.PositiveSmallIntegerField(
                blank=True,
                choices=[(1, "low"), (2, "medium"), (3, "high"), (4, "critical")],
                null=True,
                verbose_name="criticality from",
            ),
        ),
        migrations.AddField(
            model_name="freezewindow",
            name="service",
            field=models.ForeignKey(
                blank=True,
                help_text="Covers the service and everything it depends on, through the graph.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="cmdb.configurationitem",
                verbose_name="service",
            ),
        ),
        migrations.AddField(
            model_name="historicalfreezewindow",
            name="conditions",
            field=models.JSONField(
                blank=True,
                help_text='As of a stored filter, for example {"attributes.os": "openEuler"}.',
                null=True,
                verbose_name="further conditions",
            ),
        ),
        migrations.AddField(
            model_name="historicalfreezewindow",
            name="criticality_from",
            field=models.PositiveSmallIntegerField(
                blank=True,
                choices=[(1, "low"), (2, "medium"), (3, "high"), (4, "critical")],
                null=True,
                verbose_name="criticality from",
            ),
        ),
        migrations.AddField(
            model_name="historicalfreezewindow",
            name="service",
            field=models.BigIntegerField(db_column="service_id", null=True),
        ),
        migrations.AddField(
            model_name="historicalpolicystep",
            name="only_in_freeze",
            field=models.BooleanField(
                help_text="Asked only of a change that says why it goes ahead in spite of a freeze.",
                null=True,
                verbose_name="only in spite of a freeze",
            ),
        ),
        migrations.AddField(
            model_name="policystep",
            name="only_in_freeze",
            field=models.BooleanField(
                default=False,
                help_text="Asked only of a change that says why it goes ahead in spite of a freeze.",
                verbose_name="only in spite of a freeze",
            ),
        ),
        migrations.AlterField(
            model_name="freezewindow",
            name="is_hard",
            field=models.BooleanField(
                default=True,
                help_text="A soft freeze warns and asks for a reason, a hard one stops.",
                verbose_name="hard",
            ),
        ),
        migrations.AlterField(
            model_name="freezewindow",
            name="type",
            field=models.ForeignKey(
                blank=True,
                help_text="Subtypes are included.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="cmdb.citype",
                verbose_name="type",
            ),
        ),
        migrations.AlterField(
            model_name="freezewindow",
            name="window",
            field=django.contrib.postgres.fields.ranges.DateTimeRangeField(
                help_text="From the start up to, without, the end.", verbose_name="window"
            ),
        ),
        migrations.AlterField(
            model_name="historicalfreezewindow",
            name="is_hard",
            field=models.BooleanField(
                help_text="A soft freeze warns and asks for a reason, a hard one stops.",
                null=True,
                verbose_name="hard",
            ),
        ),
        migrations.AlterField(
            model_name="historicalfreezewindow",
            name="window",
            field=django.contrib.postgres.fields.ranges.DateTimeRangeField(
                help_text="From the start up to, without, the end.", null=True, verbose_name="window"
            ),
        ),
        migrations.CreateModel(
            name="FreezeOverride",
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
                ("reason", models.TextField(verbose_name="reason")),
                (
                    "change_window",
                    django.contrib.postgres.fields.ranges.DateTimeRangeField(
                        editable=False, null=True, verbose_name="window of the change"
                    ),
                ),
                (
                    "freeze_window",
                    django.contrib.postgres.fields.ranges.DateTimeRangeField(
                        editable=False, null=True, verbose_name="window of the freeze"
                    ),
                ),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="at",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="freeze_overrides",
                        to="changes.changerequest",
                        verbose_name="change",
                    ),
                ),
                (
                    "freeze",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="overrides",
                        to="changes.freezewindow",
                        verbose_name="freeze",
                    ),
                ),
            ],
            options={
                "verbose_name": "override of a freeze",
                "verbose_name_plural": "overrides of freezes",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="HistoricalCollisionAcknowledgement",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, null=True, verbose_name="ID")),
                (
                    "row_version",
                    models.PositiveBigIntegerField(editable=False, null=True, verbose_name="version"),
                ),
                ("history_change_reason", models.TextField(null=True, verbose_name="reason")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("same_item", "same item"),
                            ("redundancy", "redundancy lost together"),
                            ("upstream", "order of changes"),
                            ("related", "related through the graph"),
                            ("person", "same person"),
                            ("maintenance", "outside its maintenance window"),
                        ],
                        max_length=12,
                        null=True,
                        verbose_name="kind",
                    ),
                ),
                ("keys", models.JSONField(null=True, verbose_name="what collides")),
                ("is_override", models.BooleanField(null=True, verbose_name="decided by the change manager")),
                ("comment", models.TextField(null=True, verbose_name="comment")),
                (
                    "change_window",
                    django.contrib.postgres.fields.ranges.DateTimeRangeField(
                        editable=False, null=True, verbose_name="window of the change"
                    ),
                ),
                (
                    "other_window",
                    django.contrib.postgres.fields.ranges.DateTimeRangeField(
                        editable=False, null=True, verbose_name="window of the other change"
                    ),
                ),
                ("at", models.DateTimeField(editable=False, null=True, verbose_name="at")),
                ("change", models.BigIntegerField(db_column="change_id", null=True)),
                ("other", models.BigIntegerField(db_column="other_id", null=True)),
                ("by", models.BigIntegerField(db_column="by_id", null=True)),
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
                "verbose_name": "history of acceptance of a collision",
                "verbose_name_plural": "history of acceptances of collisions",
                "ordering": ["-history_id"],
                "get_latest_by": "history_id",
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalCollisionRule",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, null=True, verbose_name="ID")),
                (
                    "row_version",
                    models.PositiveBigIntegerField(editable=False, null=True, verbose_name="version"),
                ),
                ("history_change_reason", models.TextField(null=True, verbose_name="reason")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("same_item", "same item"),
                            ("redundancy", "redundancy lost together"),
                            ("upstream", "order of changes"),
                            ("related", "related through the graph"),
                            ("person", "same person"),
                            ("maintenance", "outside its maintenance window"),
                        ],
                        max_length=12,
                        null=True,
                        verbose_name="kind",
                    ),
                ),
                (
                    "is_hard",
                    models.BooleanField(
                        help_text="A hard collision stops, a soft one warns.", null=True, verbose_name="hard"
                    ),
                ),
                (
                    "depth",
                    models.PositiveSmallIntegerField(
                        help_text="How many relations away two changes are still said to be related.",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10),
                        ],
                        verbose_name="distance",
                    ),
                ),
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
                "verbose_name": "history of rule on collisions",
                "verbose_name_plural": "history of rules on collisions",
                "ordering": ["-history_id"],
                "get_latest_by": "history_id",
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalFreezeOverride",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, null=True, verbose_name="ID")),
                (
                    "row_version",
                    models.PositiveBigIntegerField(editable=False, null=True, verbose_name="version"),
                ),
                ("history_change_reason", models.TextField(null=True, verbose_name="reason")),
                ("reason", models.TextField(null=True, verbose_name="reason")),
                (
                    "change_window",
                    django.contrib.postgres.fields.ranges.DateTimeRangeField(
                        editable=False, null=True, verbose_name="window of the change"
                    ),
                ),
                (
                    "freeze_window",
                    django.contrib.postgres.fields.ranges.DateTimeRangeField(
                        editable=False, null=True, verbose_name="window of the freeze"
                    ),
                ),
                ("at", models.DateTimeField(editable=False, null=True, verbose_name="at")),
                ("change", models.BigIntegerField(db_column="change_id", null=True)),
                ("freeze", models.BigIntegerField(db_column="freeze_id", null=True)),
                ("by", models.BigIntegerField(db_column="by_id", null=True)),
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
                "verbose_name": "history of override of a freeze",
                "verbose_name_plural": "history of overrides of freezes",
                "ordering": ["-history_id"],
                "get_latest_by": "history_id",
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalMaintenanceWindow",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, null=True, verbose_name="ID")),
                (
                    "row_version",
                    models.PositiveBigIntegerField(editable=False, null=True, verbose_name="version"),
                ),
                ("history_change_reason", models.TextField(null=True, verbose_name="reason")),
                ("label", models.CharField(max_length=120, null=True, verbose_name="label")),
                (
                    "label_zh",
                    models.CharField(blank=True, max_length=120, null=True, verbose_name="label in Chinese"),
                ),
                (
                    "environment",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("production", "production"),
                            ("staging", "staging"),
                            ("test", "test"),
                            ("development", "development"),
                        ],
                        max_length=12,
                        null=True,
                        verbose_name="environment",
                    ),
                ),
                (
                    "criticality_from",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        choices=[(1, "low"), (2, "medium"), (3, "high"), (4, "critical")],
                        null=True,
                        verbose_name="criticality from",
                    ),
                ),
                (
                    "conditions",
                    models.JSONField(
                        blank=True,
                        help_text='As of a stored filter, for example {"attributes.os": "openEuler"}.',
                        null=True,
                        verbose_name="further conditions",
                    ),
                ),
                (
                    "rule",
                    models.CharField(
                        help_text="RFC 5545, for example FREQ=WEEKLY;BYDAY=SU.",
                        max_length=200,
                        null=True,
                        verbose_name="recurrence",
                    ),
                ),
                ("time_zone", models.CharField(max_length=60, null=True, verbose_name="time zone")),
                ("starts_on", models.DateField(null=True, verbose_name="first day")),
                (
                    "starts_at",
                    models.TimeField(
                        help_text="Wall-clock time in the time zone.", null=True, verbose_name="starts at"
                    ),
                ),
                (
                    "duration_minutes",
                    models.PositiveIntegerField(
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10080),
                        ],
                        verbose_name="duration in minutes",
                    ),
                ),
                ("is_active", models.BooleanField(null=True, verbose_name="active")),
                ("item", models.BigIntegerField(db_column="item_id", null=True)),
                ("service", models.BigIntegerField(db_column="service_id", null=True)),
                ("type", models.BigIntegerField(db_column="type_id", null=True)),
                ("owner_team", models.BigIntegerField(db_column="owner_team_id", null=True)),
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
                "verbose_name": "history of maintenance window",
                "verbose_name_plural": "history of maintenance windows",
                "ordering": ["-history_id"],
                "get_latest_by": "history_id",
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="CollisionAcknowledgement",
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
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("same_item", "same item"),
                            ("redundancy", "redundancy lost together"),
                            ("upstream", "order of changes"),
                            ("related", "related through the graph"),
                            ("person", "same person"),
                            ("maintenance", "outside its maintenance window"),
                        ],
                        max_length=12,
                        verbose_name="kind",
                    ),
                ),
                ("keys", models.JSONField(default=list, verbose_name="what collides")),
                (
                    "is_override",
                    models.BooleanField(default=False, verbose_name="decided by the change manager"),
                ),
                ("comment", models.TextField(verbose_name="comment")),
                (
                    "change_window",
                    django.contrib.postgres.fields.ranges.DateTimeRangeField(
                        editable=False, null=True, verbose_name="window of the change"
                    ),
                ),
                (
                    "other_window",
                    django.contrib.postgres.fields.ranges.DateTimeRangeField(
                        editable=False, null=True, verbose_name="window of the other change"
                    ),
                ),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="at",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "change",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="acknowledgements",
                        to="changes.changerequest",
                        verbose_name="change",
                    ),
                ),
                (
                    "other",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="changes.changerequest",
                        verbose_name="other change",
                    ),
                ),
            ],
            options={
                "verbose_name": "acceptance of a collision",
                "verbose_name_plural": "acceptances of collisions",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("change", models.F("other")), _negated=True),
                        name="changes_acknowledgement_of_two_changes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                ["same_item", "redundancy", "upstream", "related", "person", "maintenance"],
                            )
                        ),
                        name="changes_acknowledgement_kind_exists",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MaintenanceWindow",
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
                ("label", models.CharField(max_length=120, verbose_name="label")),
                ("label_zh", models.CharField(blank=True, max_length=120, verbose_name="label in Chinese")),
                (
                    "environment",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("production", "production"),
                            ("staging", "staging"),
                            ("test", "test"),
                            ("development", "development"),
                        ],
                        max_length=12,
                        verbose_name="environment",
                    ),
                ),
                (
                    "criticality_from",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        choices=[(1, "low"), (2, "medium"), (3, "high"), (4, "critical")],
                        null=True,
                        verbose_name="criticality from",
                    ),
                ),
                (
                    "conditions",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text='As of a stored filter, for example {"attributes.os": "openEuler"}.',
                        verbose_name="further conditions",
                    ),
                ),
                (
                    "rule",
                    models.CharField(
                        help_text="RFC 5545, for example FREQ=WEEKLY;BYDAY=SU.",
                        max_length=200,
                        verbose_name="recurrence",
                    ),
                ),
                ("time_zone", models.CharField(default="UTC", max_length=60, verbose_name="time zone")),
                ("starts_on", models.DateField(verbose_name="first day")),
                (
                    "starts_at",
                    models.TimeField(help_text="Wall-clock time in the time zone.", verbose_name="starts at"),
                ),
                (
                    "duration_minutes",
                    models.PositiveIntegerField(
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10080),
                        ],
                        verbose_name="duration in minutes",
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "item",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cmdb.configurationitem",
                        verbose_name="configuration item",
                    ),
                ),
                (
                    "owner_team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.team",
                        verbose_name="owner team",
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        blank=True,
                        help_text="Covers the service and everything it depends on, through the graph.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cmdb.configurationitem",
                        verbose_name="service",
                    ),
                ),
                (
                    "type",
                    models.ForeignKey(
                        blank=True,
                        help_text="Subtypes are included.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cmdb.citype",
                        verbose_name="type",
                    ),
                ),
            ],
            options={
                "verbose_name": "maintenance window",
                "verbose_name_plural": "maintenance windows",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("duration_minutes__range", (1, 10080))),
                        name="changes_maintenancewindow_lasts_a_week_at_most",
                    )
                ],
            },
        ),
        *load("collisions", "collision_tables", "round", "event_gate"),
        mirror_steps(),
    ]
