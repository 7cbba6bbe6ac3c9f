"""Plans know calendars, shifts, turns and owners; a run changes hands by a row of its own."""

import datetime

import django.db.models.deletion
import django.db.models.functions.datetime
import simple_history.models
from django.conf import settings
from django.db import migrations, models

from inspections.sql import load


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_settle_notices"),
        ("audit", "0003_grant_what_is_meant_for_the_application"),
        ("inspections", "0010_photographers_do_not_review"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="HistoricalPlanMember",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, null=True, verbose_name="ID")),
                (
                    "row_version",
                    models.PositiveBigIntegerField(editable=False, null=True, verbose_name="version"),
                ),
                ("history_change_reason", models.TextField(null=True, verbose_name="reason")),
                ("position", models.PositiveIntegerField(null=True, verbose_name="position")),
                ("plan", models.BigIntegerField(db_column="plan_id", null=True)),
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
            ],
            options={
                "verbose_name": "history of member of a plan",
                "verbose_name_plural": "history of members of plans",
                "ordering": ["-history_id"],
                "get_latest_by": "history_id",
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalRunHandover",
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
                            ("claim", "Taken"),
                            ("release", "Given back"),
                            ("reassign", "Handed over"),
                            ("rota", "By the rota"),
                        ],
                        max_length=8,
                        null=True,
                        verbose_name="kind",
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[("A", "A duty"), ("B", "B duty")],
                        max_length=1,
                        null=True,
                        verbose_name="duty",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=500, null=True, verbose_name="reason")),
                ("at", models.DateTimeField(editable=False, null=True, verbose_name="at")),
                ("run", models.BigIntegerField(db_column="run_id", null=True)),
                ("former", models.BigIntegerField(db_column="former_id", null=True)),
                ("taken_by", models.BigIntegerField(db_column="taken_by_id", null=True)),
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
            ],
            options={
                "verbose_name": "history of hand-over",
                "verbose_name_plural": "history of hand-overs",
                "ordering": ["-history_id"],
                "get_latest_by": "history_id",
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="PlanMember",
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
                ("position", models.PositiveIntegerField(default=0, verbose_name="position")),
            ],
            options={
                "verbose_name": "member of a plan",
                "verbose_name_plural": "members of plans",
                "ordering": ["plan", "position", "id"],
            },
        ),
        migrations.CreateModel(
            name="RunHandover",
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
                            ("claim", "Taken"),
                            ("release", "Given back"),
                            ("reassign", "Handed over"),
                            ("rota", "By the rota"),
                        ],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[("A", "A duty"), ("B", "B duty")],
                        default="A",
                        max_length=1,
                        verbose_name="duty",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=500, verbose_name="reason")),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="at",
                    ),
                ),
            ],
            options={
                "verbose_name": "hand-over",
                "verbose_name_plural": "hand-overs",
                "ordering": ["-id"],
            },
        ),
        migrations.AddField(
            model_name="historicalinspectionplan",
            name="assign",
            field=models.CharField(
                choices=[
                    ("fixed", "Always the same person or team"),
                    ("rotation", "In turn"),
                    ("roster", "Who is on duty by the rota"),
                    ("claim", "Whoever takes it"),
                ],
                max_length=8,
                null=True,
                verbose_name="who",
            ),
        ),
        migrations.AddField(
            model_name="historicalinspectionplan",
            name="calendar",
            field=models.BigIntegerField(db_column="calendar_id", null=True),
        ),
        migrations.AddField(
            model_name="historicalinspectionplan",
            name="client",
            field=models.CharField(
                blank=True,
                help_text="For whom the inspection is made; stands in the reports.",
                max_length=120,
                null=True,
                verbose_name="client or project",
            ),
        ),
        migrations.AddField(
            model_name="historicalinspectionplan",
            name="enabled_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="enabled again at"
            ),
        ),
        migrations.AddField(
            model_name="historicalinspectionplan",
            name="must_complete",
            field=models.CharField(
                choices=[("one", "One run, made by one of them"), ("all", "One run for each of them")],
                max_length=3,
                null=True,
                verbose_name="runs",
            ),
        ),
        migrations.AddField(
            model_name="historicalinspectionplan",
            name="off_day",
            field=models.CharField(
                choices=[
                    ("run", "Held all the same"),
                    ("skip", "Skipped"),
                    ("prev", "Moved to the workday before"),
                    ("next", "Moved to the workday after"),
                ],
                max_length=4,
                null=True,
                verbose_name="on days off",
            ),
        ),
        migrations.AddField(
            model_name="historicalinspectionplan",
            name="owner",
            field=models.BigIntegerField(db_column="owner_id", null=True),
        ),
        migrations.AddField(
            model_name="historicalinspectionplan",
            name="shift",
            field=models.BigIntegerField(db_column="shift_id", null=True),
        ),
        migrations.AddField(
            model_name="historicalinspectionplan",
            name="trouble",
            field=models.CharField(
                blank=True,
                choices=[
                    ("rule", "The recurrence is no rule."),
                    ("scope", "The CI filter is not understood."),
                    ("version", "The check list has no published version."),
                    ("nobody", "Nobody is there to make the round."),
                    ("other", "Something unexpected went wrong."),
                ],
                editable=False,
                max_length=8,
                null=True,
                verbose_name="trouble",
            ),
        ),
        migrations.AddField(
            model_name="historicalinspectionplan",
            name="trouble_detail",
            field=models.TextField(blank=True, editable=False, null=True, verbose_name="what went wrong"),
        ),
        migrations.AddField(
            model_name="historicalinspectionplan",
            name="trouble_since_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="in trouble since"
            ),
        ),
        migrations.AddField(
            model_name="historicalinspectionrun",
            name="client",
            field=models.CharField(blank=True, max_length=120, null=True, verbose_name="client or project"),
        ),
        migrations.AddField(
            model_name="historicalinspectionrun",
            name="deputy",
            field=models.BigIntegerField(db_column="deputy_id", null=True),
        ),
        migrations.AddField(
            model_name="inspectionplan",
            name="assign",
            field=models.CharField(
                choices=[
                    ("fixed", "Always the same person or team"),
                    ("rotation", "In turn"),
                    ("roster", "Who is on duty by the rota"),
                    ("claim", "Whoever takes it"),
                ],
                default="fixed",
                max_length=8,
                verbose_name="who",
            ),
        ),
        migrations.AddField(
            model_name="inspectionplan",
            name="calendar",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="plans",
                to="inspections.workcalendar",
                verbose_name="work calendar",
            ),
        ),
        migrations.AddField(
            model_name="inspectionplan",
            name="client",
            field=models.CharField(
                blank=True,
                help_text="For whom the inspection is made; stands in the reports.",
                max_length=120,
                verbose_name="client or project",
            ),
        ),
        migrations.AddField(
            model_name="inspectionplan",
            name="enabled_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="enabled again at"
            ),
        ),
        migrations.AddField(
            model_name="inspectionplan",
            name="must_complete",
            field=models.CharField(
                choices=[("one", "One run, made by one of them"), ("all", "One run for each of them")],
                default="one",
                max_length=3,
                verbose_name="runs",
            ),
        ),
        migrations.AddField(
            model_name="inspectionplan",
            name="off_day",
            field=models.CharField(
                choices=[
                    ("run", "Held all the same"),
                    ("skip", "Skipped"),
                    ("prev", "Moved to the workday before"),
                    ("next", "Moved to the workday after"),
                ],
                default="run",
                max_length=4,
                verbose_name="on days off",
            ),
        ),
        migrations.AddField(
            model_name="inspectionplan",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                help_text="Is told of missed rounds and of trouble; without one, who defines inspections is told.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="owner",
            ),
        ),
        migrations.AddField(
            model_name="inspectionplan",
            name="shift",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="plans",
                to="inspections.shift",
                verbose_name="shift",
            ),
        ),
        migrations.AddField(
            model_name="inspectionplan",
            name="trouble",
            field=models.CharField(
                blank=True,
                choices=[
                    ("rule", "The recurrence is no rule."),
                    ("scope", "The CI filter is not understood."),
                    ("version", "The check list has no published version."),
                    ("nobody", "Nobody is there to make the round."),
                    ("other", "Something unexpected went wrong."),
                ],
                editable=False,
                max_length=8,
                verbose_name="trouble",
            ),
        ),
        migrations.AddField(
            model_name="inspectionplan",
            name="trouble_detail",
            field=models.TextField(blank=True, editable=False, verbose_name="what went wrong"),
        ),
        migrations.AddField(
            model_name="inspectionplan",
            name="trouble_since_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="in trouble since"
            ),
        ),
        migrations.AddField(
            model_name="inspectionrun",
            name="client",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=120, verbose_name="client or project"
            ),
        ),
        migrations.AddField(
            model_name="inspectionrun",
            name="deputy",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="deputy (B duty)",
            ),
        ),
        migrations.AlterField(
            model_name="historicalinspectionplan",
            name="shift_start",
            field=models.TimeField(null=True, verbose_name="start of the round"),
        ),
        migrations.AlterField(
            model_name="inspectionplan",
            name="shift_start",
            field=models.TimeField(default=datetime.time(8, 0), verbose_name="start of the round"),
        ),
        migrations.AddConstraint(
            model_name="inspectionplan",
            constraint=models.CheckConstraint(
                condition=models.Q(("off_day", "run"), ("calendar__isnull", False), _connector="OR"),
                name="inspections_plan_days_off_need_a_calendar",
                violation_error_message="Choose the work calendar that knows the days off.",
            ),
        ),
        migrations.AddConstraint(
            model_name="inspectionplan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("assign", "roster"), _negated=True), ("shift__isnull", False), _connector="OR"
                ),
                name="inspections_plan_rota_needs_a_shift",
                violation_error_message="Choose the shift whose rota says who is on duty.",
            ),
        ),
        migrations.AddConstraint(
            model_name="inspectionplan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("must_complete", "one"), ("assign__in", ["fixed", "roster"]), _connector="OR"
                ),
                name="inspections_plan_all_are_fixed_or_on_duty",
                violation_error_message="In turn and by taking, one person makes the round: one run.",
            ),
        ),
        migrations.AddConstraint(
            model_name="inspectionplan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("assign__in", ["fixed", "rotation", "roster", "claim"]),
                    ("must_complete__in", ["one", "all"]),
                    ("off_day__in", ["run", "skip", "prev", "next"]),
                ),
                name="inspections_plan_ways_are_known",
            ),
        ),
        migrations.AddField(
            model_name="historicalplanmember",
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
            model_name="historicalrunhandover",
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
            model_name="planmember",
            name="plan",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="members",
                to="inspections.inspectionplan",
                verbose_name="inspection plan",
            ),
        ),
        migrations.AddField(
            model_name="planmember",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="person",
            ),
        ),
        migrations.AddField(
            model_name="runhandover",
            name="by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="by",
            ),
        ),
        migrations.AddField(
            model_name="runhandover",
            name="former",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="before",
            ),
        ),
        migrations.AddField(
            model_name="runhandover",
            name="run",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="handovers",
                to="inspections.inspectionrun",
                verbose_name="inspection run",
            ),
        ),
        migrations.AddField(
            model_name="runhandover",
            name="taken_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="after",
            ),
        ),
        migrations.AddConstraint(
            model_name="planmember",
            constraint=models.UniqueConstraint(fields=("plan", "user"), name="inspections_planmember_once"),
        ),
        migrations.AddConstraint(
            model_name="runhandover",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["claim", "rota"]), models.Q(("reason", ""), _negated=True), _connector="OR"
                ),
                name="inspections_handover_for_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="runhandover",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind", "rota"), ("by__isnull", False), _connector="OR"),
                name="inspections_handover_by_somebody",
            ),
        ),
        *load("refuse", "plan", "run", "handover"),
    ]
