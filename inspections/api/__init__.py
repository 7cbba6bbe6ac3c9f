"""Inspections over the API."""

from inspections.api.alerts import AlertmanagerViewSet, AlertViewSet
from inspections.api.amendments import AmendmentViewSet
from inspections.api.calendars import (
    CalendarDayViewSet,
    RosterEntryViewSet,
    ShiftViewSet,
    WorkCalendarViewSet,
)
from inspections.api.checklists import (
    ChecklistTemplateViewSet,
    TemplateItemViewSet,
    TemplateVersionViewSet,
)
from inspections.api.corrections import CorrectionViewSet
from inspections.api.findings import FindingPolicyViewSet, FindingViewSet
from inspections.api.overrides import OverrideViewSet
from inspections.api.plans import PlanViewSet
from inspections.api.readings import ReadingSourceViewSet, ReadingViewSet
from inspections.api.reports import (
    PeriodReportView,
    ReportIssueViewSet,
    ReportOrderViewSet,
    RunReportView,
)
from inspections.api.runs import RunViewSet
from inspections.api.sync import BundleView, SyncView

__all__ = [
    "AlertViewSet",
    "AlertmanagerViewSet",
    "AmendmentViewSet",
    "BundleView",
    "CalendarDayViewSet",
    "ChecklistTemplateViewSet",
    "CorrectionViewSet",
    "FindingPolicyViewSet",
    "FindingViewSet",
    "OverrideViewSet",
    "PeriodReportView",
    "PlanViewSet",
    "ReadingSourceViewSet",
    "ReadingViewSet",
    "ReportIssueViewSet",
    "ReportOrderViewSet",
    "RosterEntryViewSet",
    "RunReportView",
    "RunViewSet",
    "ShiftViewSet",
    "SyncView",
    "TemplateItemViewSet",
    "TemplateVersionViewSet",
    "WorkCalendarViewSet",
]
