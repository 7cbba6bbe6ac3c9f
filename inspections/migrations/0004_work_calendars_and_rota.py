"""Work calendars with holidays and make-up workdays; shifts and the rota."""

import datetime

import django.db.models.constraints
import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models

import inspections.models.calendars
from inspections.sql import load


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_settle_notices"),
        ("audit", "0003_grant_what_is_meant_for_the_application"),
        ("inspections", "0003_photos_machines_and_devices"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="HistoricalCalendarDay",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, null=True, verbose_name="ID")),
                (
                    "row_version",
                    models.PositiveBigIntegerField(editable=False, null=True, verbose_name="version"),
                ),
                ("history_change_reason", models.TextField(null=True, verbose_name="reason")),
                ("on", models.DateField(null=True, verbose_name="day")),
                (
                    "kind",
                    models.CharField(
                        choices=[("holiday", "Holiday"), ("workday", "Make-up workday")],
                        max_length=8,
                        null=True,
                        verbose_name="kind",
                    ),
                ),
                ("label", models.CharField(blank=True, max_length=80, null=True, verbose_name="label")),
                ("calendar", models.BigIntegerField(db_column="calendar_id", null=True)),
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
                "verbose_name": "history of calendar day",
                "verbose_name_plural": "history of calendar days",
                "ordering": ["-history_id"],
                "get_latest_by": "history_id",
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalRosterEntry",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, null=True, verbose_name="ID")),
                (
                    "row_version",
                    models.PositiveBigIntegerField(editable=False, null=True, verbose_name="version"),
                ),
                ("history_change_reason", models.TextField(null=True, verbose_name="reason")),
                ("on", models.DateField(null=True, verbose_name="day")),
                (
                    "role",
                    models.CharField(
                        choices=[("A", "A duty"), ("B", "B duty")],
                        max_length=1,
                        null=True,
                        verbose_name="duty",
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True, max_length=200, null=True, verbose_name="why it was changed"
                    ),
                ),
                ("shift", models.BigIntegerField(db_column="shift_id", null=True)),
                ("user", models.BigIntegerField(db_column="user_id", null=True)),
                ("replaces", models.BigIntegerField(db_column="replaces_id", null=True)),
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
                "verbose_name": "history of rota entry",
                "verbose_name_plural": "history of rota entries",
                "ordering": ["-history_id"],
                "get_latest_by": "history_id",
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalShift",
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
                ("key", models.SlugField(db_index=False, null=True, verbose_name="key")),
                ("starts", models.TimeField(null=True, verbose_name="begins")),
                (
                    "ends",
                    models.TimeField(
                        help_text="Not after the beginning: it ends on the next day.",
                        null=True,
                        verbose_name="ends",
                    ),
                ),
                ("time_zone", models.CharField(max_length=64, null=True, verbose_name="time zone")),
                (
                    "has_deputy",
                    models.BooleanField(
                        help_text="Every day has a second person (B duty).",
                        null=True,
                        verbose_name="A and B duty",
                    ),
                ),
                ("team", models.BigIntegerField(db_column="team_id", null=True)),
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
                "verbose_name": "history of shift",
                "verbose_name_plural": "history of shifts",
                "ordering": ["-history_id"],
                "get_latest_by": "history_id",
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalWorkCalendar",
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
                ("key", models.SlugField(db_index=False, null=True, verbose_name="key")),
                ("time_zone", models.CharField(max_length=64, null=True, verbose_name="time zone")),
                (
                    "weekdays",
                    models.JSONField(
                        help_text="ISO numbers: 1 is Monday, 7 is Sunday.",
                        null=True,
                        verbose_name="working days of the week",
                    ),
                ),
                ("opens", models.TimeField(null=True, verbose_name="work begins")),
                (
                    "closes",
                    models.TimeField(
                        help_text="00:00 is the end of the day.", null=True, verbose_name="work ends"
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
                "verbose_name": "history of work calendar",
                "verbose_name_plural": "history of work calendars",
                "ordering": ["-history_id"],
                "get_latest_by": "history_id",
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Shift",
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
                ("key", models.SlugField(unique=True, verbose_name="key")),
                ("starts", models.TimeField(default=datetime.time(8, 0), verbose_name="begins")),
                (
                    "ends",
                    models.TimeField(
                        default=datetime.time(20, 0),
                        help_text="Not after the beginning: it ends on the next day.",
                        verbose_name="ends",
                    ),
                ),
                (
                    "time_zone",
                    models.CharField(default="Asia/Shanghai", max_length=64, verbose_name="time zone"),
                ),
                (
                    "has_deputy",
                    models.BooleanField(
                        default=True,
                        help_text="Every day has a second person (B duty).",
                        verbose_name="A and B duty",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        help_text="Whose people stand in the rota.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.team",
                        verbose_name="team",
                    ),
                ),
            ],
            options={
                "verbose_name": "shift",
                "verbose_name_plural": "shifts",
                "ordering": ["starts", "key"],
            },
        ),
        migrations.CreateModel(
            name="WorkCalendar",
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
                ("key", models.SlugField(unique=True, verbose_name="key")),
                (
                    "time_zone",
                    models.CharField(default="Asia/Shanghai", max_length=64, verbose_name="time zone"),
                ),
                (
                    "weekdays",
                    models.JSONField(
                        default=inspections.models.calendars.working_week,
                        help_text="ISO numbers: 1 is Monday, 7 is Sunday.",
                        verbose_name="working days of the week",
                    ),
                ),
                ("opens", models.TimeField(default=datetime.time(9, 0), verbose_name="work begins")),
                (
                    "closes",
                    models.TimeField(
                        default=datetime.time(18, 0),
                        help_text="00:00 is the end of the day.",
                        verbose_name="work ends",
                    ),
                ),
            ],
            options={
                "verbose_name": "work calendar",
                "verbose_name_plural": "work calendars",
                "ordering": ["key"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("opens__lt", models.F("closes")),
                            ("closes", datetime.time(0, 0)),
                            _connector="OR",
                        ),
                        name="inspections_calendar_opens_before_it_closes",
                        violation_error_message="Work ends after it begins; 00:00 is the end of the day.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RosterEntry",
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
                ("on", models.DateField(verbose_name="day")),
                (
                    "role",
                    models.CharField(
                        choices=[("A", "A duty"), ("B", "B duty")],
                        default="A",
                        max_length=1,
                        verbose_name="duty",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="why it was changed")),
                (
                    "replaces",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="instead of",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="duties",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
                (
                    "shift",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="roster",
                        to="inspections.shift",
                        verbose_name="shift",
                    ),
                ),
            ],
            options={
                "verbose_name": "rota entry",
                "verbose_name_plural": "rota entries",
                "ordering": ["on", "shift", "role"],
                "indexes": [models.Index(fields=["user", "on"], name="inspections_roster_of_person")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("shift", "on", "role"), name="inspections_roster_duty_once"
                    ),
                    models.UniqueConstraint(
                        deferrable=django.db.models.constraints.Deferrable["IMMEDIATE"],
                        fields=("shift", "on", "user"),
                        name="inspections_roster_person_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("role__in", ["A", "B"])), name="inspections_roster_duty_is_a_or_b"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CalendarDay",
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
                ("on", models.DateField(verbose_name="day")),
                (
                    "kind",
                    models.CharField(
                        choices=[("holiday", "Holiday"), ("workday", "Make-up workday")],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("label", models.CharField(blank=True, max_length=80, verbose_name="label")),
                (
                    "calendar",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="days",
                        to="inspections.workcalendar",
                        verbose_name="work calendar",
                    ),
                ),
            ],
            options={
                "verbose_name": "calendar day",
                "verbose_name_plural": "calendar days",
                "ordering": ["calendar", "on"],
                "constraints": [
                    models.UniqueConstraint(fields=("calendar", "on"), name="inspections_calendarday_once"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["holiday", "workday"])),
                        name="inspections_calendarday_kind_is_known",
                    ),
                ],
            },
        ),
        *load("calendar", "refuse"),
    ]
