"""When something was done by a device whose clock nobody set.

The device says when it was done and, with every sending, what time it has now. The difference to the server's
clock at receipt is its skew, and corrects the first: a clock that is a year off does no harm as long as it
runs evenly. What cannot be true all the same (before the run existed, or after it was sent: the clock was set
in between) counts as of its receipt, which favours nobody; the raw values stay, and the record shows both.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

TOLERANCE = timedelta(seconds=5)
LARGEST_SKEW = timedelta(days=365 * 60)  # from 1970, where a flat battery leaves a clock, and then some
WORTH_SHOWING = timedelta(minutes=5)


@dataclass(frozen=True)
class DeviceTime:
    """A moment as the record keeps it: `observed_at` counts, the rest says how it was found."""

    observed_at: datetime
    device_at: datetime
    clock_skew_seconds: int
    device: str = ""


def corrected(
    made_at: datetime, sent_at: datetime, received_at: datetime, *, not_before: datetime, device: str = ""
) -> DeviceTime:
    """The moment `made_at`, in the server's time; never later than its receipt.

    `made_at` and `sent_at` are by the device's clock. Raises OverflowError if that is off by lifetimes.
    """
    skew = received_at - sent_at
    if abs(skew) > LARGEST_SKEW or abs(received_at - made_at) > LARGEST_SKEW:
        raise OverflowError
    seconds = round(skew.total_seconds())
    observed = made_at + timedelta(seconds=seconds)
    if observed > received_at + TOLERANCE or observed < not_before - TOLERANCE:
        observed = received_at
    return DeviceTime(min(observed, received_at), made_at, seconds, device)


def is_doubted(observed_at: datetime, device_at: datetime | None, skew_seconds: int | None) -> bool:
    """Whether the device's time could not be true, and the receipt counts in its place."""
    if device_at is None or skew_seconds is None:
        return False
    return abs(device_at + timedelta(seconds=skew_seconds) - observed_at) > TOLERANCE
