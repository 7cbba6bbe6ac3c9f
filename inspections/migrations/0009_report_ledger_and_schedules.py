"""Every report that leaves the house is issued with its hash; some go out by themselves."""

import datetime

import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
import simple_history.models
from django.conf import settings
from django.db import migrations, models

from inspections.sql import load


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0003_grant_what_is_meant_for_the_application"),
        ("cmdb", "0003_control_of_types"),
        ("inspections", "0008_findings_by_policy_and_amendments_by_two"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="HistoricalReportIssue",
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
                        choices=[("run", "One inspection"), ("period", "A period")],
                        max_length=6,
                        null=True,
                        verbose_name="kind",
                    ),
                ),
                (
                    "parameters",
                    models.JSONField(
                        blank=True,
                        help_text="Of a period: from, to, client, site, plan, rows.",
                        null=True,
                        verbose_name="parameters",
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("zh-hans", "简体中文")],
                        max_length=10,
                        null=True,
                        verbose_name="language",
                    ),
                ),
                (
                    "format",
                    models.CharField(
                        choices=[
                            ("pdf", "PDF"),
                            ("xlsx", "XLSX"),
                            ("json", "JSON"),
                            ("page", "Page to print"),
                        ],
                        max_length=4,
                        null=True,
                        verbose_name="file format",
                    ),
                ),
                ("number", models.CharField(max_length=24, null=True, verbose_name="report number")),
                ("subject", models.CharField(max_length=200, null=True, verbose_name="subject")),
                (
                    "record_sha256",
                    models.CharField(
                        blank=True,
                        help_text="Of a run: the hash that its signatures are bound to.",
                        max_length=64,
                        null=True,
                        verbose_name="SHA-256 of the record",
                    ),
                ),
                (
                    "file_sha256",
                    models.CharField(max_length=64, null=True, verbose_name="SHA-256 of the file"),
                ),
                ("size", models.PositiveIntegerField(null=True, verbose_name="size in bytes")),
                (
                    "made_with",
                    models.CharField(
                        help_text="Versions on which the bytes depend.",
                        max_length=120,
                        null=True,
                        verbose_name="made with",
                    ),
                ),
                ("watermark", models.CharField(max_length=200, null=True, verbose_name="watermark")),
                ("issued_at", models.DateTimeField(null=True, verbose_name="issued at")),
                ("run", models.BigIntegerField(db_column="run_id", null=True)),
                ("data", models.BigIntegerField(db_column="data_id", null=True)),
                ("file", models.BigIntegerField(db_column="file_id", null=True)),
                ("issued_by", models.BigIntegerField(db_column="issued_by_id", null=True)),
                ("schedule", models.BigIntegerField(db_column="schedule_id", null=True)),
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
                "verbose_name": "history of issued report",
                "verbose_name_plural": "history of issued reports",
                "ordering": ["-history_id"],
                "get_latest_by": "history_id",
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalReportOrder",
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
                        choices=[("run", "One inspection"), ("period", "A period")],
                        max_length=6,
                        null=True,
                        verbose_name="kind",
                    ),
                ),
                (
                    "parameters",
                    models.JSONField(
                        blank=True,
                        help_text="Of a period: from, to, client, site, plan, rows.",
                        null=True,
                        verbose_name="parameters",
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("zh-hans", "简体中文")],
                        max_length=10,
                        null=True,
                        verbose_name="language",
                    ),
                ),
                (
                    "format",
                    models.CharField(
                        choices=[
                            ("pdf", "PDF"),
                            ("xlsx", "XLSX"),
                            ("json", "JSON"),
                            ("page", "Page to print"),
                        ],
                        max_length=4,
                        null=True,
                        verbose_name="file format",
                    ),
                ),
                ("number", models.CharField(max_length=24, null=True, verbose_name="report number")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Waiting"),
                            ("running", "Being made"),
                            ("ready", "Ready"),
                            ("failed", "Failed"),
                        ],
                        max_length=8,
                        null=True,
                        verbose_name="state",
                    ),
                ),
                ("percent", models.PositiveSmallIntegerField(null=True, verbose_name="percent done")),
                ("trouble", models.TextField(blank=True, null=True, verbose_name="what went wrong")),
                ("ordered_at", models.DateTimeField(editable=False, null=True, verbose_name="ordered at")),
                ("run", models.BigIntegerField(db_column="run_id", null=True)),
                ("ordered_by", models.BigIntegerField(db_column="ordered_by_id", null=True)),
                ("issue", models.BigIntegerField(db_column="issue_id", null=True)),
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
                "verbose_name": "history of ordered report",
                "verbose_name_plural": "history of ordered reports",
                "ordering": ["-history_id"],
                "get_latest_by": "history_id",
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalReportRecipient",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, null=True, verbose_name="ID")),
                (
                    "row_version",
                    models.PositiveBigIntegerField(editable=False, null=True, verbose_name="version"),
                ),
                ("history_change_reason", models.TextField(null=True, verbose_name="reason")),
                ("schedule", models.BigIntegerField(db_column="schedule_id", null=True)),
                ("user", models.BigIntegerField(db_column="user_id", null=True)),
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
                "verbose_name": "history of recipient of reports",
                "verbose_name_plural": "history of recipients of reports",
                "ordering": ["-history_id"],
                "get_latest_by": "history_id",
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalReportSchedule",
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
                    "every",
                    models.CharField(
                        choices=[("day", "Daily"), ("week", "Weekly"), ("month", "Monthly")],
                        max_length=5,
                        null=True,
                        verbose_name="how often",
                    ),
                ),
                ("at", models.TimeField(null=True, verbose_name="at")),
                (
                    "weekday",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (1, "Monday"),
                            (2, "Tuesday"),
                            (3, "Wednesday"),
                            (4, "Thursday"),
                            (5, "Friday"),
                            (6, "Saturday"),
                            (7, "Sunday"),
                        ],
                        null=True,
                        verbose_name="day of the week",
                    ),
                ),
                (
                    "monthday",
                    models.PositiveSmallIntegerField(
                        help_text="1 to 28: every month has it.", null=True, verbose_name="day of the month"
                    ),
                ),
                ("time_zone", models.CharField(max_length=64, null=True, verbose_name="time zone")),
                (
                    "covers",
                    models.CharField(
                        choices=[
                            ("complete", "The last complete period"),
                            ("so_far", "The present period so far"),
                        ],
                        max_length=8,
                        null=True,
                        verbose_name="covers",
                    ),
                ),
                ("client", models.CharField(blank=True, max_length=120, null=True, verbose_name="client")),
                (
                    "has_all_rows",
                    models.BooleanField(
                        help_text="Also what was normal, not only what was not.",
                        null=True,
                        verbose_name="every row",
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("zh-hans", "简体中文")],
                        max_length=10,
                        null=True,
                        verbose_name="language",
                    ),
                ),
                (
                    "format",
                    models.CharField(
                        choices=[("pdf", "PDF"), ("xlsx", "XLSX")],
                        max_length=4,
                        null=True,
                        verbose_name="file format",
                    ),
                ),
                (
                    "delivery",
                    models.CharField(
                        choices=[
                            ("attached", "By mail, the file attached"),
                            ("link", "As a notice with a link"),
                        ],
                        max_length=8,
                        null=True,
                        verbose_name="delivery",
                    ),
                ),
                ("is_enabled", models.BooleanField(null=True, verbose_name="enabled")),
                (
                    "disabled_reason",
                    models.TextField(blank=True, null=True, verbose_name="why it is disabled"),
                ),
                (
                    "counts_from_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="sends what is due after"),
                ),
                ("site", models.BigIntegerField(db_column="site_id", null=True)),
                ("plan", models.BigIntegerField(db_column="plan_id", null=True)),
                ("owner", models.BigIntegerField(db_column="owner_id", null=True)),
                ("disabled_by", models.BigIntegerField(db_column="disabled_by_id", null=True)),
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
                "verbose_name": "history of report schedule",
                "verbose_name_plural": "history of report schedules",
                "ordering": ["-history_id"],
                "get_latest_by": "history_id",
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalReportSending",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, null=True, verbose_name="ID")),
                (
                    "row_version",
                    models.PositiveBigIntegerField(editable=False, null=True, verbose_name="version"),
                ),
                ("history_change_reason", models.TextField(null=True, verbose_name="reason")),
                ("slot_at", models.DateTimeField(null=True, verbose_name="due at")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("sending", "On its way"),
                            ("sent", "Sent"),
                            ("failed", "Failed"),
                        ],
                        max_length=8,
                        null=True,
                        verbose_name="state",
                    ),
                ),
                ("trouble", models.TextField(blank=True, null=True, verbose_name="what went wrong")),
                ("tries", models.PositiveSmallIntegerField(null=True, verbose_name="tries")),
                ("tried_at", models.DateTimeField(blank=True, null=True, verbose_name="last tried at")),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent at")),
                ("schedule", models.BigIntegerField(db_column="schedule_id", null=True)),
                ("user", models.BigIntegerField(db_column="user_id", null=True)),
                ("issue", models.BigIntegerField(db_column="issue_id", null=True)),
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
                "verbose_name": "history of sent report",
                "verbose_name_plural": "history of sent reports",
                "ordering": ["-history_id"],
                "get_latest_by": "history_id",
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="ReportSchedule",
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
                    "every",
                    models.CharField(
                        choices=[("day", "Daily"), ("week", "Weekly"), ("month", "Monthly")],
                        default="day",
                        max_length=5,
                        verbose_name="how often",
                    ),
                ),
                ("at", models.TimeField(default=datetime.time(18, 0), verbose_name="at")),
                (
                    "weekday",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (1, "Monday"),
                            (2, "Tuesday"),
                            (3, "Wednesday"),
                            (4, "Thursday"),
                            (5, "Friday"),
                            (6, "Saturday"),
                            (7, "Sunday"),
                        ],
                        default=1,
                        verbose_name="day of the week",
                    ),
                ),
                (
                    "monthday",
                    models.PositiveSmallIntegerField(
                        default=1, help_text="1 to 28: every month has it.", verbose_name="day of the month"
                    ),
                ),
                (
                    "time_zone",
                    models.CharField(default="Asia/Shanghai", max_length=64, verbose_name="time zone"),
                ),
                (
                    "covers",
                    models.CharField(
                        choices=[
                            ("complete", "The last complete period"),
                            ("so_far", "The present period so far"),
                        ],
                        default="complete",
                        max_length=8,
                        verbose_name="covers",
                    ),
                ),
                ("client", models.CharField(blank=True, max_length=120, verbose_name="client")),
                (
                    "has_all_rows",
                    models.BooleanField(
                        default=False,
                        help_text="Also what was normal, not only what was not.",
                        verbose_name="every row",
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("zh-hans", "简体中文")],
                        default="zh-hans",
                        max_length=10,
                        verbose_name="language",
                    ),
                ),
                (
                    "format",
                    models.CharField(
                        choices=[("pdf", "PDF"), ("xlsx", "XLSX")],
                        default="pdf",
                        max_length=4,
                        verbose_name="file format",
                    ),
                ),
                (
                    "delivery",
                    models.CharField(
                        choices=[
                            ("attached", "By mail, the file attached"),
                            ("link", "As a notice with a link"),
                        ],
                        default="attached",
                        max_length=8,
                        verbose_name="delivery",
                    ),
                ),
                ("is_enabled", models.BooleanField(default=True, verbose_name="enabled")),
                ("disabled_reason", models.TextField(blank=True, verbose_name="why it is disabled")),
                (
                    "counts_from_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now,
                        editable=False,
                        verbose_name="sends what is due after",
                    ),
                ),
                (
                    "disabled_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="disabled by",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="looked after by",
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="inspections.inspectionplan",
                        verbose_name="plan",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        blank=True,
                        help_text="A place: the report covers what stands in it.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cmdb.configurationitem",
                        verbose_name="site",
                    ),
                ),
            ],
            options={
                "verbose_name": "report schedule",
                "verbose_name_plural": "report schedules",
                "ordering": ["label", "id"],
            },
        ),
        migrations.CreateModel(
            name="ReportRecipient",
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
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
                (
                    "schedule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="recipients",
                        to="inspections.reportschedule",
                        verbose_name="report schedule",
                    ),
                ),
            ],
            options={
                "verbose_name": "recipient of reports",
                "verbose_name_plural": "recipients of reports",
                "ordering": ["schedule", "id"],
            },
        ),
        migrations.CreateModel(
            name="ReportIssue",
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
                        choices=[("run", "One inspection"), ("period", "A period")],
                        max_length=6,
                        verbose_name="kind",
                    ),
                ),
                (
                    "parameters",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="Of a period: from, to, client, site, plan, rows.",
                        verbose_name="parameters",
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("zh-hans", "简体中文")],
                        max_length=10,
                        verbose_name="language",
                    ),
                ),
                (
                    "format",
                    models.CharField(
                        choices=[
                            ("pdf", "PDF"),
                            ("xlsx", "XLSX"),
                            ("json", "JSON"),
                            ("page", "Page to print"),
                        ],
                        max_length=4,
                        verbose_name="file format",
                    ),
                ),
                ("number", models.CharField(max_length=24, unique=True, verbose_name="report number")),
                ("subject", models.CharField(max_length=200, verbose_name="subject")),
                (
                    "record_sha256",
                    models.CharField(
                        blank=True,
                        help_text="Of a run: the hash that its signatures are bound to.",
                        max_length=64,
                        verbose_name="SHA-256 of the record",
                    ),
                ),
                ("file_sha256", models.CharField(max_length=64, verbose_name="SHA-256 of the file")),
                ("size", models.PositiveIntegerField(verbose_name="size in bytes")),
                (
                    "made_with",
                    models.CharField(
                        help_text="Versions on which the bytes depend.",
                        max_length=120,
                        verbose_name="made with",
                    ),
                ),
                ("watermark", models.CharField(max_length=200, verbose_name="watermark")),
                ("issued_at", models.DateTimeField(verbose_name="issued at")),
                (
                    "data",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="audit.storedfile",
                        verbose_name="record that it was made from",
                    ),
                ),
                (
                    "file",
                    models.ForeignKey(
                        blank=True,
                        help_text="Of long reports only; others are made again from their record.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="audit.storedfile",
                        verbose_name="kept file",
                    ),
                ),
                (
                    "issued_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="issued to",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="inspections.inspectionrun",
                        verbose_name="inspection run",
                    ),
                ),
                (
                    "schedule",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="issues",
                        to="inspections.reportschedule",
                        verbose_name="schedule",
                    ),
                ),
            ],
            options={
                "verbose_name": "issued report",
                "verbose_name_plural": "issued reports",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="ReportSending",
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
                ("slot_at", models.DateTimeField(verbose_name="due at")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("sending", "On its way"),
                            ("sent", "Sent"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("trouble", models.TextField(blank=True, verbose_name="what went wrong")),
                ("tries", models.PositiveSmallIntegerField(default=0, verbose_name="tries")),
                ("tried_at", models.DateTimeField(blank=True, null=True, verbose_name="last tried at")),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent at")),
                (
                    "issue",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sendings",
                        to="inspections.reportissue",
                        verbose_name="report",
                    ),
                ),
                (
                    "schedule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sendings",
                        to="inspections.reportschedule",
                        verbose_name="report schedule",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "sent report",
                "verbose_name_plural": "sent reports",
                "ordering": ["-slot_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="ReportOrder",
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
                        choices=[("run", "One inspection"), ("period", "A period")],
                        max_length=6,
                        verbose_name="kind",
                    ),
                ),
                (
                    "parameters",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="Of a period: from, to, client, site, plan, rows.",
                        verbose_name="parameters",
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        choices=[("en", "English"), ("zh-hans", "简体中文")],
                        max_length=10,
                        verbose_name="language",
                    ),
                ),
                (
                    "format",
                    models.CharField(
                        choices=[
                            ("pdf", "PDF"),
                            ("xlsx", "XLSX"),
                            ("json", "JSON"),
                            ("page", "Page to print"),
                        ],
                        max_length=4,
                        verbose_name="file format",
                    ),
                ),
                ("number", models.CharField(max_length=24, unique=True, verbose_name="report number")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Waiting"),
                            ("running", "Being made"),
                            ("ready", "Ready"),
                            ("failed", "Failed"),
                        ],
                        default="queued",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("percent", models.PositiveSmallIntegerField(default=0, verbose_name="percent done")),
                ("trouble", models.TextField(blank=True, verbose_name="what went wrong")),
                (
                    "ordered_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="ordered at",
                    ),
                ),
                (
                    "issue",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="order",
                        to="inspections.reportissue",
                        verbose_name="report",
                    ),
                ),
                (
                    "ordered_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="ordered by",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="inspections.inspectionrun",
                        verbose_name="inspection run",
                    ),
                ),
            ],
            options={
                "verbose_name": "ordered report",
                "verbose_name_plural": "ordered reports",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("number__regex", "^RP-\\d{6}-\\d{4,}$")),
                        name="inspections_order_number_shape",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("issue__isnull", False), ("state", "ready")),
                            models.Q(models.Q(("state", "ready"), _negated=True), ("issue", None)),
                            _connector="OR",
                        ),
                        name="inspections_order_ready_with_a_report",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "failed"), _negated=True),
                            models.Q(("trouble", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="inspections_order_failed_for_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("percent__lte", 100)), name="inspections_order_percent"
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="reportschedule",
            constraint=models.CheckConstraint(
                condition=models.Q(("weekday__range", (1, 7)), ("monthday__range", (1, 28))),
                name="inspections_schedule_day_exists",
                violation_error_message="Choose a day of the month from 1 to 28.",
            ),
        ),
        migrations.AddConstraint(
            model_name="reportschedule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_enabled", True),
                    models.Q(
                        models.Q(("disabled_reason", ""), _negated=True), ("disabled_by__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="inspections_schedule_disabled_by_somebody_for_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="reportrecipient",
            constraint=models.UniqueConstraint(
                fields=("schedule", "user"), name="inspections_recipient_once"
            ),
        ),
        migrations.AddIndex(
            model_name="reportissue",
            index=models.Index(fields=["file_sha256"], name="inspections_issue_file"),
        ),
        migrations.AddIndex(
            model_name="reportissue",
            index=models.Index(fields=["issued_by", "-id"], name="inspections_issue_person"),
        ),
        migrations.AddConstraint(
            model_name="reportissue",
            constraint=models.CheckConstraint(
                condition=models.Q(("number__regex", "^RP-\\d{6}-\\d{4,}$")),
                name="inspections_issue_number_shape",
            ),
        ),
        migrations.AddConstraint(
            model_name="reportissue",
            constraint=models.CheckConstraint(
                condition=models.Q(("file_sha256__regex", "^[0-9a-f]{64}$")),
                name="inspections_issue_has_a_hash",
            ),
        ),
        migrations.AddConstraint(
            model_name="reportissue",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "run"), ("run__isnull", False)),
                    models.Q(("kind", "period"), ("run", None)),
                    _connector="OR",
                ),
                name="inspections_issue_of_a_run_names_it",
            ),
        ),
        migrations.AddConstraint(
            model_name="reportissue",
            constraint=models.CheckConstraint(
                condition=models.Q(("watermark", ""), _negated=True), name="inspections_issue_names_a_person"
            ),
        ),
        migrations.AddConstraint(
            model_name="reportsending",
            constraint=models.UniqueConstraint(
                fields=("schedule", "user", "slot_at"), name="inspections_sending_once_per_person_and_moment"
            ),
        ),
        migrations.AddConstraint(
            model_name="reportsending",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "sent"), _negated=True),
                    models.Q(("issue__isnull", False), ("sent_at__isnull", False)),
                    _connector="OR",
                ),
                name="inspections_sending_sent_with_a_report",
            ),
        ),
        migrations.AddConstraint(
            model_name="reportsending",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "failed"), _negated=True),
                    models.Q(("trouble", ""), _negated=True),
                    _connector="OR",
                ),
                name="inspections_sending_failed_for_a_reason",
            ),
        ),
        *load("report", "refuse"),
    ]
