"""What the worker does by itself."""

from procrastinate.contrib.django import app

from audit.context import coming_from
from changes.actions import (
    escalate_overdue_votes,
    expire_missed_windows,
    note_overdue_ratifications,
    remind,
    remind_at_half_time,
    run_import,
    watch_criteria,
)
from changes.models import ChangeImport


@app.periodic(cron="*/5 * * * *")
@app.task(name="changes.watch_the_clock", queueing_lock="changes.watch_the_clock", pass_context=False)
def watch_the_clock(timestamp: int) -> None:
    """Every five minutes: missed windows are cancelled, votes reminded of and escalated; none is decided."""
    with coming_from("job changes.watch_the_clock"):
        expire_missed_windows()
        note_overdue_ratifications()
        remind_at_half_time()
        escalate_overdue_votes()


@app.periodic(cron="* * * * *")
@app.task(name="changes.remind", queueing_lock="changes.remind", pass_context=False)
def remind_people(timestamp: int) -> None:
    """Every minute: deadlines remind and escalate, and never decide."""
    with coming_from("job changes.remind"):
        remind()


@app.periodic(cron="* * * * *")
@app.task(name="changes.watch_criteria", queueing_lock="changes.watch_criteria", pass_context=False)
def watch_the_criteria(timestamp: int) -> None:
    """Every minute: a breach that nobody answered is answered."""
    with coming_from("job changes.watch_criteria"):
        watch_criteria()


@app.task(name="changes.run_import")
def import_past_changes(pk: int) -> None:
    """A file of past changes that was confirmed on its page."""
    with coming_from("job changes.run_import"):
        batch = ChangeImport.objects.select_related("file", "imported_by").get(pk=pk)
        if batch.is_under_way:
            run_import(batch)
