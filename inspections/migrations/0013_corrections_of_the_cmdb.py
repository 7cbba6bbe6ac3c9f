"""Answers verify the CMDB or propose to correct it; somebody else decides."""

import django.db.models.deletion
import django.db.models.functions.datetime
import simple_history.models
from django.conf import settings
from django.db import migrations, models

from inspections.sql import load


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0003_grant_what_is_meant_for_the_application"),
        ("changes", "0026_one_closure_of_a_service"),
        ("cmdb", "0004_claim_identities_without_a_join"),
        ("inspections", "0012_answers_found_by_index"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="HistoricalCorrectionProposal",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, null=True, verbose_name="ID")),
                (
                    "row_version",
                    models.PositiveBigIntegerField(editable=False, null=True, verbose_name="version"),
                ),
                ("history_change_reason", models.TextField(null=True, verbose_name="reason")),
                ("field", models.CharField(max_length=80, null=True, verbose_name="field of the CI")),
                ("was", models.JSONField(blank=True, null=True, verbose_name="recorded")),
                ("seen", models.JSONField(blank=True, null=True, verbose_name="seen")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "Proposed"),
                            ("accepted", "Accepted"),
                            ("refused", "Refused"),
                            ("superseded", "Superseded"),
                        ],
                        max_length=10,
                        null=True,
                        verbose_name="state",
                    ),
                ),
                ("proposed_at", models.DateTimeField(editable=False, null=True, verbose_name="proposed at")),
                (
                    "decided_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="decided at"),
                ),
                ("comment", models.TextField(blank=True, null=True, verbose_name="comment")),
                ("answer", models.BigIntegerField(db_column="answer_id", null=True)),
                ("ci", models.BigIntegerField(db_column="ci_id", null=True)),
                ("evidence", models.BigIntegerField(db_column="evidence_id", null=True)),
                ("decided_by", models.BigIntegerField(db_column="decided_by_id", null=True)),
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
                "verbose_name": "history of correction proposal",
                "verbose_name_plural": "history of correction proposals",
                "ordering": ["-history_id"],
                "get_latest_by": "history_id",
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="CorrectionProposal",
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
                ("field", models.CharField(max_length=80, verbose_name="field of the CI")),
                ("was", models.JSONField(blank=True, null=True, verbose_name="recorded")),
                ("seen", models.JSONField(blank=True, null=True, verbose_name="seen")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "Proposed"),
                            ("accepted", "Accepted"),
                            ("refused", "Refused"),
                            ("superseded", "Superseded"),
                        ],
                        default="proposed",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "proposed_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="proposed at",
                    ),
                ),
                (
                    "decided_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="decided at"),
                ),
                ("comment", models.TextField(blank=True, verbose_name="comment")),
                (
                    "answer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="correction",
                        to="inspections.answer",
                        verbose_name="inspection answer",
                    ),
                ),
                (
                    "change",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="changes.changerequest",
                        verbose_name="change request",
                    ),
                ),
                (
                    "ci",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="cmdb.configurationitem",
                        verbose_name="CI",
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
                        verbose_name="decided by",
                    ),
                ),
                (
                    "evidence",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="inspections.evidence",
                        verbose_name="photo",
                    ),
                ),
            ],
            options={
                "verbose_name": "correction proposal",
                "verbose_name_plural": "correction proposals",
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["state", "-id"], name="inspections_correction_list")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "proposed")),
                        fields=("ci", "field"),
                        name="inspections_correction_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["accepted", "refused"]), _negated=True),
                            models.Q(("decided_at__isnull", False), ("decided_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="inspections_correction_decided_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "refused"), _negated=True),
                            models.Q(("comment", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="inspections_correction_refused_with_a_word",
                    ),
                ],
            },
        ),
        *load("correction"),
    ]
