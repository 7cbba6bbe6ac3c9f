"""Telling people, and what they do with what they were told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from procrastinate.contrib.django import app

from accounts.models import Notice, NoticePreference, User
from accounts.models.notices import LOCAL_PATH
from accounts.notices import KINDS, TEST, Channel, NoticeKind
from accounts.querysets import holders_of
from accounts.roles import Right
from audit.context import current_user

SEND_MAIL = "accounts.send_mail"
FOLD = timedelta(minutes=1)  # what one person is told about one page within it is one message
LONGEST_TEXT = 4000
TEST_MAILS_AN_HOUR = 5
INSERT = """
INSERT INTO accounts_notice (person_id, kind, subject, text, path, about, is_urgent, key, mail, mail_batch,
                             mail_doubts, mail_trouble)
SELECT *, '', 0, '' FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
                                %s::boolean[], %s::text[], %s::text[])
ON CONFLICT (person_id, key) WHERE key <> '' DO NOTHING RETURNING person_id, mail
"""


class TooManyTestMailsError(ValidationError):
    """Somebody asks for test mails faster than they could read them."""


def notify(  # noqa: PLR0913  each is one part of a notice
    people: Iterable[User],
    kind: str,
    *,
    subject: str | Promise,
    text: str | Promise,
    words: Mapping[str, object],
    path: str,
    urgent: bool = False,
    about: object = "",
    key: str = "",
    to_self: bool = False,
) -> int:
    """Each of the people has the notice, in their language and time zone, and a mail on its way if they want
    one; returns how many were told.

    Not told: inactive people, people without the right to see records, and whoever is acting (`to_self`
    tells them too). `subject` and `text` are lazy texts with %(name)s marks for `words`; moments in them,
    and pairs of moments, are shown in the reader's zone. `about` names what the page is about, in the daily
    mail. A `key` is told to each person once, also by two workers at a time. Four statements, in the caller's
    transaction: what is rolled back is told to nobody. Raises KeyError for an undeclared kind, ValueError for
    a path that leads elsewhere.
    """
    declared = KINDS[kind]
    if not re.fullmatch(LOCAL_PATH, path):
        raise ValueError(f"Not a page of ours: {path!r}")
    told = _readers(people, to_self=to_self)
    if not told:
        return 0
    chosen = dict(
        NoticePreference.objects.filter(kind=kind, person__in=told).values_list("person_id", "channel")
    )
    parts = {"subject": subject, "text": text, "about": about}
    drawn: dict[tuple[str, str], dict[str, str]] = {}
    rows = []
    for person in told:
        looks = (person.language, person.time_zone)
        if looks not in drawn:
            drawn[looks] = _as_read_by(person, parts, words)
        shown = drawn[looks]
        mail = _mail_for(person, declared, chosen.get(person.pk))
        is_urgent = urgent or declared.is_urgent
        rows.append(
            (person.pk, kind, shown["subject"], shown["text"], path, shown["about"], is_urgent, key, mail)
        )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(INSERT, [list(column) for column in zip(*rows, strict=True)])
        written = cursor.fetchall()
        at_once = [person for person, mail in written if mail == Channel.NOW]
        if at_once:
            delay = timedelta(0) if urgent or declared.is_urgent or kind == TEST else FOLD
            jobs = [{"person": person, "path": path} for person in sorted(at_once)]
            app.configure_task(SEND_MAIL, schedule_at=timezone.now() + delay).batch_defer(*jobs)
    return len(written)


def _readers(people: Iterable[User], *, to_self: bool) -> list[User]:
    """Those of the people who may be told, each once, in one order for everybody."""
    actor = None if to_self else current_user()
    wanted = {person.pk for person in people} - {actor.pk if actor is not None else None}
    return list(holders_of(Right.VIEW).filter(pk__in=wanted)) if wanted else []


def _mail_for(person: User, kind: NoticeKind, chosen: str | None) -> str:
    channel = kind.channel_for(chosen)
    reachable = settings.MAIL_IS_ON and person.email
    return channel if reachable and channel != Channel.OFF else Notice.Mail.NONE.value


def _as_read_by(person: User, parts: Mapping[str, object], words: Mapping[str, object]) -> dict[str, str]:
    """The parts of the notice in the person's language, with moments in the person's zone."""
    with translation.override(person.language or settings.LANGUAGE_CODE):
        shown = {name: _shown(value, person) for name, value in words.items()}
        subject, text = (str(parts[name]) % shown for name in ("subject", "text"))
        return {
            "subject": _one_line(subject),
            "text": _clean(text).strip()[:LONGEST_TEXT],
            "about": _one_line(str(parts["about"])),
        }


def _shown(value: object, person: User) -> str:
    if isinstance(value, datetime):
        local = value.astimezone(person.zone)
        minutes = int((local.utcoffset() or timedelta()).total_seconds()) // 60
        hours, rest = divmod(abs(minutes), 60)
        offset = f"{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02d}" if rest else "")
        return f"{local:%Y-%m-%d %H:%M} (UTC{offset})"
    if isinstance(value, tuple) and len(value) == 2:
        return _span_shown(*value, person)
    return value.isoformat() if isinstance(value, date) else str(value)


def _span_shown(start: datetime, end: datetime, person: User) -> str:
    """Both moments with one zone, where their zone is one; the day once, where it is one."""
    first, last = _shown(start, person), _shown(end, person)
    (first_day, *rest), (last_day, *other) = first.split(" "), last.split(" ")
    if rest[1:] == other[1:]:
        last = " ".join(other) if first_day == last_day else last
        first = first.rpartition(" ")[0]
    return f"{first} – {last}"


def _one_line(text: str) -> str:
    """Fit for a header: whatever people typed, it begins no other one."""
    return " ".join(_clean(text).split())[:250]


def _clean(text: str) -> str:
    return "".join(each for each in text if each in "\n\t" or each.isprintable())


def mark_read(notices: Iterable[int], *, by: User) -> int:
    """Those of the person's own notices are read; others' are left alone. Returns how many were unread."""
    return Notice.objects.of(by).unread().filter(pk__in=list(notices)).update(read_at=timezone.now())


def mark_all_read(*, by: User, up_to: int | None = None) -> int:
    """Every notice of the person is read, up to the newest one that they saw. Returns how many."""
    unread = Notice.objects.of(by).unread()
    if up_to is not None:
        unread = unread.filter(pk__lte=up_to)
    return unread.update(read_at=timezone.now())


def settle(path: str, kinds: Iterable[str], *, person: User | None = None) -> int:
    """What these kinds of notices asked for on this page is done or has lapsed, for everybody or one person:
    the bell and the mail forget them, the list keeps them. Returns how many."""
    waiting = Notice.objects.unread().filter(path=path, kind__in=list(kinds))
    if person is not None:
        waiting = waiting.of(person)
    return waiting.update(settled_at=timezone.now())


@transaction.atomic
def choose_mail(*, by: User, channels: Mapping[str, str], digest_hour: int, language: str = "") -> None:
    """The person's own choice holds from the next notice on; kinds that are not named keep theirs.

    `language` is that of notices and pages; empty keeps it. Raises ValidationError for a channel that its
    kind does not offer, an hour that no day has, or a language that OpsLedger does not speak.
    """
    held = {row.kind: row for row in NoticePreference.objects.filter(person=by)}
    for kind, channel in channels.items():
        if kind not in KINDS or channel not in KINDS[kind].channels:
            raise ValidationError(_("There is no such choice: %(kind)s."), params={"kind": kind})
        row = held.get(kind) or NoticePreference(person=by, kind=kind)
        if row.channel != channel and (row.pk or channel != KINDS[kind].default_mail):
            row.channel = channel
            row.save()
    if (by.digest_hour, by.language) != (digest_hour, language or by.language):
        by.digest_hour, by.language = digest_hour, language or by.language
        by.full_clean(exclude=["password"], validate_unique=False)
        by.save(update_fields=["digest_hour", "language"])


def send_test_mail(*, by: User, path: str) -> None:
    """A mail to oneself is on its way along the whole road that notices take.

    Raises ValidationError where it cannot arrive, TooManyTestMailsError beyond five an hour.
    """
    if not settings.MAIL_IS_ON:
        raise ValidationError(_("No mail server is configured: ask a system administrator."))
    if not by.email:
        raise ValidationError(_("Your account has no e-mail address: ask a security administrator."))
    recent = Notice.objects.of(by).filter(kind=TEST, created_at__gt=timezone.now() - timedelta(hours=1))
    if recent.count() >= TEST_MAILS_AN_HOUR:
        raise TooManyTestMailsError(_("Five test mails in one hour are enough: try again later."))
    notify(
        [by],
        TEST,
        subject=_("OpsLedger: test mail"),
        text=_("You asked for this mail at %(now)s. Mail from OpsLedger reaches you."),
        words={"now": timezone.now()},
        path=path,
        to_self=True,
    )
