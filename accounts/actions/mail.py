"""Sending what waits to be mailed: claimed, handed to the mail server, noted; in this order.

A message is claimed in a transaction of its own before it is sent and noted as sent after it, so two workers
never send the same. A worker that is killed in between leaves a doubt: such a message is sent once more, with
the same Message-ID, and never a third time.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.db import connection, transaction
from django.db.models import F, Max, Min, Q
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from accounts.actions.notices import FOLD, SEND_MAIL
from accounts.mail import (
    MailDelayedError,
    MailInDoubtError,
    MailRefusedError,
    hand_over,
    write_digest,
    write_message,
)
from accounts.models import Notice, User
from accounts.querysets import NoticeQuerySet

SEND_DIGEST = "accounts.send_digest"
MOST_DOUBTS = 2
GIVE_UP_AFTER = timedelta(days=3)
FORGOTTEN_AFTER = timedelta(minutes=10)
Writer = Callable[[User, Sequence[Notice], str], EmailMultiAlternatives]


def send_mail(person: int, path: str) -> int:
    """What the person is to hear at once about one page is mailed, in one message; returns how many notices.

    Within a minute of the last message about it, the job comes back when the minute is over. Raises
    MailDelayedError where it has to be tried again later.
    """
    waiting = Notice.objects.filter(person_id=person, path=path).to_mail("now")
    last = Notice.objects.filter(person_id=person, path=path, mail="now").aggregate(at=Max("mailed_at"))["at"]
    if last and last + FOLD > timezone.now():
        if waiting.exists():
            app.configure_task(SEND_MAIL, schedule_at=last + FOLD).defer(person=person, path=path)
        return 0
    return _send(waiting, write_message)


def send_digest(person: int) -> int:
    """Everything that waits for the person's daily mail and is unread is mailed in one message."""
    return _send(Notice.objects.filter(person_id=person).to_mail("digest"), write_digest)


def _send(waiting: NoticeQuerySet, write: Writer) -> int:
    sent = 0
    while claimed := _claim(waiting, timezone.now()):
        batch = claimed[0].mail_batch
        rows = Notice.objects.filter(mail_batch=batch)
        try:
            hand_over(write(claimed[0].person, claimed, batch))
        except MailRefusedError as refusal:
            rows.update(mail_trouble=str(refusal)[:300])
        except MailDelayedError:
            rows.update(mail_batch="", mail_tried_at=None)
            raise
        except MailInDoubtError as silence:
            rows.update(mail_doubts=F("mail_doubts") + 1, mail_tried_at=None)
            raise MailDelayedError(str(silence)) from silence
        else:
            rows.update(mailed_at=timezone.now())
            sent += len(claimed)
    return sent


def _claim(waiting: NoticeQuerySet, now: datetime) -> list[Notice]:
    """The next message's notices, oldest first, marked as on their way; locks them."""
    with transaction.atomic():
        free = (
            waiting.order_by("pk").select_for_update(of=("self",), skip_locked=True).select_related("person")
        )
        if doubtful := list(free.in_doubt(now=now)):
            batch = doubtful[0].mail_batch
            doubtful = [notice for notice in doubtful if notice.mail_batch == batch]
            rows = Notice.objects.filter(mail_batch=batch)
            lost = rows.filter(mail_tried_at__isnull=False).update(mail_doubts=F("mail_doubts") + 1)
            if doubtful[0].mail_doubts + bool(lost) >= MOST_DOUBTS:
                rows.update(mail_trouble="in_doubt")
                return _claim(waiting, now)
            rows.update(mail_tried_at=now)
            return doubtful
        fresh = list(free.unclaimed())
        if fresh:
            batch = secrets.token_hex(16)
            Notice.objects.filter(pk__in=[notice.pk for notice in fresh]).update(
                mail_batch=batch, mail_tried_at=now
            )
            for notice in fresh:
                notice.mail_batch = batch
        return fresh


def defer_digests() -> int:
    """A job is there for everybody whose daily hour has come since they were told; returns how many.

    Counted from what waits, not from the last mail: after days without a worker it is one mail, not five. The
    hour is the person's own, on both days of the year on which the clocks change.
    """
    now, count = timezone.now(), 0
    waiting = Notice.objects.to_mail("digest").filter(
        Q(read_at__isnull=True, settled_at__isnull=True) | ~Q(mail_batch="")
    )
    oldest = dict(waiting.order_by().values_list("person_id").annotate(at=Min("created_at")))
    for person in User.objects.filter(pk__in=oldest):
        if oldest[person.pk] >= digest_moment(person, now):
            continue
        task = app.configure_task(SEND_DIGEST, queueing_lock=f"{SEND_DIGEST} {person.pk}")
        try:
            with transaction.atomic():
                task.defer(person=person.pk)
        except AlreadyEnqueued:
            continue
        count += 1
    return count


def defer_forgotten_mail() -> int:
    """What should have been mailed at once and has no job any more has one again; returns how many jobs.

    A worker that was killed keeps its job for ever. After three days it is given up, and the notice says so.
    """
    now = timezone.now()
    late = Notice.objects.to_mail("now").filter(
        Q(read_at__isnull=True, settled_at__isnull=True) | ~Q(mail_batch="")
    )
    late.filter(created_at__lt=now - GIVE_UP_AFTER).update(mail_trouble="given_up")
    lost = late.filter(created_at__lt=now - FORGOTTEN_AFTER)
    wanted = set(lost.order_by().values_list("person_id", "path").distinct())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (args->>'person')::bigint, args->>'path' FROM procrastinate_jobs"
            " WHERE task_name = %s AND status = 'todo'",
            [SEND_MAIL],
        )
        wanted -= set(cursor.fetchall())
    if wanted:
        app.configure_task(SEND_MAIL).batch_defer(
            *[dict[str, Any](person=person, path=path) for person, path in sorted(wanted)]
        )
    return len(wanted)


def digest_moment(person: User, now: datetime) -> datetime:
    """The latest moment, not after `now`, at which the person's daily mail was due."""
    local = now.astimezone(person.zone)
    due = local.replace(hour=person.digest_hour, minute=0, second=0, microsecond=0, fold=0)
    if due.timestamp() > now.timestamp():
        due = (due.replace(tzinfo=None) - timedelta(days=1)).replace(tzinfo=person.zone)
    return due
