"""Boards meet, are reminded and escalate; remarks, readings, and who gave which seat."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import simple_history.models
from django.conf import settings
from django.db import migrations, models

from changes.sql import load, mirror_steps


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0002_keep_files"),
        ("changes", "0010_the_work_as_it_went"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AgendaItem",
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
                ("position", models.PositiveSmallIntegerField(default=1, verbose_name="position")),
                ("note", models.TextField(blank=True, verbose_name="note")),
                ("is_deferred", models.BooleanField(default=False, verbose_name="deferred")),
                ("seconds", models.PositiveIntegerField(default=0, verbose_name="seconds spent")),
                (
                    "decision",
                    models.CharField(blank=True, editable=False, max_length=12, verbose_name="decision"),
                ),
                (
                    "tally",
                    models.JSONField(
                        blank=True, default=dict, editable=False, verbose_name="votes when the meeting ended"
                    ),
                ),
            ],
            options={
                "verbose_name": "item of an agenda",
                "verbose_name_plural": "items of agendas",
                "ordering": ["meeting", "position", "id"],
            },
        ),
        migrations.CreateModel(
            name="Attendance",
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
                    "status",
                    models.CharField(
                        choices=[("present", "present"), ("absent", "absent"), ("deputy", "represented")],
                        default="absent",
                        max_length=8,
                        verbose_name="attendance",
                    ),
                ),
            ],
            options={
                "verbose_name": "attendance at a meeting",
                "verbose_name_plural": "attendance at meetings",
                "ordering": ["meeting", "id"],
            },
        ),
        migrations.CreateModel(
            name="BoardMeeting",
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
                ("starts_at", models.DateTimeField(verbose_name="begins")),
                ("place", models.CharField(blank=True, max_length=120, verbose_name="place")),
                (
                    "link",
                    models.CharField(
                        blank=True,
                        max_length=300,
                        validators=[django.core.validators.URLValidator(schemes=["http", "https"])],
                        verbose_name="link to the call",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("planned", "planned"), ("open", "going on"), ("ended", "ended")],
                        default="planned",
                        editable=False,
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                (
                    "opened_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="opened"),
                ),
                (
                    "ended_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="ended"),
                ),
                (
                    "minutes_sha256",
                    models.CharField(
                        blank=True, editable=False, max_length=64, verbose_name="hash of the minutes"
                    ),
                ),
            ],
            options={
                "verbose_name": "meeting of a board",
                "verbose_name_plural": "meetings of boards",
                "ordering": ["-starts_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="HistoricalAgendaItem",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, null=True, verbose_name="ID")),
                (
                    "row_version",
                    models.PositiveBigIntegerField(editable=False, null=True, verbose_name="version"),
                ),
                ("history_change_reason", models.TextField(null=True, verbose_name="reason")),
                ("position", models.PositiveSmallIntegerField(null=True, verbose_name="position")),
                ("note", models.TextField(blank=True, null=True, verbose_name="note")),
                ("is_deferred", models.BooleanField(null=True, verbose_name="deferred")),
                ("seconds", models.PositiveIntegerField(null=True, verbose_name="seconds spent")),
                (
                    "decision",
                    models.CharField(
                        blank=True, editable=False, max_length=12, null=True, verbose_name="decision"
                    ),
                ),
                (
                    "tally",
                    models.JSONField(
                        blank=True, editable=False, null=True, verbose_name="votes when the meeting ended"
                    ),
                ),
                ("meeting", models.BigIntegerField(db_column="meeting_id", null=True)),
                ("change", models.BigIntegerField(db_column="change_id", null=True)),
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
                "verbose_name": "history of item of an agenda",
                "verbose_name_plural": "history of items of agendas",
                "ordering": ["-history_id"],
                "get_latest_by": "history_id",
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalAttendance",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, null=True, verbose_name="ID")),
                (
                    "row_version",
                    models.PositiveBigIntegerField(editable=False, null=True, verbose_name="version"),
                ),
                ("history_change_reason", models.TextField(null=True, verbose_name="reason")),
                (
                    "status",
                    models.CharField(
                        choices=[("present", "present"), ("absent", "absent"), ("deputy", "represented")],
                        max_length=8,
                        null=True,
                        verbose_name="attendance",
                    ),
                ),
                ("meeting", models.BigIntegerField(db_column="meeting_id", null=True)),
                ("user", models.BigIntegerField(db_column="user_id", null=True)),
                ("deputy", models.BigIntegerField(db_column="deputy_id", null=True)),
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
                "verbose_name": "history of attendance at a meeting",
                "verbose_name_plural": "history of attendance at meetings",
                "ordering": ["-history_id"],
                "get_latest_by": "history_id",
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalBoardMeeting",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, null=True, verbose_name="ID")),
                (
                    "row_version",
                    models.PositiveBigIntegerField(editable=False, null=True, verbose_name="version"),
                ),
                ("history_change_reason", models.TextField(null=True, verbose_name="reason")),
                ("starts_at", models.DateTimeField(null=True, verbose_name="begins")),
                ("place", models.CharField(blank=True, max_length=120, null=True, verbose_name="place")),
                (
                    "link",
                    models.CharField(
                        blank=True,
                        max_length=300,
                        null=True,
                        validators=[django.core.validators.URLValidator(schemes=["http", "https"])],
                        verbose_name="link to the call",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("planned", "planned"), ("open", "going on"), ("ended", "ended")],
                        editable=False,
                        max_length=8,
                        null=True,
                        verbose_name="state",
                    ),
                ),
                (
                    "opened_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="opened"),
                ),
                (
                    "ended_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="ended"),
                ),
                (
                    "minutes_sha256",
                    models.CharField(
                        blank=True,
                        editable=False,
                        max_length=64,
                        null=True,
                        verbose_name="hash of the minutes",
                    ),
                ),
                ("board", models.BigIntegerField(db_column="board_id", null=True)),
                ("chair", models.BigIntegerField(db_column="chair_id", null=True)),
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
                "verbose_name": "history of meeting of a board",
                "verbose_name_plural": "history of meetings of boards",
                "ordering": ["-history_id"],
                "get_latest_by": "history_id",
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalRemark",
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
                        choices=[("question", "question"), ("answer", "answer"), ("note", "note")],
                        max_length=8,
                        null=True,
                        verbose_name="kind",
                    ),
                ),
                ("text", models.TextField(null=True, verbose_name="text")),
                (
                    "mentions",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        blank=True,
                        null=True,
                        size=None,
                        verbose_name="people mentioned",
                    ),
                ),
                ("written_at", models.DateTimeField(editable=False, null=True, verbose_name="written")),
                ("change", models.BigIntegerField(db_column="change_id", null=True)),
                ("answers", models.BigIntegerField(db_column="answers_id", null=True)),
                ("author", models.BigIntegerField(db_column="author_id", null=True)),
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
                "verbose_name": "history of remark on a change",
                "verbose_name_plural": "history of remarks on changes",
                "ordering": ["-history_id"],
                "get_latest_by": "history_id",
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalRoundReading",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, null=True, verbose_name="ID")),
                (
                    "row_version",
                    models.PositiveBigIntegerField(editable=False, null=True, verbose_name="version"),
                ),
                ("history_change_reason", models.TextField(null=True, verbose_name="reason")),
                (
                    "first_opened_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="first opened"),
                ),
                ("seat", models.BigIntegerField(db_column="seat_id", null=True)),
                ("reader", models.BigIntegerField(db_column="reader_id", null=True)),
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
                "verbose_name": "history of reading of a change",
                "verbose_name_plural": "history of readings of changes",
                "ordering": ["-history_id"],
                "get_latest_by": "history_id",
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalStepEscalation",
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
                        choices=[("reminder", "reminder at half time"), ("overdue", "time was up")],
                        max_length=8,
                        null=True,
                        verbose_name="kind",
                    ),
                ),
                ("happened_at", models.DateTimeField(editable=False, null=True, verbose_name="at")),
                ("step", models.BigIntegerField(db_column="step_id", null=True)),
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
                "verbose_name": "history of escalation of a vote",
                "verbose_name_plural": "history of escalations of votes",
                "ordering": ["-history_id"],
                "get_latest_by": "history_id",
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Remark",
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
                        choices=[("question", "question"), ("answer", "answer"), ("note", "note")],
                        default="note",
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("text", models.TextField(verbose_name="text")),
                (
                    "mentions",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="people mentioned",
                    ),
                ),
                (
                    "written_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="written",
                    ),
                ),
            ],
            options={
                "verbose_name": "remark on a change",
                "verbose_name_plural": "remarks on changes",
                "ordering": ["change", "id"],
            },
        ),
        migrations.CreateModel(
            name="RoundReading",
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
                    "first_opened_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="first opened",
                    ),
                ),
            ],
            options={
                "verbose_name": "reading of a change",
                "verbose_name_plural": "readings of changes",
                "ordering": ["seat", "id"],
            },
        ),
        migrations.CreateModel(
            name="StepEscalation",
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
                        choices=[("reminder", "reminder at half time"), ("overdue", "time was up")],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                (
                    "happened_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="at",
                    ),
                ),
            ],
            options={
                "verbose_name": "escalation of a vote",
                "verbose_name_plural": "escalations of votes",
                "ordering": ["step", "id"],
            },
        ),
        migrations.AddField(
            model_name="board",
            name="hides_votes",
            field=models.BooleanField(
                default=False,
                help_text="A member sees the votes of the others only after their own.",
                verbose_name="votes are hidden",
            ),
        ),
        migrations.AddField(
            model_name="board",
            name="manager",
            field=models.ForeignKey(
                blank=True,
                help_text="Is told when a vote of this board is overdue, and may run its meetings.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="managed_boards",
                to=settings.AUTH_USER_MODEL,
                verbose_name="manager",
            ),
        ),
        migrations.AddField(
            model_name="boardseat",
            name="seated_by",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="seated by",
            ),
        ),
        migrations.AddField(
            model_name="historicalboard",
            name="hides_votes",
            field=models.BooleanField(
                help_text="A member sees the votes of the others only after their own.",
                null=True,
                verbose_name="votes are hidden",
            ),
        ),
        migrations.AddField(
            model_name="historicalboard",
            name="manager",
            field=models.BigIntegerField(db_column="manager_id", null=True),
        ),
        migrations.AddField(
            model_name="historicalboardseat",
            name="seated_by",
            field=models.BigIntegerField(db_column="seated_by_id", null=True),
        ),
        migrations.AddField(
            model_name="historicalpolicystep",
            name="fallback_board",
            field=models.BigIntegerField(db_column="fallback_board_id", null=True),
        ),
        migrations.AddField(
            model_name="historicalpolicystep",
            name="on_timeout",
            field=models.CharField(
                choices=[
                    ("tell", "the board's manager is told"),
                    ("fallback", "another board is asked in addition"),
                ],
                max_length=8,
                null=True,
                verbose_name="when time is up",
            ),
        ),
        migrations.AddField(
            model_name="historicalroundseat",
            name="is_fallback",
            field=models.BooleanField(null=True, verbose_name="asked when time was up"),
        ),
        migrations.AddField(
            model_name="historicalroundstep",
            name="fallback_board",
            field=models.BigIntegerField(db_column="fallback_board_id", null=True),
        ),
        migrations.AddField(
            model_name="historicalroundstep",
            name="on_timeout",
            field=models.CharField(
                choices=[
                    ("tell", "the board's manager is told"),
                    ("fallback", "another board is asked in addition"),
                ],
                max_length=8,
                null=True,
                verbose_name="when time is up",
            ),
        ),
        migrations.AddField(
            model_name="policystep",
            name="fallback_board",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="changes.board",
                verbose_name="board asked then",
            ),
        ),
        migrations.AddField(
            model_name="policystep",
            name="on_timeout",
            field=models.CharField(
                choices=[
                    ("tell", "the board's manager is told"),
                    ("fallback", "another board is asked in addition"),
                ],
                default="tell",
                max_length=8,
                verbose_name="when time is up",
            ),
        ),
        migrations.AddField(
            model_name="roundseat",
            name="is_fallback",
            field=models.BooleanField(default=False, verbose_name="asked when time was up"),
        ),
        migrations.AddField(
            model_name="roundstep",
            name="fallback_board",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="changes.board",
                verbose_name="board asked then",
            ),
        ),
        migrations.AddField(
            model_name="roundstep",
            name="on_timeout",
            field=models.CharField(
                choices=[
                    ("tell", "the board's manager is told"),
                    ("fallback", "another board is asked in addition"),
                ],
                default="tell",
                max_length=8,
                verbose_name="when time is up",
            ),
        ),
        migrations.AlterField(
            model_name="historicalvote",
            name="channel",
            field=models.CharField(
                choices=[
                    ("page", "page"),
                    ("api", "API"),
                    ("verbal", "by word of mouth"),
                    ("consent", "consent agenda"),
                ],
                max_length=8,
                null=True,
                verbose_name="channel",
            ),
        ),
        migrations.AlterField(
            model_name="vote",
            name="channel",
            field=models.CharField(
                choices=[
                    ("page", "page"),
                    ("api", "API"),
                    ("verbal", "by word of mouth"),
                    ("consent", "consent agenda"),
                ],
                default="page",
                max_length=8,
                verbose_name="channel",
            ),
        ),
        migrations.AddConstraint(
            model_name="policystep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("on_timeout", "fallback"), _negated=True),
                    ("fallback_board__isnull", False),
                    _connector="OR",
                ),
                name="changes_policystep_fallback_names_a_board",
                violation_error_message="Name the board that is asked when time is up.",
            ),
        ),
        migrations.AddField(
            model_name="agendaitem",
            name="change",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="agenda_items",
                to="changes.changerequest",
                verbose_name="change",
            ),
        ),
        migrations.AddField(
            model_name="attendance",
            name="deputy",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="deputy",
            ),
        ),
        migrations.AddField(
            model_name="attendance",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="person",
            ),
        ),
        migrations.AddField(
            model_name="boardmeeting",
            name="board",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="meetings",
                to="changes.board",
                verbose_name="board",
            ),
        ),
        migrations.AddField(
            model_name="boardmeeting",
            name="chair",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="chair",
            ),
        ),
        migrations.AddField(
            model_name="attendance",
            name="meeting",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="attendance",
                to="changes.boardmeeting",
                verbose_name="meeting",
            ),
        ),
        migrations.AddField(
            model_name="agendaitem",
            name="meeting",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="agenda",
                to="changes.boardmeeting",
                verbose_name="meeting",
            ),
        ),
        migrations.AddField(
            model_name="historicalagendaitem",
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
            model_name="historicalattendance",
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
            model_name="historicalboardmeeting",
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
            model_name="historicalremark",
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
            model_name="historicalroundreading",
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
            model_name="historicalstepescalation",
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
            model_name="remark",
            name="answers",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="replies",
                to="changes.remark",
                verbose_name="answer to",
            ),
        ),
        migrations.AddField(
            model_name="remark",
            name="author",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="change_remarks",
                to=settings.AUTH_USER_MODEL,
                verbose_name="author",
            ),
        ),
        migrations.AddField(
            model_name="remark",
            name="change",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="remarks",
                to="changes.changerequest",
                verbose_name="change",
            ),
        ),
        migrations.AddField(
            model_name="roundreading",
            name="reader",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="reader",
            ),
        ),
        migrations.AddField(
            model_name="roundreading",
            name="seat",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="readings",
                to="changes.roundseat",
                verbose_name="seat",
            ),
        ),
        migrations.AddField(
            model_name="stepescalation",
            name="step",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="escalations",
                to="changes.roundstep",
                verbose_name="step of a round",
            ),
        ),
        migrations.AddConstraint(
            model_name="boardmeeting",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["planned", "open", "ended"])),
                name="changes_boardmeeting_state_exists",
            ),
        ),
        migrations.AddConstraint(
            model_name="boardmeeting",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "ended"), _negated=True),
                    models.Q(("ended_at__isnull", False), ("minutes_sha256__regex", "^[0-9a-f]{64}$")),
                    _connector="OR",
                ),
                name="changes_boardmeeting_ended_with_minutes",
            ),
        ),
        migrations.AddConstraint(
            model_name="attendance",
            constraint=models.UniqueConstraint(fields=("meeting", "user"), name="changes_attendance_once"),
        ),
        migrations.AddConstraint(
            model_name="attendance",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("deputy__isnull", False), ("status", "deputy")),
                    models.Q(models.Q(("status", "deputy"), _negated=True), ("deputy__isnull", True)),
                    _connector="OR",
                ),
                name="changes_attendance_deputy_only_when_represented",
            ),
        ),
        migrations.AddConstraint(
            model_name="agendaitem",
            constraint=models.UniqueConstraint(fields=("meeting", "change"), name="changes_agendaitem_once"),
        ),
        migrations.AddConstraint(
            model_name="remark",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True), name="changes_remark_says_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="remark",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answers__isnull", False), ("kind", "answer")),
                    models.Q(models.Q(("kind", "answer"), _negated=True), ("answers__isnull", True)),
                    _connector="OR",
                ),
                name="changes_remark_answer_has_a_question",
            ),
        ),
        migrations.AddConstraint(
            model_name="roundreading",
            constraint=models.UniqueConstraint(
                fields=("seat", "reader"), name="changes_roundreading_first_only"
            ),
        ),
        migrations.AddConstraint(
            model_name="stepescalation",
            constraint=models.UniqueConstraint(fields=("step", "kind"), name="changes_stepescalation_once"),
        ),
        # Their history got its last column after the tables themselves were done: installed here.
        *(
            migrations.RunSQL(
                f"SELECT audit.install('changes_{name}', 'changes_historical{name}', 'id')",
                migrations.RunSQL.noop,
            )
            for name in ("boardmeeting", "agendaitem", "attendance")
        ),
        *load("boards", "escalate", "round", "vote_gate", "event_gate"),
        mirror_steps(),
    ]
