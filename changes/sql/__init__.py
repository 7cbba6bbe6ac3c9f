"""What migrations load: the SQL files beside this module, and the table of steps."""

from dataclasses import fields
from pathlib import Path

from django.db import migrations

from audit.sql import load_files
from changes.workflow import STEPS


def load(*names: str) -> list[migrations.RunSQL]:
    """Operations that load `<name>_v1.sql` in this order, again where they have changed."""
    return load_files(Path(__file__).parent, names)


def mirror_steps() -> migrations.RunPython:
    """An operation after which PostgreSQL knows the table of steps as changes.workflow has it now."""
    return migrations.RunPython(_mirror, migrations.RunPython.noop)


def _mirror(apps, schema_editor):
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
