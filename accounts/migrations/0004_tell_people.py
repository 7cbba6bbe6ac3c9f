"""Notices to people, how each wants to be mailed, and the rule that a notice stays as it was told."""

from pathlib import Path

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_integration_role"),
        ("audit", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="HistoricalNoticePreference",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, null=True, verbose_name="ID")),
                (
                    "row_version",
                    models.PositiveBigIntegerField(editable=False, null=True, verbose_name="version"),
                ),
                ("history_change_reason", models.TextField(null=True, verbose_name="reason")),
                ("kind", models.CharField(max_length=60, null=True, verbose_name="kind")),
                (
                    "channel",
                    models.CharField(
                        choices=[("now", "at once"), ("digest", "once a day"), ("off", "no mail")],
                        max_length=6,
                        null=True,
                        verbose_name="mail",
                    ),
                ),
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
                "verbose_name": "history of choice of mail",
                "verbose_name_plural": "history of choices of mail",
                "ordering": ["-history_id"],
                "get_latest_by": "history_id",
                "default_permissions": (),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=60, verbose_name="kind")),
                ("subject", models.CharField(max_length=250, verbose_name="subject")),
                ("text", models.TextField(blank=True, verbose_name="text")),
                ("path", models.CharField(max_length=300, verbose_name="page")),
                ("about", models.CharField(blank=True, max_length=250, verbose_name="about")),
                ("is_urgent", models.BooleanField(default=False, verbose_name="urgent")),
                ("key", models.CharField(blank=True, max_length=200, verbose_name="key")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="told",
                    ),
                ),
                ("read_at", models.DateTimeField(blank=True, null=True, verbose_name="read")),
                (
                    "mail",
                    models.CharField(
                        choices=[("none", "none"), ("now", "at once"), ("digest", "with the daily mail")],
                        default="none",
                        max_length=6,
                        verbose_name="mail",
                    ),
                ),
                ("mail_batch", models.CharField(blank=True, editable=False, max_length=40)),
                ("mail_tried_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("mail_doubts", models.PositiveSmallIntegerField(default=0, editable=False)),
                (
                    "mailed_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="mailed"),
                ),
                (
                    "mail_trouble",
                    models.CharField(
                        blank=True, editable=False, max_length=300, verbose_name="why not mailed"
                    ),
                ),
            ],
            options={
                "verbose_name": "notice",
                "verbose_name_plural": "notices",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="NoticePreference",
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
                ("kind", models.CharField(max_length=60, verbose_name="kind")),
                (
                    "channel",
                    models.CharField(
                        choices=[("now", "at once"), ("digest", "once a day"), ("off", "no mail")],
                        max_length=6,
                        verbose_name="mail",
                    ),
                ),
            ],
            options={
                "verbose_name": "choice of mail",
                "verbose_name_plural": "choices of mail",
                "ordering": ["person", "kind"],
            },
        ),
        migrations.AddField(
            model_name="historicaluser",
            name="digest_hour",
            field=models.PositiveSmallIntegerField(
                null=True,
                validators=[django.core.validators.MaxValueValidator(23)],
                verbose_name="hour of the daily mail",
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="digest_hour",
            field=models.PositiveSmallIntegerField(
                default=8,
                validators=[django.core.validators.MaxValueValidator(23)],
                verbose_name="hour of the daily mail",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("digest_hour__range", (0, 23))),
                name="accounts_user_digest_hour_is_0_to_23",
            ),
        ),
        migrations.AddField(
            model_name="historicalnoticepreference",
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
            model_name="notice",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="notices",
                to=settings.AUTH_USER_MODEL,
                verbose_name="person",
            ),
        ),
        migrations.AddField(
            model_name="noticepreference",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="notice_preferences",
                to=settings.AUTH_USER_MODEL,
                verbose_name="person",
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(fields=["person", "-id"], name="accounts_notice_of_person"),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("read_at__isnull", True)),
                fields=["person", "-id"],
                name="accounts_notice_unread",
            ),
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(
                    ("mail_trouble", ""),
                    ("mailed_at__isnull", True),
                    models.Q(("mail", "none"), _negated=True),
                ),
                fields=["created_at"],
                name="accounts_notice_to_mail",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("key", ""), _negated=True),
                fields=("person", "key"),
                name="accounts_notice_once_per_key",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(("path__regex", "^/([^/\\\\\\s][^\\\\\\s]*)?$")),
                name="accounts_notice_leads_to_a_page_of_ours",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(("mail__in", ["none", "now", "digest"])),
                name="accounts_notice_mail_exists",
            ),
        ),
        migrations.AddConstraint(
            model_name="noticepreference",
            constraint=models.UniqueConstraint(
                fields=("person", "kind"), name="accounts_noticepreference_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="noticepreference",
            constraint=models.CheckConstraint(
                condition=models.Q(("channel__in", ["now", "digest", "off"])),
                name="accounts_noticepreference_channel_exists",
            ),
        ),
        migrations.RunSQL(
            (Path(__file__).parent.parent / "sql/notice_v1.sql").read_text(), migrations.RunSQL.noop
        ),
    ]
