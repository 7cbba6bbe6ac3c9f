"""Sources of readings: to which address the credentials of the environment may go."""

from __future__ import annotations

import hmac
import os

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from audit.actions import record_refusal
from inspections.models import ReadingSource


def prove_credentials(source: ReadingSource, *, url: str, variable: str, entered: str) -> None:
    """Whoever names another address or variable knows what would be sent there.

    Who edits sources cannot read the environment, and must not have its secrets sent to a server of their
    own. Nothing that was entered is kept. Raises ValidationError, and records the refusal, where it is not
    what the variable holds, or the variable is not set here.
    """
    is_as_before = source.pk is not None and (url, variable) == (source.url, source.credentials_variable)
    if is_as_before or not variable:
        return
    held = os.environ.get(variable, "").strip()
    if held and hmac.compare_digest(held.encode(), entered.strip().encode(errors="replace")):
        return
    message = _("%(variable)s would be sent to another address: enter what it holds once more.")
    if not held:
        message = _("%(variable)s is not set here: set it, start OpsLedger again, then enter what it holds.")
    reasons = [{"code": "credentials", "message": message % {"variable": variable}}]
    record_refusal(
        "send credentials to another address", by=None, target=f"{source.key} {url}", reasons=reasons
    )
    raise ValidationError({"credentials": message % {"variable": variable}}, "credentials")
