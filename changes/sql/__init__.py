"""What migrations load: the SQL files beside this module, and the table of steps.

The files are edited in place; a migration that changes one loads it again, so every statement in them can be
run twice. Bodies are not checked when loaded: a text may name a table that a later migration makes.
"""

from dataclasses import fields
from pathlib import Path

from django.db import migrations

from changes.workflow import STEPS

HERE = Path(__file__).parent


def load(*names: str) -> list[migrations.RunSQL]:
    """Operations that load `<name>_v1.sql` in this order."""
    texts = [(HERE / f"{name}_v1.sql").read_text() for name in names]
    unchecked = "SET LOCAL check_function_bodies = off;\n"
    return [migrations.RunSQL(unchecked + text, migrations.RunSQL.noop) for text in texts]


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
