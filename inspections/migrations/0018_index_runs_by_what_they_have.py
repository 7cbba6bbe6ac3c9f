"""Rounds are made by the thousand: half as many indexes to write to, and one look at the runs of all new targets."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from inspections.sql import load


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_settle_notices"),
        ("cmdb", "0005_qr_labels"),
        ("inspections", "0017_mend_what_attacks_found"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="inspectionrun",
            name="assignee",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="assignee",
            ),
        ),
        migrations.AlterField(
            model_name="inspectionrun",
            name="deputy",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="deputy (B duty)",
            ),
        ),
        migrations.AlterField(
            model_name="inspectionrun",
            name="plan",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="runs",
                to="inspections.inspectionplan",
                verbose_name="plan",
            ),
        ),
        migrations.AlterField(
            model_name="inspectionrun",
            name="started_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="started by",
            ),
        ),
        migrations.AlterField(
            model_name="inspectionrun",
            name="state_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="moved by",
            ),
        ),
        migrations.AlterField(
            model_name="inspectionrun",
            name="submitted_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="submitted by",
            ),
        ),
        migrations.AlterField(
            model_name="inspectionrun",
            name="team",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.team",
                verbose_name="team",
            ),
        ),
        migrations.AlterField(
            model_name="runtarget",
            name="marked_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="marked by",
            ),
        ),
        migrations.AlterField(
            model_name="runtarget",
            name="run",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="targets",
                to="inspections.inspectionrun",
                verbose_name="inspection run",
            ),
        ),
        migrations.AddIndex(
            model_name="inspectionrun",
            index=models.Index(
                condition=models.Q(("assignee__isnull", False)),
                fields=["assignee"],
                name="inspections_run_assignee",
            ),
        ),
        migrations.AddIndex(
            model_name="inspectionrun",
            index=models.Index(
                condition=models.Q(("deputy__isnull", False)),
                fields=["deputy"],
                name="inspections_run_deputy",
            ),
        ),
        migrations.AddIndex(
            model_name="inspectionrun",
            index=models.Index(
                condition=models.Q(("team__isnull", False)), fields=["team"], name="inspections_run_team"
            ),
        ),
        migrations.AddIndex(
            model_name="inspectionrun",
            index=models.Index(
                condition=models.Q(("state_by__isnull", False)),
                fields=["state_by"],
                name="inspections_run_state_by",
            ),
        ),
        migrations.AddIndex(
            model_name="inspectionrun",
            index=models.Index(
                condition=models.Q(("started_by__isnull", False)),
                fields=["started_by"],
                name="inspections_run_started_by",
            ),
        ),
        migrations.AddIndex(
            model_name="inspectionrun",
            index=models.Index(
                condition=models.Q(("submitted_by__isnull", False)),
                fields=["submitted_by"],
                name="inspections_run_submitted_by",
            ),
        ),
        migrations.AddIndex(
            model_name="runtarget",
            index=models.Index(
                condition=models.Q(("marked_by__isnull", False)),
                fields=["marked_by"],
                name="inspections_target_marked_by",
            ),
        ),
        *load("run"),
    ]
