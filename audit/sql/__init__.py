"""SQL as migrations load it."""

from pathlib import Path

from django.db import migrations


def load_files(folder: Path, names: tuple[str, ...]) -> list[migrations.RunSQL]:
    """Operations that load `<name>_v1.sql` of this folder, in this order.

    The files are edited in place and a migration that changes one loads it again, so every statement in them
    can be run twice. Bodies are not checked when loaded: one may name a table that a later migration makes.
    """
    texts = [(folder / f"{name}_v1.sql").read_text() for name in names]
    unchecked = "SET LOCAL check_function_bodies = off;\n"
    return [migrations.RunSQL(unchecked + text, migrations.RunSQL.noop) for text in texts]
