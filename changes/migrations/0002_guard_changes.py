"""PostgreSQL moves changes: the gate for events and votes, the hash of the plan, locked plans, append-only rows."""

from django.db import migrations

from changes.sql import load


class Migration(migrations.Migration):
    dependencies = [("changes", "0001_initial")]

    operations = load(
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
    )
