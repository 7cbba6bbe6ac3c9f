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
# Findings.
FINDING_OWNED = _kind("finding_owned", _("A finding was given to you"))
FINDING_SOON = _kind("finding_soon", _("A deadline of a finding is near"))
FINDING_BREACH = _kind("finding_breach", _("A deadline of a finding has passed"), urgent=True)
FINDING_ESCALATED = _kind(
    "finding_escalated", _("A finding is long overdue (for who has to look after it)"), urgent=True
)
FINDING_FIXED = _kind("finding_fixed", _("A fix waits for somebody's re-check"), mail=DIGEST)
FINDING_DRAFTED = _kind("finding_drafted", _("A change was drafted in your name from a finding"))
# Sign-off.
AMENDMENT_PROPOSED = _kind("amendment_proposed", _("An amendment waits for a decision"))
AMENDMENT_DECIDED = _kind("amendment_decided", _("Your amendment was decided"))
RETURNED = _kind("returned", _("An inspection was returned to you"))

# Asked for by the state of a finding: settled as soon as somebody moves it on.
FINDING_WAITING = (FINDING_OWNED, FINDING_SOON, FINDING_BREACH, FINDING_ESCALATED)

# Reports.
REPORT = _kind("report", _("A report that is sent to you regularly"))
REPORT_READY = _kind("report_ready", _("A report that you ordered is ready"))
REPORT_FAILED = _kind("report_failed", _("A report could not be made or sent"), urgent=True)
# Rounds and the people who make them.
OPENING = _kind("opening", _("An inspection of yours opens"), mail=DIGEST)
DUE = _kind("due", _("An inspection of yours is due and not handed in"))
MISSED = _kind("missed", _("An inspection of yours was missed"))
ESCALATED = _kind("escalated", _("A round of a plan that you look after was missed"), urgent=True)
REASSIGNED = _kind("reassigned", _("An inspection is handed over to you, or given back to your team"))
ROTA = _kind("rota", _("Your duty in the rota was changed"))
PLAN_TROUBLE = _kind("plan_trouble", _("A plan that you look after cannot make its runs"), urgent=True)
CALENDAR_GAP = _kind("calendar_gap", _("A work calendar does not know the holidays ahead"))
