"""Why OpsLedger itself writes: as history stores it, in English; readers see it in their own language."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from audit.recorded.differences import as_reason

# Check lists, plans, the rota and calendars.
STARTERS = as_reason(gettext_noop("starter check lists"))
IMPORTED = as_reason(gettext_noop("imported from a file"))
AFTER_CHANGE = as_reason(gettext_noop("Inspection after a change"))
ROTA_FILLED = as_reason(gettext_noop("Rota filled in turn"))
ROTA_LOADED = as_reason(gettext_noop("Rota loaded from a file"))
DUTY_REMOVED = as_reason(gettext_noop("Duty taken out of the rota"))
CALENDAR_LOADED = as_reason(gettext_noop("Days of the work calendar loaded"))
# Runs, and what their answers say of the CMDB.
ARRIVED_LATER = as_reason(gettext_noop("done in time, arrived later"))
VERIFIED = as_reason(gettext_noop("verified by inspection %(run)s"))
CORRECTED = as_reason(gettext_noop("inspection %(run)s: %(item)s"))
# Findings.
LINKED = as_reason(gettext_noop("linked to %(change)s"))
# Reports.
ORDERED = as_reason(gettext_noop("order report"))
ISSUED = as_reason(gettext_noop("issue report"))
SENT = as_reason(gettext_noop("send report"))
SENT_NOW = as_reason(gettext_noop("send report now"))
SCHEDULE_EDITED = as_reason(gettext_noop("edit report schedule"))
SCHEDULE_ENABLED = as_reason(gettext_noop("enable report schedule"))
