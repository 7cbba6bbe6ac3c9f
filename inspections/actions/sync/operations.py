"""One operation of a phone as data: what it asks for, what it is known by, what becomes of it."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from inspections.clock import DeviceTime, corrected
from inspections.models import InspectionRun

LARGEST_ID = 2**63 - 1
LONGEST_TEXT = 10_000
LONGEST_DWELL_SECONDS = 86_400


@dataclass(frozen=True)
class Operation:
    """One thing that a person did, frozen on the phone when it was done; `sent_at` is of this attempt."""

    key: uuid.UUID
    kind: str
    run: str
    made_at: datetime
    sent_at: datetime
    device: str = ""
    payload: dict[str, Any] = field(default_factory=dict)
    photo: bytes | None = None

    @property
    def sha256(self) -> str:
        """What makes two operations the same: everything but the time of sending."""
        photo = hashlib.sha256(self.photo).hexdigest() if self.photo is not None else None
        said = [self.kind, self.run, self.made_at.isoformat(), self.device, self.payload, photo]
        return hashlib.sha256(json.dumps(said, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Outcome:
    """The answer to an operation: HTTP status and body; `is_replayed` if it had been answered before."""

    status: int
    body: dict[str, Any]
    is_replayed: bool = False


@dataclass(frozen=True)
class Deed:
    """An operation about to be carried out: on which run, and when it was done in the server's time."""

    operation: Operation
    run: InspectionRun
    at: DeviceTime
    received_at: datetime

    @property
    def key(self) -> uuid.UUID:
        return self.operation.key

    @property
    def payload(self) -> dict[str, Any]:
        return self.operation.payload

    def device_time(self, said: str) -> datetime:
        """Another moment by the device's clock, in the server's time; when it was done if nothing is said.

        Raises ValidationError if it is no instant.
        """
        if not said:
            return self.at.observed_at
        try:
            moment = datetime.fromisoformat(said)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise unfit(_("“%(value)s” is no instant with a time zone.") % {"value": said[:40]})
        sent = self.operation.sent_at
        return corrected(moment, sent, self.received_at, not_before=self.run.created_at).observed_at


class ConflictError(Exception):
    """The phone did not know the present state; `body` carries it."""

    def __init__(self, message: str, body: dict[str, Any]) -> None:
        self.body = body
        super().__init__(message)


def unfit(message: str, code: str = "invalid") -> ValidationError:
    """What is wrong with an operation that can never be carried out."""
    return ValidationError(message, code)


def number_in(payload: dict[str, Any], name: str, *, largest: int = LARGEST_ID) -> int:
    """A whole number of the payload. Raises ValidationError if it is none."""
    value = payload.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= largest:
        raise unfit(_("“%(name)s” must be a whole number.") % {"name": name})
    return value


def optional_number_in(payload: dict[str, Any], name: str, *, largest: int = LARGEST_ID) -> int | None:
    """A whole number of the payload, or None where it is absent or null."""
    return None if payload.get(name) is None else number_in(payload, name, largest=largest)


def text_in(payload: dict[str, Any], name: str) -> str:
    """A text of the payload; a number is taken as typed. Raises ValidationError if it is neither."""
    value = payload.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise unfit(_("“%(name)s” must be a text.") % {"name": name})
    if len(text := str(value)) > LONGEST_TEXT:
        raise unfit(_("“%(name)s” is too long.") % {"name": name})
    return text


def flag_in(payload: dict[str, Any], name: str) -> bool:
    """A yes or no of the payload; absent is no."""
    value = payload.get(name)
    if value is not None and not isinstance(value, bool):
        raise unfit(_("“%(name)s” must be true or false.") % {"name": name})
    return bool(value)


def dwell_in(payload: dict[str, Any]) -> int | None:
    """Seconds on the card, at most a day."""
    seconds = optional_number_in(payload, "dwell_seconds")
    return None if seconds is None else min(seconds, LONGEST_DWELL_SECONDS)
