"""Deadlines of findings by policy; deeds on findings as events; amendments decided by a second person."""

import django.db.models.deletion
import django.db.models.functions.datetime
import simple_history.models
from django.conf import settings
from django.db import migrations, models

from inspections.sql import load

# Amendments made before a second person had to decide them: one reviewer made and answers for both.
FORMER = """
DROP TRIGGER IF EXISTS inspections_10_no_update ON inspections_amendment;
UPDATE inspections_amendment m
   SET state = 'approved', decided_by_id = m.by_id, decided_at = m.at,
       value_number = a.value_number, value_choice = a.value_choice, value_text = a.value_text,
       is_na = a.is_na, comment = a.comment,
       decision_comment = 'Made before amendments were decided by a second person.'
  FROM inspections_answer a WHERE a.amendment_id = m.id;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_settle_notices"),
        ("assets", "0002_guard_stage"),
        ("audit", "0003_grant_what_is_meant_for_the_application"),
        ("changes", "0026_one_closure_of_a_service"),
        ("cmdb", "0003_control_of_types"),
        ("inspections", "0007_machine_readings_and_alerts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FindingPolicy",
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
                    "severity",
                    models.CharField(
                        choices=[("warn", "Warning"), ("crit", "Critical")],
                        max_length=8,
                        unique=True,
                        verbose_name="severity",
                    ),
                ),
                ("response_minutes", models.PositiveIntegerField(verbose_name="answered within (minutes)")),
                ("fix_minutes", models.PositiveIntegerField(verbose_name="fixed within (minutes)")),
                (
                    "escalate_after_minutes",
                    models.PositiveIntegerField(
                        default=60, verbose_name="goes to the team after (minutes past the deadline)"
                    ),
                ),
                (
                    "longest_risk_days",
                    models.PositiveIntegerField(
                        default=180, verbose_name="a risk is accepted for at most (days)"
                    ),
                ),
            ],
            options={
                "verbose_name": "finding policy",
                "verbose_name_plural": "finding policies",
                "ordering": ["severity"],
            },
        ),
        migrations.CreateModel(
            name="HistoricalFindingPolicy",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, null=True, verbose_name="ID")),
                (
                    "row_version",
                    models.PositiveBigIntegerField(editable=False, null=True, verbose_name="version"),
                ),
                ("history_change_reason", models.TextField(null=True, verbose_name="reason")),
                (
                    "severity",
                    models.CharField(
                        choices=[("warn", "Warning"), ("crit", "Critical")],
                        max_length=8,
                        null=True,
                        verbose_name="severity",
                    ),
                ),
                (
                    "response_minutes",
                    models.PositiveIntegerField(null=True, verbose_name="answered within (minutes)"),
                ),
                (
                    "fix_minutes",
                    models.PositiveIntegerField(null=True, verbose_name="fixed within (minutes)"),
                ),
                (
                    "escalate_after_minutes",
                    models.PositiveIntegerField(
                        null=True, verbose_name="goes to the team after (minutes past the deadline)"
                    ),
                ),
                (
                    "longest_risk_days",
                    models.PositiveIntegerField(
                        null=True, verbose_name="a risk is accepted for at most (days)"
                    ),
                ),
                ("calendar", models.BigIntegerField(db_column="calendar_id", null=True)),
                ("escalate_to_team", models.BigIntegerField(db_column="escalate_to_team_id", null=True)),
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
                "verbose_name": "history of finding policy",
                "verbose_name_plural": "history of finding policies",
                "ordering": ["-history_id"],
                "get_latest_by": "history_id",
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.AlterModelOptions(
            name="amendment",
            options={"ordering": ["-id"], "verbose_name": "amendment", "verbose_name_plural": "amendments"},
        ),
        migrations.RemoveConstraint(
            model_name="amendment",
            name="inspections_amendment_once_per_answer",
        ),
        migrations.AddField(
            model_name="amendment",
            name="comment",
            field=models.TextField(blank=True, verbose_name="comment"),
        ),
        migrations.AddField(
            model_name="amendment",
            name="decided_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="decided at"),
        ),
        migrations.AddField(
            model_name="amendment",
            name="decided_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="decided by",
            ),
        ),
        migrations.AddField(
            model_name="amendment",
            name="decision_comment",
            field=models.TextField(blank=True, verbose_name="why so"),
        ),
        migrations.AddField(
            model_name="amendment",
            name="is_na",
            field=models.BooleanField(default=False, verbose_name="not applicable"),
        ),
        migrations.AddField(
            model_name="amendment",
            name="state",
            field=models.CharField(
                choices=[
                    ("proposed", "Waits for a decision"),
                    ("approved", "Approved"),
                    ("refused", "Refused"),
                    ("withdrawn", "Withdrawn"),
                ],
                default="proposed",
                max_length=10,
                verbose_name="state",
            ),
        ),
        migrations.AddField(
            model_name="amendment",
            name="value_choice",
            field=models.CharField(blank=True, max_length=60, verbose_name="choice"),
        ),
        migrations.AddField(
            model_name="amendment",
            name="value_number",
            field=models.DecimalField(
                blank=True, decimal_places=6, max_digits=18, null=True, verbose_name="numeric value"
            ),
        ),
        migrations.AddField(
            model_name="amendment",
            name="value_text",
            field=models.TextField(blank=True, verbose_name="text"),
        ),
        migrations.AddField(
            model_name="finding",
            name="accepted_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="risk accepted by",
            ),
        ),
        migrations.AddField(
            model_name="finding",
            name="fix_soon_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="fix soon due at"),
        ),
        migrations.AddField(
            model_name="finding",
            name="policy_used",
            field=models.JSONField(
                blank=True, db_default={}, default=dict, editable=False, verbose_name="policy used"
            ),
        ),
        migrations.AddField(
            model_name="finding",
            name="repair",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="findings",
                to="assets.asset",
                verbose_name="asset in repair",
            ),
        ),
        migrations.AddField(
            model_name="finding",
            name="response_soon_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="response soon due at"
            ),
        ),
        migrations.AddField(
            model_name="findingevent",
            name="data",
            field=models.JSONField(blank=True, db_default={}, default=dict, verbose_name="data"),
        ),
        migrations.AddField(
            model_name="findingevent",
            name="file",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="audit.storedfile",
                verbose_name="file",
            ),
        ),
        migrations.AddField(
            model_name="findingevent",
            name="file_name",
            field=models.CharField(
                blank=True, db_default="", max_length=200, verbose_name="name of the file"
            ),
        ),
        migrations.AddField(
            model_name="findingevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("step", "Step"),
                    ("repeat", "Seen again"),
                    ("comment", "Comment"),
                    ("owner", "New owner"),
                    ("deadline", "New deadline"),
                    ("change", "Change linked"),
                    ("repair", "Sent to repair"),
                    ("recheck", "Re-check planned"),
                    ("escalation", "Reminder"),
                ],
                db_default="step",
                default="step",
                max_length=10,
                verbose_name="kind",
            ),
        ),
        migrations.AddField(
            model_name="findingevent",
            name="mark",
            field=models.CharField(
                blank=True, db_default="", editable=False, max_length=80, verbose_name="mark"
            ),
        ),
        migrations.AddField(
            model_name="historicalamendment",
            name="comment",
            field=models.TextField(blank=True, null=True, verbose_name="comment"),
        ),
        migrations.AddField(
            model_name="historicalamendment",
            name="decided_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="decided at"),
        ),
        migrations.AddField(
            model_name="historicalamendment",
            name="decided_by",
            field=models.BigIntegerField(db_column="decided_by_id", null=True),
        ),
        migrations.AddField(
            model_name="historicalamendment",
            name="decision_comment",
            field=models.TextField(blank=True, null=True, verbose_name="why so"),
        ),
        migrations.AddField(
            model_name="historicalamendment",
            name="is_na",
            field=models.BooleanField(null=True, verbose_name="not applicable"),
        ),
        migrations.AddField(
            model_name="historicalamendment",
            name="state",
            field=models.CharField(
                choices=[
                    ("proposed", "Waits for a decision"),
                    ("approved", "Approved"),
                    ("refused", "Refused"),
                    ("withdrawn", "Withdrawn"),
                ],
                max_length=10,
                null=True,
                verbose_name="state",
            ),
        ),
        migrations.AddField(
            model_name="historicalamendment",
            name="value_choice",
            field=models.CharField(blank=True, max_length=60, null=True, verbose_name="choice"),
        ),
        migrations.AddField(
            model_name="historicalamendment",
            name="value_number",
            field=models.DecimalField(
                blank=True, decimal_places=6, max_digits=18, null=True, verbose_name="numeric value"
            ),
        ),
        migrations.AddField(
            model_name="historicalamendment",
            name="value_text",
            field=models.TextField(blank=True, null=True, verbose_name="text"),
        ),
        migrations.AddField(
            model_name="historicalfinding",
            name="accepted_by",
            field=models.BigIntegerField(db_column="accepted_by_id", null=True),
        ),
        migrations.AddField(
            model_name="historicalfinding",
            name="fix_soon_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="fix soon due at"),
        ),
        migrations.AddField(
            model_name="historicalfinding",
            name="policy_used",
            field=models.JSONField(blank=True, editable=False, null=True, verbose_name="policy used"),
        ),
        migrations.AddField(
            model_name="historicalfinding",
            name="repair",
            field=models.BigIntegerField(db_column="repair_id", null=True),
        ),
        migrations.AddField(
            model_name="historicalfinding",
            name="response_soon_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="response soon due at"
            ),
        ),
        migrations.AddField(
            model_name="historicalfindingevent",
            name="data",
            field=models.JSONField(blank=True, null=True, verbose_name="data"),
        ),
        migrations.AddField(
            model_name="historicalfindingevent",
            name="file",
            field=models.BigIntegerField(db_column="file_id", null=True),
        ),
        migrations.AddField(
            model_name="historicalfindingevent",
            name="file_name",
            field=models.CharField(blank=True, max_length=200, null=True, verbose_name="name of the file"),
        ),
        migrations.AddField(
            model_name="historicalfindingevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("step", "Step"),
                    ("repeat", "Seen again"),
                    ("comment", "Comment"),
                    ("owner", "New owner"),
                    ("deadline", "New deadline"),
                    ("change", "Change linked"),
                    ("repair", "Sent to repair"),
                    ("recheck", "Re-check planned"),
                    ("escalation", "Reminder"),
                ],
                max_length=10,
                null=True,
                verbose_name="kind",
            ),
        ),
        migrations.AddField(
            model_name="historicalfindingevent",
            name="mark",
            field=models.CharField(blank=True, editable=False, max_length=80, null=True, verbose_name="mark"),
        ),
        migrations.AddField(
            model_name="historicalsignature",
            name="is_bulk",
            field=models.BooleanField(null=True, verbose_name="signed together with others"),
        ),
        migrations.AddField(
            model_name="historicalsignature",
            name="proved_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="last proved"),
        ),
        migrations.AddField(
            model_name="historicalsignature",
            name="token_id",
            field=models.BigIntegerField(blank=True, null=True, verbose_name="number of the API token"),
        ),
        migrations.AddField(
            model_name="signature",
            name="is_bulk",
            field=models.BooleanField(
                db_default=False, default=False, verbose_name="signed together with others"
            ),
        ),
        migrations.AddField(
            model_name="signature",
            name="proved_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="last proved"),
        ),
        migrations.AddField(
            model_name="signature",
            name="token_id",
            field=models.BigIntegerField(blank=True, null=True, verbose_name="number of the API token"),
        ),
        migrations.AlterField(
            model_name="amendment",
            name="at",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(),
                editable=False,
                verbose_name="proposed at",
            ),
        ),
        migrations.AlterField(
            model_name="amendment",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="proposed by",
            ),
        ),
        migrations.AlterField(
            model_name="findingevent",
            name="target_state",
            field=models.CharField(
                blank=True,
                choices=[
                    ("open", "Open"),
                    ("acknowledged", "Acknowledged"),
                    ("fixing", "Being fixed"),
                    ("fixed", "Fixed, to be re-checked"),
                    ("verified", "Verified"),
                    ("accepted_risk", "Risk accepted"),
                    ("duplicate", "Duplicate"),
                ],
                max_length=16,
                verbose_name="to",
            ),
        ),
        migrations.AlterField(
            model_name="historicalamendment",
            name="at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="proposed at"),
        ),
        migrations.AlterField(
            model_name="historicalfindingevent",
            name="target_state",
            field=models.CharField(
                blank=True,
                choices=[
                    ("open", "Open"),
                    ("acknowledged", "Acknowledged"),
                    ("fixing", "Being fixed"),
                    ("fixed", "Fixed, to be re-checked"),
                    ("verified", "Verified"),
                    ("accepted_risk", "Risk accepted"),
                    ("duplicate", "Duplicate"),
                ],
                max_length=16,
                null=True,
                verbose_name="to",
            ),
        ),
        migrations.AlterField(
            model_name="historicalinspectionplan",
            name="signoff",
            field=models.CharField(
                choices=[
                    ("none", "None"),
                    ("reviewer", "By a second person"),
                    ("step_up", "By a second person who confirms who they are"),
                ],
                max_length=10,
                null=True,
                verbose_name="sign-off",
            ),
        ),
        migrations.AlterField(
            model_name="historicalinspectionrun",
            name="signoff",
            field=models.CharField(
                choices=[
                    ("none", "None"),
                    ("reviewer", "By a second person"),
                    ("step_up", "By a second person who confirms who they are"),
                ],
                max_length=10,
                null=True,
                verbose_name="sign-off",
            ),
        ),
        migrations.AlterField(
            model_name="historicalsignature",
            name="method",
            field=models.CharField(
                choices=[
                    ("step_up", "confirmed just before"),
                    ("session", "signed in"),
                    ("token", "API token"),
                ],
                max_length=20,
                null=True,
                verbose_name="proved by",
            ),
        ),
        migrations.AlterField(
            model_name="inspectionplan",
            name="signoff",
            field=models.CharField(
                choices=[
                    ("none", "None"),
                    ("reviewer", "By a second person"),
                    ("step_up", "By a second person who confirms who they are"),
                ],
                default="reviewer",
                max_length=10,
                verbose_name="sign-off",
            ),
        ),
        migrations.AlterField(
            model_name="inspectionrun",
            name="signoff",
            field=models.CharField(
                choices=[
                    ("none", "None"),
                    ("reviewer", "By a second person"),
                    ("step_up", "By a second person who confirms who they are"),
                ],
                default="reviewer",
                max_length=10,
                verbose_name="sign-off",
            ),
        ),
        migrations.AlterField(
            model_name="signature",
            name="method",
            field=models.CharField(
                choices=[
                    ("step_up", "confirmed just before"),
                    ("session", "signed in"),
                    ("token", "API token"),
                ],
                default="session",
                max_length=20,
                verbose_name="proved by",
            ),
        ),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(fields=["ci", "item_key", "opened_at"], name="inspections_finding_recurs"),
        ),
        migrations.RunSQL(FORMER, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="amendment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["proposed", "approved"])),
                fields=("answer",),
                name="inspections_amendment_once_per_answer",
                violation_error_message="This answer has an amendment already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="amendment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("decided_at__isnull", True), ("decided_by__isnull", True), ("state", "proposed")
                    ),
                    models.Q(
                        models.Q(("state", "proposed"), _negated=True),
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="inspections_amendment_decided_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="findingevent",
            constraint=models.UniqueConstraint(
                condition=models.Q(("mark", ""), _negated=True),
                fields=("finding", "mark"),
                name="inspections_findingevent_once_per_mark",
            ),
        ),
        migrations.AddField(
            model_name="findingpolicy",
            name="calendar",
            field=models.ForeignKey(
                blank=True,
                help_text="Only working minutes count. Empty: the clock never stops.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="inspections.workcalendar",
                verbose_name="work calendar",
            ),
        ),
        migrations.AddField(
            model_name="findingpolicy",
            name="escalate_to_team",
            field=models.ForeignKey(
                blank=True,
                help_text="Empty: the reviewers of inspections.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.team",
                verbose_name="escalates to",
            ),
        ),
        migrations.AddField(
            model_name="historicalfindingpolicy",
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
        migrations.AddConstraint(
            model_name="findingpolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("response_minutes__gt", 0), ("response_minutes__lte", models.F("fix_minutes"))
                ),
                name="inspections_findingpolicy_answered_before_fixed",
                violation_error_message="A finding is answered before it is fixed.",
            ),
        ),
        *load("signature", "amendment", "run", "answer", "policy", "finding", "finding_event", "refuse"),
    ]
