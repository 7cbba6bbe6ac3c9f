"""What the worker does by itself."""

from procrastinate.contrib.django import app

from accounts.jobs import MailRetries
from audit.context import coming_from
from inspections.actions import (
    defer_due_reports,
    defer_forgotten_reports,
    escalate_findings,
    generate_runs,
    give_up_lost_orders,
    make_ordered,
    pull_readings,
    remind_of_overrides,
    reopen_expired_risks,
    send_report,
    tell_of_rounds,
    tell_of_trouble,
    warn_of_calendars,
)


@app.periodic(cron="*/5 * * * *")
@app.task(name="inspections.generate_runs", queueing_lock="inspections.generate_runs", pass_context=False)
def make_due_runs(timestamp: int) -> None:
    """Every five minutes: runs are open or missed as the clock says, expired risks open, deadlines told."""
    generate_runs()
    tell_of_rounds()
    tell_of_trouble()
    reopen_expired_risks()
    escalate_findings()


@app.periodic(cron="20 7 * * *")
@app.task(name="inspections.warn_of_calendars", queueing_lock="inspections.calendars", pass_context=False)
def warn_of_gaps(timestamp: int) -> None:
    """Every morning: calendars that do not know the holidays ahead are named to who defines inspections."""
    with coming_from("job inspections.warn_of_calendars"):
        warn_of_calendars()


@app.periodic(cron="30 7 * * *")
@app.task(name="inspections.remind_of_overrides", queueing_lock="inspections.overrides", pass_context=False)
def remind_of_expiry(timestamp: int) -> None:
    """Every morning: threshold overrides that run out within a week, and today, are told to their people."""
    with coming_from("job inspections.remind_of_overrides"):
        remind_of_overrides()


@app.task(name="inspections.make_report", pass_context=False)
def make_long_report(order: int) -> None:
    """A report that takes a while, for who ordered it."""
    with coming_from("job inspections.make_report"):
        make_ordered(order)


@app.periodic(cron="*/10 * * * *")
@app.task(name="inspections.watch_orders", queueing_lock="inspections.watch_orders", pass_context=False)
def watch_orders(timestamp: int) -> None:
    """Every ten minutes: orders whose worker was killed say so."""
    with coming_from("job inspections.watch_orders"):
        give_up_lost_orders()


@app.periodic(cron="*/5 * * * *")
@app.task(name="inspections.pull_readings", queueing_lock="inspections.pull_readings", pass_context=False)
def ask_prometheus(timestamp: int) -> None:
    """Every five minutes: values for runs that are open or open soon. A slow server delays nothing else."""
    with coming_from("job inspections.pull_readings"):
        pull_readings()


@app.periodic(cron="* * * * *")
@app.task(name="inspections.watch_schedules", queueing_lock="inspections.watch_schedules", pass_context=False)
def watch_schedules(timestamp: int) -> None:
    """Every minute: reports that are due are on their way."""
    with coming_from("job inspections.watch_schedules"):
        defer_due_reports()
        defer_forgotten_reports()


@app.task(name="inspections.send_report", retry=MailRetries(), pass_context=False)
def send_one_report(sending: int) -> None:
    """One report to one person."""
    with coming_from("job inspections.send_report"):
        send_report(sending)
