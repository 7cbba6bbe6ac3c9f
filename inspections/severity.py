"""How bad an answer is, and how a typed number becomes a Decimal.

The bounds themselves are applied by PostgreSQL (sql/severity_v1.sql): `value >= high` and `value <= low`
raise, so that 85 with a warning bound of 85 is a warning (the sense of Chinese check lists, not of Nagios).
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _


class Severity(models.TextChoices):
    """Ordered from harmless to urgent by `RANK`; `unknown` is never good."""

    OK = "ok", _("Normal")
    NA = "na", _("Not applicable")
    UNKNOWN = "unknown", _("Unknown")
    WARN = "warn", _("Warning")
    CRIT = "crit", _("Critical")


RANK: dict[str, int] = {"ok": 0, "na": 0, "unknown": 1, "warn": 2, "crit": 3}
BAD = (Severity.WARN, Severity.CRIT)
LARGEST = Decimal(10) ** 12


def parse_number(text: object, decimals: int) -> Decimal:
    """The finite Decimal that was typed; 85 and 85.0 are equal.

    Raises ValidationError if it is no number, NaN, infinite, too large, or finer than `decimals` places.
    """
    try:
        value = Decimal(str(text).strip())
    except InvalidOperation:
        raise ValidationError(_("“%(text)s” is not a number."), "number", {"text": str(text)[:40]}) from None
    if not value.is_finite():
        raise ValidationError(_("The number must be finite."), "number")
    if abs(value) >= LARGEST:
        raise ValidationError(_("The number is too large."), "number")
    if value != round(value, decimals):
        message = _("At most %(decimals)s decimal places are kept for this item.")
        raise ValidationError(message, "decimals", {"decimals": decimals})
    return value
