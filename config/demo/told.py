"""What the hospital's people were told: most of it is read, as after a working day; the last waits."""

from __future__ import annotations

from accounts.actions import choose_mail, mark_read
from accounts.models import Notice, User
from changes import notices
from changes.actions import remind
from config.demo import people

UNREAD = 6


def is_there() -> bool:
    return Notice.objects.filter(person__email__endswith=people.DOMAIN, read_at__isnull=False).exists()


def make() -> None:
    """The clock has struck, everybody has read all but the last few, and one likes fewer mails."""
    remind()
    for person in User.objects.filter(email__endswith=people.DOMAIN):
        unread = Notice.objects.of(person).unread().values_list("pk", flat=True)
        mark_read(list(unread[UNREAD:]), by=person)
    cast = people.cast()
    choose_mail(by=cast.engineer2, channels={notices.MOVED: "off", notices.DECIDED: "digest"}, digest_hour=7)
