"""The work, its measured effect and emergencies in full: rows, and the rules about them in PostgreSQL."""

import django.db.models.deletion
import django.db.models.functions.datetime
import simple_history.models
from django.conf import settings
from django.db import migrations, models

from changes.sql import load, mirror_steps


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0001_initial"),
        ("changes", "0009_plan_in_full"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CausedIncident",
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
                    "reference",
                    models.CharField(
                        help_text="For example INC-2041.", max_length=80, verbose_name="reference"
                    ),
                ),
                (
                    "severity",
                    models.CharField(
                        choices=[
                            ("p1", "P1, critical"),
                            ("p2", "P2, high"),
                            ("p3", "P3, medium"),
                            ("p4", "P4, low"),
                        ],
                        default="p3",
                        max_length=2,
                        verbose_name="severity",
                    ),
                ),
                ("note", models.TextField(blank=True, verbose_name="note")),
                ("link", models.URLField(blank=True, verbose_name="link")),
                (
                    "recorded_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="recorded",
                    ),
                ),
            ],
            options={
                "verbose_name": "incident caused by a change",
                "verbose_name_plural": "incidents caused by changes",
                "ordering": ["change", "id"],
            },
        ),
        migrations.CreateModel(
            name="CriterionBreach",
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
                    "answer",
                    models.CharField(
                        choices=[("rolled_back", "rolled back by itself"), ("paged", "people were called")],
                        max_length=12,
                        verbose_name="answer",
                    ),
                ),
                (
                    "found_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="found",
                    ),
                ),
            ],
            options={
                "verbose_name": "breach of a criterion",
                "verbose_name_plural": "breaches of criteria",
                "ordering": ["criterion", "id"],
            },
        ),
        migrations.CreateModel(
            name="Deviation",
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
                    "nature",
                    models.CharField(
                        choices=[("deviation", "deviation"), ("forward_fix", "forward fix asked for")],
                        default="deviation",
                        max_length=12,
                        verbose_name="nature",
                    ),
                ),
                ("text", models.TextField(verbose_name="what was done otherwise")),
                (
                    "recorded_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="recorded",
                    ),
                ),
            ],
            options={
                "verbose_name": "deviation",
                "verbose_name_plural": "deviations",
                "ordering": ["change", "id"],
            },
        ),
        migrations.CreateModel(
            name="DutySpell",
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
                ("starts_at", models.DateTimeField(verbose_name="from")),
                ("ends_at", models.DateTimeField(verbose_name="until")),
                (
                    "note",
                    models.CharField(
                        blank=True,
                        help_text="For example a phone number.",
                        max_length=200,
                        verbose_name="note",
                    ),
                ),
            ],
            options={
                "verbose_name": "spell of duty",
                "verbose_name_plural": "spells of duty",
                "ordering": ["-starts_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="HistoricalCausedIncident",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, null=True, verbose_name="ID")),
                (
                    "row_version",
                    models.PositiveBigIntegerField(editable=False, null=True, verbose_name="version"),
                ),
                ("history_change_reason", models.TextField(null=True, verbose_name="reason")),
                (
                    "reference",
                    models.CharField(
                        help_text="For example INC-2041.", max_length=80, null=True, verbose_name="reference"
                    ),
                ),
                (
                    "severity",
                    models.CharField(
                        choices=[
                            ("p1", "P1, critical"),
                            ("p2", "P2, high"),
                            ("p3", "P3, medium"),
                            ("p4", "P4, low"),
                        ],
                        max_length=2,
                        null=True,
                        verbose_name="severity",
                    ),
                ),
                ("note", models.TextField(blank=True, null=True, verbose_name="note")),
                ("link", models.URLField(blank=True, null=True, verbose_name="link")),
                ("recorded_at", models.DateTimeField(editable=False, null=True, verbose_name="recorded")),
                ("change", models.BigIntegerField(db_column="change_id", null=True)),
                ("recorded_by", models.BigIntegerField(db_column="recorded_by_id", null=True)),
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
            ],
            options={
                "verbose_name": "history of incident caused by a change",
                "verbose_name_plural": "history of incidents caused by changes",
                "ordering": ["-history_id"],
                "get_latest_by": "history_id",
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalCriterionBreach",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, null=True, verbose_name="ID")),
                (
                    "row_version",
                    models.PositiveBigIntegerField(editable=False, null=True, verbose_name="version"),
                ),
                ("history_change_reason", models.TextField(null=True, verbose_name="reason")),
                (
                    "answer",
                    models.CharField(
                        choices=[("rolled_back", "rolled back by itself"), ("paged", "people were called")],
                        max_length=12,
                        null=True,
                        verbose_name="answer",
                    ),
                ),
                ("found_at", models.DateTimeField(editable=False, null=True, verbose_name="found")),
                ("criterion", models.BigIntegerField(db_column="criterion_id", null=True)),
                ("first_result", models.BigIntegerField(db_column="first_result_id", null=True)),
                ("result", models.BigIntegerField(db_column="result_id", null=True)),
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
            ],
            options={
                "verbose_name": "history of breach of a criterion",
                "verbose_name_plural": "history of breaches of criteria",
                "ordering": ["-history_id"],
                "get_latest_by": "history_id",
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalDeviation",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, null=True, verbose_name="ID")),
                (
                    "row_version",
                    models.PositiveBigIntegerField(editable=False, null=True, verbose_name="version"),
                ),
                ("history_change_reason", models.TextField(null=True, verbose_name="reason")),
                (
                    "nature",
                    models.CharField(
                        choices=[("deviation", "deviation"), ("forward_fix", "forward fix asked for")],
                        max_length=12,
                        null=True,
                        verbose_name="nature",
                    ),
                ),
                ("text", models.TextField(null=True, verbose_name="what was done otherwise")),
                ("recorded_at", models.DateTimeField(editable=False, null=True, verbose_name="recorded")),
                ("change", models.BigIntegerField(db_column="change_id", null=True)),
                ("task", models.BigIntegerField(db_column="task_id", null=True)),
                ("recorded_by", models.BigIntegerField(db_column="recorded_by_id", null=True)),
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
            ],
            options={
                "verbose_name": "history of deviation",
                "verbose_name_plural": "history of deviations",
                "ordering": ["-history_id"],
                "get_latest_by": "history_id",
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalDutySpell",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, null=True, verbose_name="ID")),
                (
                    "row_version",
                    models.PositiveBigIntegerField(editable=False, null=True, verbose_name="version"),
                ),
                ("history_change_reason", models.TextField(null=True, verbose_name="reason")),
                ("starts_at", models.DateTimeField(null=True, verbose_name="from")),
                ("ends_at", models.DateTimeField(null=True, verbose_name="until")),
                (
                    "note",
                    models.CharField(
                        blank=True,
                        help_text="For example a phone number.",
                        max_length=200,
                        null=True,
                        verbose_name="note",
                    ),
                ),
                ("board", models.BigIntegerField(db_column="board_id", null=True)),
                ("person", models.BigIntegerField(db_column="person_id", null=True)),
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
            ],
            options={
                "verbose_name": "history of spell of duty",
                "verbose_name_plural": "history of spells of duty",
                "ordering": ["-history_id"],
                "get_latest_by": "history_id",
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalPresenceConfirmation",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, null=True, verbose_name="ID")),
                (
                    "row_version",
                    models.PositiveBigIntegerField(editable=False, null=True, verbose_name="version"),
                ),
                ("history_change_reason", models.TextField(null=True, verbose_name="reason")),
                ("confirmed_at", models.DateTimeField(editable=False, null=True, verbose_name="confirmed")),
                ("event", models.BigIntegerField(db_column="event_id", null=True)),
                ("confirmed_by", models.BigIntegerField(db_column="confirmed_by_id", null=True)),
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
            ],
            options={
                "verbose_name": "history of confirmation of presence",
                "verbose_name_plural": "history of confirmations of presence",
                "ordering": ["-history_id"],
                "get_latest_by": "history_id",
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalReviewAction",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, null=True, verbose_name="ID")),
                (
                    "row_version",
                    models.PositiveBigIntegerField(editable=False, null=True, verbose_name="version"),
                ),
                ("history_change_reason", models.TextField(null=True, verbose_name="reason")),
                ("text", models.CharField(max_length=300, null=True, verbose_name="what is to be done")),
                ("due_on", models.DateField(null=True, verbose_name="done by")),
                ("done_at", models.DateTimeField(blank=True, null=True, verbose_name="done")),
                ("done_note", models.TextField(blank=True, null=True, verbose_name="how it was done")),
                ("change", models.BigIntegerField(db_column="change_id", null=True)),
                ("owner", models.BigIntegerField(db_column="owner_id", null=True)),
                ("agreed_by", models.BigIntegerField(db_column="agreed_by_id", null=True)),
                ("done_by", models.BigIntegerField(db_column="done_by_id", null=True)),
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
            ],
            options={
                "verbose_name": "history of action of a review",
                "verbose_name_plural": "history of actions of reviews",
                "ordering": ["-history_id"],
                "get_latest_by": "history_id",
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="PresenceConfirmation",
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
                    "confirmed_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="confirmed",
                    ),
                ),
            ],
            options={
                "verbose_name": "confirmation of presence",
                "verbose_name_plural": "confirmations of presence",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="ReviewAction",
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
                ("text", models.CharField(max_length=300, verbose_name="what is to be done")),
                ("due_on", models.DateField(verbose_name="done by")),
                ("done_at", models.DateTimeField(blank=True, null=True, verbose_name="done")),
                ("done_note", models.TextField(blank=True, verbose_name="how it was done")),
            ],
            options={
                "verbose_name": "action of a review",
                "verbose_name_plural": "actions of reviews",
                "ordering": ["due_on", "id"],
            },
        ),
        migrations.AlterModelOptions(
            name="criterionresult",
            options={
                "ordering": ["criterion", "-measured_at", "-id"],
                "verbose_name": "measured value",
                "verbose_name_plural": "measured values",
            },
        ),
        migrations.AddField(
            model_name="approvalpolicy",
            name="late_minutes",
            field=models.PositiveIntegerField(
                default=60, verbose_name="a missed window is cancelled after, in minutes"
            ),
        ),
        migrations.AddField(
            model_name="approvalpolicy",
            name="needs_backup",
            field=models.BooleanField(
                default=False,
                help_text="Downtime, high risk and critical items ask for one in any case.",
                verbose_name="starts only with a backup",
            ),
        ),
        migrations.AddField(
            model_name="approvalpolicy",
            name="reschedule_days",
            field=models.PositiveSmallIntegerField(
                default=7,
                help_text="Without a new approval; the window gets no longer.",
                verbose_name="may be moved by so many days",
            ),
        ),
        migrations.AddField(
            model_name="changerequest",
            name="is_unauthorised",
            field=models.BooleanField(
                default=False,
                editable=False,
                help_text="Not ratified, or not in time.",
                verbose_name="counts as unauthorised",
            ),
        ),
        migrations.AddField(
            model_name="changerequest",
            name="review_answers",
            field=models.JSONField(blank=True, default=dict, verbose_name="answers of the review"),
        ),
        migrations.AddField(
            model_name="criterion",
            name="grace_minutes",
            field=models.PositiveIntegerField(
                default=0,
                help_text="Bad values must last so long; 0: the first bad value breaches it.",
                verbose_name="breached after, in minutes",
            ),
        ),
        migrations.AddField(
            model_name="criterion",
            name="has_auto_restore",
            field=models.BooleanField(
                default=False,
                help_text="After rolling back by itself, the planned operations are taken back at once.",
                verbose_name="restores the configuration by itself too",
            ),
        ),
        migrations.AddField(
            model_name="criterionresult",
            name="key",
            field=models.CharField(blank=True, max_length=80, verbose_name="idempotency key"),
        ),
        migrations.AddField(
            model_name="criterionresult",
            name="received_at",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="received"
            ),
        ),
        migrations.AddField(
            model_name="historicalapprovalpolicy",
            name="late_minutes",
            field=models.PositiveIntegerField(
                null=True, verbose_name="a missed window is cancelled after, in minutes"
            ),
        ),
        migrations.AddField(
            model_name="historicalapprovalpolicy",
            name="needs_backup",
            field=models.BooleanField(
                help_text="Downtime, high risk and critical items ask for one in any case.",
                null=True,
                verbose_name="starts only with a backup",
            ),
        ),
        migrations.AddField(
            model_name="historicalapprovalpolicy",
            name="reschedule_days",
            field=models.PositiveSmallIntegerField(
                help_text="Without a new approval; the window gets no longer.",
                null=True,
                verbose_name="may be moved by so many days",
            ),
        ),
        migrations.AddField(
            model_name="historicalchangerequest",
            name="is_unauthorised",
            field=models.BooleanField(
                editable=False,
                help_text="Not ratified, or not in time.",
                null=True,
                verbose_name="counts as unauthorised",
            ),
        ),
        migrations.AddField(
            model_name="historicalchangerequest",
            name="review_answers",
            field=models.JSONField(blank=True, null=True, verbose_name="answers of the review"),
        ),
        migrations.AddField(
            model_name="historicalcriterion",
            name="grace_minutes",
            field=models.PositiveIntegerField(
                help_text="Bad values must last so long; 0: the first bad value breaches it.",
                null=True,
                verbose_name="breached after, in minutes",
            ),
        ),
        migrations.AddField(
            model_name="historicalcriterion",
            name="has_auto_restore",
            field=models.BooleanField(
                help_text="After rolling back by itself, the planned operations are taken back at once.",
                null=True,
                verbose_name="restores the configuration by itself too",
            ),
        ),
        migrations.AddField(
            model_name="historicalcriterionresult",
            name="key",
            field=models.CharField(blank=True, max_length=80, null=True, verbose_name="idempotency key"),
        ),
        migrations.AddField(
            model_name="historicalcriterionresult",
            name="received_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="received"),
        ),
        migrations.AddField(
            model_name="historicalplantask",
            name="second_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="confirmed by the second"
            ),
        ),
        migrations.AddField(
            model_name="historicalplantask",
            name="started_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="begun"),
        ),
        migrations.AddField(
            model_name="historicalplantask",
            name="started_by",
            field=models.BigIntegerField(db_column="started_by_id", null=True),
        ),
        migrations.AddField(
            model_name="plantask",
            name="second_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="confirmed by the second"
            ),
        ),
        migrations.AddField(
            model_name="plantask",
            name="started_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="begun"),
        ),
        migrations.AddField(
            model_name="plantask",
            name="started_by",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="begun by",
            ),
        ),
        migrations.AddIndex(
            model_name="criterionresult",
            index=models.Index(
                fields=["criterion", "-measured_at", "-id"], name="changes_result_newest_first"
            ),
        ),
        migrations.AddConstraint(
            model_name="criterionresult",
            constraint=models.UniqueConstraint(
                condition=models.Q(("key", ""), _negated=True),
                fields=("criterion", "key"),
                name="changes_criterionresult_key_once",
            ),
        ),
        migrations.AddField(
            model_name="causedincident",
            name="change",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="incidents",
                to="changes.changerequest",
                verbose_name="change",
            ),
        ),
        migrations.AddField(
            model_name="causedincident",
            name="recorded_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="recorded by",
            ),
        ),
        migrations.AddField(
            model_name="criterionbreach",
            name="criterion",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="breaches",
                to="changes.criterion",
                verbose_name="criterion",
            ),
        ),
        migrations.AddField(
            model_name="criterionbreach",
            name="first_result",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="breach",
                to="changes.criterionresult",
                verbose_name="first bad value",
            ),
        ),
        migrations.AddField(
            model_name="criterionbreach",
            name="result",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="changes.criterionresult",
                verbose_name="value that breached it",
            ),
        ),
        migrations.AddField(
            model_name="deviation",
            name="change",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="deviation_rows",
                to="changes.changerequest",
                verbose_name="change",
            ),
        ),
        migrations.AddField(
            model_name="deviation",
            name="recorded_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="recorded by",
            ),
        ),
        migrations.AddField(
            model_name="deviation",
            name="task",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="changes.plantask",
                verbose_name="task",
            ),
        ),
        migrations.AddField(
            model_name="dutyspell",
            name="board",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="duty_spells",
                to="changes.board",
                verbose_name="board",
            ),
        ),
        migrations.AddField(
            model_name="dutyspell",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="duty_spells",
                to=settings.AUTH_USER_MODEL,
                verbose_name="person",
            ),
        ),
        migrations.AddField(
            model_name="historicalcausedincident",
            name="history_txn",
            field=models.ForeignKey(
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
        migrations.AddField(
            model_name="historicalcriterionbreach",
            name="history_txn",
            field=models.ForeignKey(
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
        migrations.AddField(
            model_name="historicaldeviation",
            name="history_txn",
            field=models.ForeignKey(
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
        migrations.AddField(
            model_name="historicaldutyspell",
            name="history_txn",
            field=models.ForeignKey(
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
        migrations.AddField(
            model_name="historicalpresenceconfirmation",
            name="history_txn",
            field=models.ForeignKey(
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
        migrations.AddField(
            model_name="historicalreviewaction",
            name="history_txn",
            field=models.ForeignKey(
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
        migrations.AddField(
            model_name="presenceconfirmation",
            name="confirmed_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="confirmed by",
            ),
        ),
        migrations.AddField(
            model_name="presenceconfirmation",
            name="event",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="presence",
                to="changes.changeevent",
                verbose_name="event",
            ),
        ),
        migrations.AddField(
            model_name="reviewaction",
            name="agreed_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="agreed by",
            ),
        ),
        migrations.AddField(
            model_name="reviewaction",
            name="change",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="review_actions",
                to="changes.changerequest",
                verbose_name="change",
            ),
        ),
        migrations.AddField(
            model_name="reviewaction",
            name="done_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="done by whom",
            ),
        ),
        migrations.AddField(
            model_name="reviewaction",
            name="owner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="review_actions",
                to=settings.AUTH_USER_MODEL,
                verbose_name="who does it",
            ),
        ),
        migrations.AddConstraint(
            model_name="causedincident",
            constraint=models.UniqueConstraint(
                fields=("change", "reference"), name="changes_causedincident_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="causedincident",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("severity__in", ["p1", "p2", "p3", "p4"]), models.Q(("reference", ""), _negated=True)
                ),
                name="changes_causedincident_has_reference_and_severity",
            ),
        ),
        migrations.AddConstraint(
            model_name="deviation",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True), name="changes_deviation_says_something"
            ),
        ),
        migrations.AddIndex(
            model_name="dutyspell",
            index=models.Index(fields=["board", "ends_at"], name="changes_dutyspell_by_board"),
        ),
        migrations.AddConstraint(
            model_name="dutyspell",
            constraint=models.CheckConstraint(
                condition=models.Q(("starts_at__lt", models.F("ends_at"))),
                name="changes_dutyspell_starts_before_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="dutyspell",
            constraint=models.UniqueConstraint(
                fields=("board", "person", "starts_at"), name="changes_dutyspell_once_at_a_time"
            ),
        ),
        migrations.AddIndex(
            model_name="reviewaction",
            index=models.Index(fields=["owner", "due_on"], name="changes_reviewaction_by_owner"),
        ),
        migrations.AddConstraint(
            model_name="reviewaction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("done_at__isnull", True), ("done_by__isnull", True)),
                    models.Q(("done_at__isnull", False), ("done_by__isnull", False)),
                    _connector="OR",
                ),
                name="changes_reviewaction_done_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="reviewaction",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True),
                name="changes_reviewaction_says_what_is_to_be_done",
            ),
        ),
        *load(
            "plan_hash",
            "guard_request",
            "round",
            "evidence",
            "observation",
            "work",
            "work_gate",
            "event_gate",
        ),
        mirror_steps(),
    ]
