"""The worker finds the job of changes, and it cancels what was missed without deciding anything else."""

from procrastinate.contrib.django import app

from tests.changes import journey
from tests.factories import make_item

NAME = "changes.watch_the_clock"
# A day later by PostgreSQL's clock, which nobody turns: the owner moves windows and deadlines back instead.
LATER = [
    "ALTER TABLE changes_changerequest DISABLE TRIGGER USER",
    "ALTER TABLE changes_roundstep DISABLE TRIGGER USER",
    """UPDATE changes_changerequest
          SET "window" = tstzrange(lower("window") - interval '1 day', upper("window") - interval '1 day')""",
    "UPDATE changes_roundstep SET due_at = due_at - interval '5 days'",
    "ALTER TABLE changes_changerequest ENABLE TRIGGER USER",
    "ALTER TABLE changes_roundstep ENABLE TRIGGER USER",
]


def test_the_worker_watches_the_clock_every_few_minutes():
    assert NAME in app.tasks
    assert any(task.task.name == NAME for task in app.periodic_registry.periodic_tasks.values())


def test_a_missed_window_is_cancelled_and_silence_never_approves(owner_sql, cast):
    missed, silent = journey.draft(cast), journey.draft(cast, item=make_item(serial="S"))
    journey.to_scheduled(cast, missed)
    journey.to_approving(cast, silent)
    app.tasks[NAME](timestamp=0)
    missed.refresh_from_db()
    assert missed.state == "scheduled"
    for statement in LATER:
        owner_sql.execute(statement)
    app.tasks[NAME](timestamp=0)
    missed.refresh_from_db()
    silent.refresh_from_db()
    assert (missed.state, missed.outcome) == ("cancelled", "missed_window")
    assert silent.state == "approving"
    assert missed.events.first().actor is None
