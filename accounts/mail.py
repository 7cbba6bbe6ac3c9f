"""Notices as messages: how they are written, and what the mail server answered.

A message has a text and an HTML part, an identity that stays the same when it is sent again, and refers to
the page it is about, so that mail programs show one thread per change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import groupby
from smtplib import (
    SMTPDataError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.validators import validate_email
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import ngettext

from accounts.models import Notice, User


class MailRefusedError(Exception):
    """The message will never arrive: sending it again is of no use."""


class MailDelayedError(Exception):
    """The server did not take the message now; it was surely not sent."""


class MailInDoubtError(Exception):
    """The server went silent after it had the message: it may have been sent."""


def write_message(person: User, notices: Sequence[Notice], batch: str) -> EmailMultiAlternatives:
    """One message about one page, in the person's language; the newest notice names it."""
    with translation.override(person.language or settings.LANGUAGE_CODE):
        newest, more = notices[-1], len(notices) - 1
        subject = newest.subject
        if more:
            subject += " " + ngettext("(and %(n)d more)", "(and %(n)d more)", more) % {"n": more}
        groups = [{"about": newest.about, "url": _url(newest.path), "notices": notices}]
        return _message(person, subject, groups, batch, thread=newest.path)


def write_digest(person: User, notices: Sequence[Notice], batch: str) -> EmailMultiAlternatives:
    """One message with everything, page by page, the page with the newest notice first."""
    with translation.override(person.language or settings.LANGUAGE_CODE):
        newest = {notice.path: notice.pk for notice in notices}
        ordered = sorted(notices, key=lambda notice: (-newest[notice.path], notice.pk))
        groups = []
        for path, rows in groupby(ordered, key=lambda notice: notice.path):
            group = list(rows)
            about = next((notice.about for notice in reversed(group) if notice.about), group[-1].subject)
            groups.append({"about": about, "url": _url(path), "notices": group})
        count = len(notices)
        subject = ngettext("OpsLedger, %(day)s: %(n)d notice", "OpsLedger, %(day)s: %(n)d notices", count) % {
            "n": count,
            "day": f"{timezone.now().astimezone(person.zone):%Y-%m-%d}",
        }
        return _message(person, subject, groups, batch, thread="digest")


def _message(
    person: User, subject: str, groups: list[dict], batch: str, *, thread: str
) -> EmailMultiAlternatives:
    words = {
        "person": person,
        "zone": person.zone,
        "groups": groups,
        "is_digest": thread == "digest",
        "settings_url": _url(reverse("accounts:notice-settings")),
        "language": translation.get_language(),
        "subject": subject,
    }
    host = urlsplit(settings.BASE_URL).hostname or "localhost"
    root = f"<{hashlib.sha256(thread.encode()).hexdigest()[:24]}.{person.pk}@{host}>"
    with timezone.override(person.zone):
        text = render_to_string("mail/notices.txt", words)
        page = render_to_string("mail/notices.html", words)
    message = EmailMultiAlternatives(
        subject=subject,
        body=text,
        to=[person.email],
        headers={
            "Message-ID": f"<{batch}@{host}>",
            "In-Reply-To": root,
            "References": root,
            "List-Id": f"OpsLedger <notices.{host}>",
            "List-Unsubscribe": f"<{words['settings_url']}>",
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",  # Outlook's way to hear the line above
            "Content-Language": words["language"],
        },
    )
    message.attach_alternative(page, "text/html")
    return message


def _url(path: str) -> str:
    return settings.BASE_URL + path


def hand_over(message: EmailMultiAlternatives) -> None:
    """The mail server has the message. Raises MailRefusedError, MailDelayedError or MailInDoubtError."""
    try:
        validate_email(message.to[0])
    except ValidationError as fault:
        raise MailRefusedError("no_address") from fault
    connection = get_connection()
    try:
        connection.open()
    except (SMTPException, OSError) as trouble:
        connection.close()
        raise MailDelayedError(_said(trouble)) from trouble
    try:
        connection.send_messages([message])
    except SMTPRecipientsRefused as refusal:
        code, said = next(iter(refusal.recipients.values()))
        kind = MailRefusedError if code >= 500 else MailDelayedError
        raise kind(f"{code} {_decoded(said)}") from refusal
    except SMTPDataError as refusal:
        kind = MailRefusedError if refusal.smtp_code >= 500 else MailDelayedError
        raise kind(_said(refusal)) from refusal
    except SMTPSenderRefused as refusal:
        raise MailDelayedError(_said(refusal)) from refusal  # ours to mend, and then it can go
    except (SMTPServerDisconnected, TimeoutError, OSError) as silence:
        if isinstance(silence, SMTPException) and not isinstance(silence, SMTPServerDisconnected):
            raise MailDelayedError(_said(silence)) from silence
        raise MailInDoubtError(_said(silence)) from silence
    except ValueError as fault:
        raise MailRefusedError(_said(fault)) from fault
    finally:
        _close(connection)


def _close(connection: object) -> None:
    try:
        connection.close()  # type: ignore[attr-defined]
    except (SMTPException, OSError):
        return  # said goodbye to nobody: the message is with the server all the same


def _said(trouble: BaseException) -> str:
    code, said = getattr(trouble, "smtp_code", ""), getattr(trouble, "smtp_error", b"")
    return f"{code} {_decoded(said)}".strip() if said else f"{type(trouble).__name__}: {trouble}"


def _decoded(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said
