"""A window outside the maintenance windows of an item is an input of the risk, with a threshold to begin with."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("changes", "0020_order_of_changes_in_the_plan"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="riskquestion",
            name="changes_riskquestion_key_is_not_computed",
        ),
        migrations.AlterField(
            model_name="historicalriskthreshold",
            name="measure",
            field=models.CharField(
                choices=[
                    ("criticality", "Highest criticality among changed and affected items (1 to 4)"),
                    ("affected", "Items that go down or lose redundancy, or are told of it"),
                    ("downtime_minutes", "Downtime in minutes"),
                    ("working_hours", "Minutes of downtime within working hours"),
                    ("precedents", "Similar changes that succeeded within a year (fewer than)"),
                    ("failures", "Failed changes on the same items in the days looked back"),
                    ("outside_maintenance", "Items whose maintenance windows do not hold the window"),
                ],
                max_length=20,
                null=True,
                verbose_name="input",
            ),
        ),
        migrations.AlterField(
            model_name="riskthreshold",
            name="measure",
            field=models.CharField(
                choices=[
                    ("criticality", "Highest criticality among changed and affected items (1 to 4)"),
                    ("affected", "Items that go down or lose redundancy, or are told of it"),
                    ("downtime_minutes", "Downtime in minutes"),
                    ("working_hours", "Minutes of downtime within working hours"),
                    ("precedents", "Similar changes that succeeded within a year (fewer than)"),
                    ("failures", "Failed changes on the same items in the days looked back"),
                    ("outside_maintenance", "Items whose maintenance windows do not hold the window"),
                ],
                max_length=20,
                unique=True,
                verbose_name="input",
            ),
        ),
        migrations.AddConstraint(
            model_name="riskquestion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "key__in",
                        (
                            "criticality",
                            "affected",
                            "downtime_minutes",
                            "working_hours",
                            "precedents",
                            "failures",
                            "rehearsal",
                            "no_return",
                            "critical_item",
                            "outside_maintenance",
                        ),
                    ),
                    _negated=True,
                ),
                name="changes_riskquestion_key_is_not_computed",
            ),
        ),
        migrations.RunSQL(
            "INSERT INTO changes_riskthreshold (row_version, measure, medium_from) VALUES"
            " (1, 'outside_maintenance', 1) ON CONFLICT (measure) DO NOTHING",
            migrations.RunSQL.noop,
        ),
    ]
