"""What migrations load: the SQL files beside this module."""

from pathlib import Path

from django.db import migrations

from audit.sql import load_files


def load(*names: str) -> list[migrations.RunSQL]:
    """Operations that load `<name>_v1.sql` in this order, again where they have changed."""
    return load_files(Path(__file__).parent, names)
