"""What people are told about inspections: one kind for each thing they may want by mail or not."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.notices import Channel, NoticeKind, declare

DIGEST = Channel.DIGEST.value


def _kind(name: str, label: str | Promise, *, mail: str = Channel.NOW.value, urgent: bool = False) -> str:
    key = f"inspections.{name}"
    declare(NoticeKind(key, label, mail, _("Inspections"), urgent))
    return key


# Check lists and thresholds.
OVERRIDE_ASKED = _kind("override_asked", _("Other thresholds are asked for"))
OVERRIDE_DECIDED = _kind("override_decided", _("Thresholds that you asked for were approved or refused"))
OVERRIDE_EXPIRES = _kind("override_expires", _("A threshold override runs out"))
CORRECTION = _kind("correction", _("An inspection proposes to correct the record of a CI"), mail=DIGEST)
