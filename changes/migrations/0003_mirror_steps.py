"""PostgreSQL knows the table of steps; a change of changes.workflow needs another migration like this one."""

from dataclasses import fields

from django.db import migrations

from changes.workflow import STEPS


def mirror_steps(apps, schema_editor):
    rule = apps.get_model("changes", "StepRule")
    rule.objects.all().delete()
    names = {field.name for field in rule._meta.fields} & {field.name for field in fields(STEPS[0])}
    rule.objects.bulk_create(
        rule(
            **{
                name: list(value) if isinstance(value := getattr(step, name), tuple) else value
                for name in names
            }
        )
        for step in STEPS
    )


class Migration(migrations.Migration):
    dependencies = [("changes", "0002_guard_changes")]

    operations = [migrations.RunPython(mirror_steps, migrations.RunPython.noop)]
