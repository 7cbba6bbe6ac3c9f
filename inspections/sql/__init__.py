"""What migrations load: the SQL files beside this module.

The files are edited in place; a migration that changes one loads it again, so every statement in them can be
run twice. Bodies are not checked when loaded: a text may name a table that a later migration makes.
"""

from pathlib import Path

from django.db import migrations

HERE = Path(__file__).parent


def load(*names: str) -> list[migrations.RunSQL]:
    """Operations that load `<name>_v1.sql` in this order."""
    texts = [(HERE / f"{name}_v1.sql").read_text() for name in names]
    unchecked = "SET LOCAL check_function_bodies = off;\n"
    return [migrations.RunSQL(unchecked + text, migrations.RunSQL.noop) for text in texts]
