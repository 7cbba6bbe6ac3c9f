"""Everything the inspections app stores."""

from inspections.models.answers import Amendment, Answer, Signature
from inspections.models.calendars import CalendarDay, WorkCalendar
from inspections.models.findings import Finding, FindingEvent
from inspections.models.overrides import ThresholdOverride
from inspections.models.plans import InspectionPlan
from inspections.models.runs import InspectionRun, RunTarget
from inspections.models.shifts import RosterEntry, Shift
from inspections.models.templates import ChecklistTemplate, TemplateItem, TemplateVersion

__all__ = [
    "Amendment",
    "Answer",
    "CalendarDay",
    "ChecklistTemplate",
    "Finding",
    "FindingEvent",
    "InspectionPlan",
    "InspectionRun",
    "RosterEntry",
    "RunTarget",
    "Shift",
    "Signature",
    "TemplateItem",
    "TemplateVersion",
    "ThresholdOverride",
    "WorkCalendar",
]
