"""PostgreSQL moves changes: the gate for events and votes, the hash of the plan, locked plans, append-only rows."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
FILES = [
    "refuse",
    "plan_hash",
    "guard_request",
    "touch_plan",
    "round",
    "vote_gate",
    "evidence",
    "work",
    "event_gate",
    "guard_template",
]


class Migration(migrations.Migration):
    dependencies = [("changes", "0001_initial")]

    operations = [migrations.RunSQL((SQL / f"{name}_v1.sql").read_text()) for name in FILES]
