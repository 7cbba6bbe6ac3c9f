"""The kinds of things that people are told about. Each app declares its own; a person chooses per kind."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Channel(TextChoices):
    """How a notice reaches a person beside the bell, which always rings."""

    NOW = "now", pgettext_lazy("mail", "at once")
    DIGEST = "digest", pgettext_lazy("mail", "once a day")
    OFF = "off", pgettext_lazy("mail", "no mail")


@dataclass(frozen=True)
class NoticeKind:
    """One kind of event. `is_urgent`: it waits for an answer, so its mail cannot be switched off."""

    key: str
    label: str | Promise
    default_mail: str = Channel.NOW.value
    group: str | Promise = ""
    is_urgent: bool = False

    @property
    def channels(self) -> list[Channel]:
        """What a person may choose for it."""
        return [channel for channel in Channel if not (self.is_urgent and channel == Channel.OFF)]

    def channel_for(self, chosen: str | None) -> str:
        """How it is mailed to a person who chose this (None: nothing)."""
        channel = chosen if chosen in Channel.values else self.default_mail
        return Channel.DIGEST.value if self.is_urgent and channel == Channel.OFF else channel


KINDS: dict[str, NoticeKind] = {}


def declare(*kinds: NoticeKind) -> None:
    """People can be told of these kinds. Raises ValueError for a key that stands for something else."""
    for kind in kinds:
        if KINDS.setdefault(kind.key, kind) != kind:
            raise ValueError(f"The kind of notice {kind.key} is declared twice.")


def kinds_to_choose() -> list[NoticeKind]:
    """Every kind that people choose a channel for."""
    return [kind for kind in KINDS.values() if kind.key != TEST]


TEST = "account.test"
declare(NoticeKind(TEST, _("A test mail that you asked for"), group=_("Account")))
