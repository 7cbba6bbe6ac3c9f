"""An owner's answer, and its overruling, are for the plan as it was then, as votes are."""

from django.db import migrations, models

from changes.sql import load, mirror_steps

# What was answered before counts for the plan as it stands now; a change past its vote asks nobody again.
FORMER = """
UPDATE changes_changerequest SET plan_hash = plan_hash WHERE state IN ('draft', 'assessing', 'testing', 'approving');
UPDATE changes_consultation k
   SET plan_hash = CASE WHEN k.answer = 'asked' THEN '' ELSE c.asked_hash END,
       overruled_hash = CASE WHEN k.overruled_by_id IS NULL THEN '' ELSE c.asked_hash END
  FROM changes_changerequest c WHERE c.id = k.change_id AND c.state IN ('draft', 'assessing', 'testing', 'approving')
   AND (k.answer <> 'asked' OR k.overruled_by_id IS NOT NULL);
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("changes", "0026_one_closure_of_a_service"),
    ]

    operations = [
        migrations.AddField(
            model_name="changerequest",
            name="asked_hash",
            field=models.CharField(
                blank=True, editable=False, max_length=64, verbose_name="hash of what owners are asked about"
            ),
        ),
        migrations.AddField(
            model_name="consultation",
            name="overruled_hash",
            field=models.CharField(
                blank=True, editable=False, max_length=64, verbose_name="overruled for the plan"
            ),
        ),
        migrations.AddField(
            model_name="consultation",
            name="plan_hash",
            field=models.CharField(
                blank=True, editable=False, max_length=64, verbose_name="answered for the plan"
            ),
        ),
        migrations.AddField(
            model_name="historicalchangerequest",
            name="asked_hash",
            field=models.CharField(
                blank=True,
                editable=False,
                max_length=64,
                null=True,
                verbose_name="hash of what owners are asked about",
            ),
        ),
        migrations.AddField(
            model_name="historicalconsultation",
            name="overruled_hash",
            field=models.CharField(
                blank=True, editable=False, max_length=64, null=True, verbose_name="overruled for the plan"
            ),
        ),
        migrations.AddField(
            model_name="historicalconsultation",
            name="plan_hash",
            field=models.CharField(
                blank=True, editable=False, max_length=64, null=True, verbose_name="answered for the plan"
            ),
        ),
        *load("plan_hash", "guard_request"),
        migrations.RunSQL(FORMER, migrations.RunSQL.noop),
        *load(
            "assessment"
        ),  # after what was answered before: it lets nobody write an answer for somebody else
        mirror_steps(),
    ]
