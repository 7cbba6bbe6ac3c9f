"""One report on its way to one person: claimed, made once, handed to the mail server, noted; in this order.

As with notices (accounts/actions/mail.py), a worker that is killed between handing over and noting leaves a
doubt: the same message, with the same Message-ID, is sent once more, and never a third time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from procrastinate.contrib.django import app

from accounts.actions import MailDelayedError, notify
from accounts.mail import MailInDoubtError, MailRefusedError, hand_over
from accounts.roles import Right, has_right
from audit.context import because
from inspections import reasons
from inspections.actions.report_schedules import SEND_REPORT, period_of
from inspections.actions.reports import Wanted, issue_report, remade
from inspections.models import ReportSending
from inspections.models.reports import Format
from inspections.notices import REPORT, REPORT_FAILED

State = ReportSending.State
MOST_TRIES_IN_DOUBT = 2
LARGEST_ATTACHED = 8 * 1024 * 1024
LOST_AFTER, GIVE_UP_AFTER = timedelta(minutes=15), timedelta(days=1)
TYPES = {
    Format.PDF: ("application", "pdf"), Format.PAGE: ("text", "html"),
    Format.XLSX: ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}  # fmt: skip


def send_report(sending_id: int) -> ReportSending:
    """The person has the report, attached or as a link, or the sending says why not and its owner is told.

    Called again it sends nothing twice. Raises MailDelayedError where it has to be tried again later.
    """
    sending = _claim(sending_id)
    if sending is None:
        return ReportSending.objects.get(pk=sending_id)
    schedule, person = sending.schedule, sending.user
    if not person.is_active or not has_right(person, Right.VIEW):
        return _fail(sending, gettext_lazy("%(who)s may no longer see inspections."))
    try:
        content = _made(sending)
    except Exception as fault:  # whatever it was, the owner of the schedule hears of it
        return _fail(sending, f"{type(fault).__name__}: {fault}")
    is_mailed = schedule.delivery == schedule.Delivery.ATTACHED and settings.MAIL_IS_ON and person.email
    if not is_mailed or len(content) > LARGEST_ATTACHED:
        _tell(sending)
        return _sent(sending)
    try:
        hand_over(message_of(sending, content))
    except MailRefusedError as refusal:
        return _fail(sending, str(refusal))
    except MailDelayedError:
        _wait(sending, tries=sending.tries - 1)
        raise
    except MailInDoubtError as silence:
        _wait(sending, tries=sending.tries)
        raise MailDelayedError(str(silence)) from silence
    return _sent(sending)


def _claim(sending_id: int) -> ReportSending | None:
    now = timezone.now()
    with transaction.atomic():
        rows = ReportSending.objects.select_for_update(of=("self",))
        sending = rows.select_related("schedule__owner", "user", "issue__data", "issue__file").get(
            pk=sending_id
        )
        if sending.state in (State.SENT, State.FAILED):
            return None
        if sending.state == State.SENDING and sending.tried_at and sending.tried_at > now - LOST_AFTER:
            return None
        if sending.tries >= MOST_TRIES_IN_DOUBT:
            _fail(sending, gettext_lazy("Nobody knows whether the message arrived."))
            return None
        sending.state, sending.tries, sending.tried_at = State.SENDING, sending.tries + 1, now
        sending.save(update_fields=["state", "tries", "tried_at"])
    return sending


def _made(sending: ReportSending) -> bytes:
    """The file: issued to this person at the first try, the same one at the next."""
    if sending.issue is not None:
        return remade(sending.issue)
    schedule = sending.schedule
    wanted = Wanted(schedule.format, schedule.language, period=period_of(schedule, sending.slot_at))
    with transaction.atomic():
        sending.issue, content = issue_report(wanted, by=sending.user, schedule=schedule)
        sending.save(update_fields=["issue"])
    return content


def message_of(sending: ReportSending, content: bytes) -> EmailMessage:
    """The mail with the file, in the person's language."""
    person, issue = sending.user, sending.issue
    assert issue is not None  # noqa: S101  (made before)
    host = urlsplit(settings.BASE_URL).hostname or "localhost"
    url = settings.BASE_URL + reverse("inspections:report-issue", args=[issue.number])
    with override(person.language or settings.LANGUAGE_CODE):
        words = {"person": person, "issue": issue, "schedule": sending.schedule, "url": url}
        message = EmailMessage(
            subject=" ".join(f"{issue.subject} · {sending.schedule}".split())[:250],
            body=render_to_string("mail/report.txt", words),
            to=[person.email],
            headers={
                "Message-ID": f"<report-{sending.pk}.{issue.number.lower()}@{host}>",
                "List-Id": f"OpsLedger <reports.{host}>",
                "Auto-Submitted": "auto-generated",
                "X-Auto-Response-Suppress": "All",
            },
        )
    main, sub = TYPES[Format(issue.format)]
    extension = "html" if issue.format == Format.PAGE else issue.format
    message.attach(f"{issue.number}.{extension}", content, f"{main}/{sub}")
    return message


def _sent(sending: ReportSending) -> ReportSending:
    sending.state, sending.sent_at, sending.trouble = State.SENT, timezone.now(), ""
    with because(reasons.SENT, user=sending.schedule.owner):
        sending.save(update_fields=["state", "sent_at", "trouble"])
    return sending


def _wait(sending: ReportSending, *, tries: int) -> None:
    sending.state, sending.tries = State.WAITING, tries
    sending.save(update_fields=["state", "tries"])


def _fail(sending: ReportSending, trouble: object) -> ReportSending:
    """The sending has failed for good, in words; who looks after the schedule is told."""
    owner = sending.schedule.owner
    with override(owner.language or settings.LANGUAGE_CODE), transaction.atomic():
        text = str(trouble) % {"who": sending.user} if "%(who)s" in str(trouble) else str(trouble)
        sending.state, sending.trouble = State.FAILED, text[:1000] or "?"
        sending.save(update_fields=["state", "trouble"])
    notify(
        [owner],
        REPORT_FAILED,
        subject=gettext_lazy("Report “%(schedule)s” did not reach %(who)s"),
        text="%(trouble)s",
        words={"schedule": sending.schedule, "who": sending.user, "trouble": sending.trouble},
        path=reverse("inspections:report-schedule", args=[sending.schedule_id]),
        about=sending.schedule,
        key=f"report sending {sending.pk} failed",
        to_self=True,
    )
    return sending


def _tell(sending: ReportSending) -> None:
    """A notice with the link instead of a mail with the file."""
    issue = sending.issue
    assert issue is not None  # noqa: S101
    notify(
        [sending.user],
        REPORT,
        subject=gettext_lazy("%(subject)s is ready: %(number)s"),
        text=gettext_lazy("Sent by the schedule “%(schedule)s”. Open it to take it out."),
        words={"subject": issue.subject, "number": issue.number, "schedule": sending.schedule},
        path=reverse("inspections:report-issue", args=[issue.number]),
        about=sending.schedule,
        key=f"report sending {sending.pk}",
        to_self=True,
    )


def defer_forgotten_reports(*, now: datetime | None = None) -> int:
    """What should have been sent and has lost its worker is sent again; after a day it has failed."""
    now = now or timezone.now()
    late = ReportSending.objects.filter(
        state__in=[State.WAITING, State.SENDING], slot_at__lt=now - LOST_AFTER
    )
    for old in late.filter(slot_at__lt=now - GIVE_UP_AFTER).select_related("schedule__owner", "user"):
        _fail(old, _("It could not be sent within a day."))
    lost = late.filter(state=State.SENDING, tried_at__lt=now - LOST_AFTER).values_list("pk", flat=True)
    for pk in lost:
        app.configure_task(SEND_REPORT).defer(sending=pk)
    return len(lost)
