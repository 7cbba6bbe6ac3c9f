"""What the worker does by itself."""

from procrastinate.contrib.django import app

from inspections.actions import escalate_findings, generate_runs, reopen_expired_risks


@app.periodic(cron="*/5 * * * *")
@app.task(name="inspections.generate_runs", queueing_lock="inspections.generate_runs", pass_context=False)
def make_due_runs(timestamp: int) -> None:
    """Every five minutes: runs are open or missed as the clock says, expired risks open, deadlines told."""
    generate_runs()
    reopen_expired_risks()
    escalate_findings()
