"""Everything the inspections app stores."""

from inspections.models.answers import Amendment, Answer, Signature
from inspections.models.calendars import CalendarDay, WorkCalendar
from inspections.models.corrections import CorrectionProposal
from inspections.models.evidence import Evidence, SyncOp
from inspections.models.findings import Finding, FindingEvent
from inspections.models.handovers import RunHandover
from inspections.models.overrides import ThresholdOverride
from inspections.models.plans import InspectionPlan, PlanMember
from inspections.models.policies import FindingPolicy
from inspections.models.readings import Alert, MachineReading, ReadingSource
from inspections.models.reports import (
    ReportIssue,
    ReportOrder,
    ReportRecipient,
    ReportSchedule,
    ReportSending,
)
from inspections.models.runs import InspectionRun, RunTarget
from inspections.models.shifts import RosterEntry, Shift
from inspections.models.templates import ChecklistTemplate, TemplateItem, TemplateVersion

__all__ = [
    "Alert",
    "Amendment",
    "Answer",
    "CalendarDay",
    "ChecklistTemplate",
    "CorrectionProposal",
    "Evidence",
    "Finding",
    "FindingEvent",
    "FindingPolicy",
    "InspectionPlan",
    "InspectionRun",
    "MachineReading",
    "PlanMember",
    "ReadingSource",
    "ReportIssue",
    "ReportOrder",
    "ReportRecipient",
    "ReportSchedule",
    "ReportSending",
    "RosterEntry",
    "RunHandover",
    "RunTarget",
    "Shift",
    "Signature",
    "SyncOp",
    "TemplateItem",
    "TemplateVersion",
    "ThresholdOverride",
    "WorkCalendar",
]
