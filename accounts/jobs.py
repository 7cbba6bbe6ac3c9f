"""What the worker does by itself: mail."""

from datetime import timedelta

from django.utils import timezone
from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.contrib.django import app

from accounts.actions import (
    MailDelayedError,
    defer_digests,
    defer_forgotten_mail,
    send_digest,
    send_mail,
)
from audit.context import coming_from


class MailRetries(BaseRetryStrategy):
    """Again after 1, 2, 4, … minutes, then every hour, for a day; only for what may still arrive."""

    most = 30

    def get_retry_decision(self, *, exception, job):
        if not isinstance(exception, MailDelayedError) or job.attempts >= self.most:
            return None
        wait = min(timedelta(minutes=2 ** min(job.attempts, 6)), timedelta(hours=1))
        return RetryDecision(retry_at=timezone.now() + wait)


@app.task(name="accounts.send_mail", retry=MailRetries(), pass_context=False)
def mail_at_once(person: int, path: str) -> None:
    """One person's notices about one page, in one message."""
    with coming_from("job accounts.send_mail"):
        send_mail(person, path)


@app.task(name="accounts.send_digest", retry=MailRetries(), pass_context=False)
def mail_digest(person: int) -> None:
    """One person's daily mail."""
    with coming_from("job accounts.send_digest"):
        send_digest(person)


@app.periodic(cron="*/5 * * * *")
@app.task(name="accounts.watch_mail", queueing_lock="accounts.watch_mail", pass_context=False)
def watch_mail(timestamp: int) -> None:
    """Every five minutes: daily mails that are due, and mail whose worker was killed, have their jobs."""
    with coming_from("job accounts.watch_mail"):
        defer_digests()
        defer_forgotten_mail()
