"""Thresholds of one CI that differ from its check list's, approved for a time; answers are graded by them."""

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
        ("inspections", "0004_work_calendars_and_rota"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="HistoricalThresholdOverride",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, null=True, verbose_name="ID")),
                (
                    "row_version",
                    models.PositiveBigIntegerField(editable=False, null=True, verbose_name="version"),
                ),
                ("history_change_reason", models.TextField(null=True, verbose_name="reason")),
                (
                    "item_key",
                    models.CharField(max_length=50, null=True, verbose_name="key of the check item"),
                ),
                (
                    "crit_low",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        max_digits=18,
                        null=True,
                        verbose_name="critical at or below",
                    ),
                ),
                (
                    "warn_low",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        max_digits=18,
                        null=True,
                        verbose_name="warning at or below",
                    ),
                ),
                (
                    "warn_high",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        max_digits=18,
                        null=True,
                        verbose_name="warning at or above",
                    ),
                ),
                (
                    "crit_high",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        max_digits=18,
                        null=True,
                        verbose_name="critical at or above",
                    ),
                ),
                ("reason", models.TextField(null=True, verbose_name="reason")),
                (
                    "requested_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="requested at"),
                ),
                ("valid_from_on", models.DateField(null=True, verbose_name="valid from")),
                ("valid_until_on", models.DateField(null=True, verbose_name="valid until")),
                (
                    "approved_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="approved at"),
                ),
                (
                    "refused_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="refused at"),
                ),
                (
                    "decision_comment",
                    models.TextField(
                        blank=True, editable=False, null=True, verbose_name="comment on the decision"
                    ),
                ),
                (
                    "withdrawn_on",
                    models.DateField(blank=True, editable=False, null=True, verbose_name="withdrawn on"),
                ),
                (
                    "withdrawn_reason",
                    models.TextField(
                        blank=True, editable=False, null=True, verbose_name="why it was withdrawn"
                    ),
                ),
                ("template", models.BigIntegerField(db_column="template_id", null=True)),
                ("ci", models.BigIntegerField(db_column="ci_id", null=True)),
                ("requested_by", models.BigIntegerField(db_column="requested_by_id", null=True)),
                ("approved_by", models.BigIntegerField(db_column="approved_by_id", null=True)),
                ("refused_by", models.BigIntegerField(db_column="refused_by_id", null=True)),
                ("withdrawn_by", models.BigIntegerField(db_column="withdrawn_by_id", null=True)),
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
                "verbose_name": "history of threshold override",
                "verbose_name_plural": "history of threshold overrides",
                "ordering": ["-history_id"],
                "get_latest_by": "history_id",
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="ThresholdOverride",
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
                ("item_key", models.CharField(max_length=50, verbose_name="key of the check item")),
                (
                    "crit_low",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        max_digits=18,
                        null=True,
                        verbose_name="critical at or below",
                    ),
                ),
                (
                    "warn_low",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        max_digits=18,
                        null=True,
                        verbose_name="warning at or below",
                    ),
                ),
                (
                    "warn_high",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        max_digits=18,
                        null=True,
                        verbose_name="warning at or above",
                    ),
                ),
                (
                    "crit_high",
                    models.DecimalField(
                        blank=True,
                        decimal_places=6,
                        max_digits=18,
                        null=True,
                        verbose_name="critical at or above",
                    ),
                ),
                ("reason", models.TextField(verbose_name="reason")),
                (
                    "requested_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="requested at",
                    ),
                ),
                (
                    "valid_from_on",
                    models.DateField(default=django.utils.timezone.localdate, verbose_name="valid from"),
                ),
                ("valid_until_on", models.DateField(verbose_name="valid until")),
                (
                    "approved_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="approved at"),
                ),
                (
                    "refused_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="refused at"),
                ),
                (
                    "decision_comment",
                    models.TextField(blank=True, editable=False, verbose_name="comment on the decision"),
                ),
                (
                    "withdrawn_on",
                    models.DateField(blank=True, editable=False, null=True, verbose_name="withdrawn on"),
                ),
                (
                    "withdrawn_reason",
                    models.TextField(blank=True, editable=False, verbose_name="why it was withdrawn"),
                ),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="approved by",
                    ),
                ),
                (
                    "ci",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="threshold_overrides",
                        to="cmdb.configurationitem",
                        verbose_name="CI",
                    ),
                ),
                (
                    "refused_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="refused by",
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="requested by",
                    ),
                ),
                (
                    "template",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="overrides",
                        to="inspections.checklisttemplate",
                        verbose_name="check list",
                    ),
                ),
                (
                    "withdrawn_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="withdrawn by",
                    ),
                ),
            ],
            options={
                "verbose_name": "threshold override",
                "verbose_name_plural": "threshold overrides",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("approved_at__isnull", False)),
                        fields=["ci", "item_key"],
                        name="inspections_override_in_force",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("approved_at", None), ("refused_at", None), ("withdrawn_on", None)
                        ),
                        fields=("template", "item_key", "ci"),
                        name="inspections_override_one_waiting",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("crit_high", None),
                            ("crit_low", None),
                            ("warn_high", None),
                            ("warn_low", None),
                            _negated=True,
                        ),
                        name="inspections_override_has_a_bound",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("crit_low__gt", models.F("warn_low")), _negated=True),
                            models.Q(("warn_low__gte", models.F("warn_high")), _negated=True),
                            models.Q(("warn_high__gt", models.F("crit_high")), _negated=True),
                            models.Q(("crit_low__gte", models.F("crit_high")), _negated=True),
                            models.Q(("crit_low__gte", models.F("warn_high")), _negated=True),
                            models.Q(("warn_low__gte", models.F("crit_high")), _negated=True),
                        ),
                        name="inspections_override_bounds_in_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="inspections_override_for_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("valid_until_on__gte", models.F("valid_from_on"))),
                        name="inspections_override_ends_after_start",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("approved_by", models.F("requested_by")), _negated=True),
                        name="inspections_override_approved_by_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("approved_at__isnull", True), ("approved_by__isnull", True)),
                            models.Q(("approved_at__isnull", False), ("approved_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="inspections_override_approved_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("refused_at__isnull", True), ("refused_by__isnull", True)),
                            models.Q(
                                ("approved_at", None),
                                ("refused_at__isnull", False),
                                ("refused_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="inspections_override_approved_or_refused",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("withdrawn_by__isnull", True), ("withdrawn_on__isnull", True)),
                            models.Q(
                                ("withdrawn_by__isnull", False),
                                ("withdrawn_on__isnull", False),
                                models.Q(("withdrawn_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="inspections_override_withdrawn_by_somebody",
                    ),
                ],
            },
        ),
        *load("override", "answer"),
    ]
