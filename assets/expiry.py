"""How a date of expiry stands on a day: the arithmetic of warranties, contracts and end of support."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

SOON_DAYS = 90


class ExpiryState(models.TextChoices):
    UNKNOWN = "unknown", _("no date recorded")
    CURRENT = "current", _("current")
    ENDING = "ending", _("ending soon")
    OVER = "over", _("expired")


@dataclass(frozen=True)
class Expiry:
    """Where a day stands before an expiry; the last day itself still counts as covered."""

    state: ExpiryState
    ends_on: datetime.date | None
    days_left: int | None

    @property
    def words(self) -> str:
        """The distance in words, for a badge."""
        if self.days_left is None:
            return str(self.state.label)
        if self.days_left < 0:
            days = -self.days_left
            return ngettext("expired %(days)d day ago", "expired %(days)d days ago", days) % {"days": days}
        if self.days_left == 0:
            return str(_("ends today"))
        return ngettext("ends in %(days)d day", "ends in %(days)d days", self.days_left) % {
            "days": self.days_left
        }


def expiry(
    ends_on: datetime.date | None, on: datetime.date | None = None, soon_days: int = SOON_DAYS
) -> Expiry:
    """How `ends_on` stands on the day `on` (today by default); a thing ending that day is not over yet."""
    if ends_on is None:
        return Expiry(ExpiryState.UNKNOWN, None, None)
    days_left = (ends_on - (on or timezone.localdate())).days
    if days_left < 0:
        return Expiry(ExpiryState.OVER, ends_on, days_left)
    state = ExpiryState.ENDING if days_left <= soon_days else ExpiryState.CURRENT
    return Expiry(state, ends_on, days_left)
