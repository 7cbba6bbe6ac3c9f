"""The pages of inspections."""

from inspections.views.amendments import amend, amendment_list, amendment_page
from inspections.views.board import board
from inspections.views.figures import figures, figures_export
from inspections.views.finding_list import finding_export, finding_list
from inspections.views.finding_page import finding_file, finding_page
from inspections.views.heat import heat_map
from inspections.views.labels import label
from inspections.views.machines import alert_list, match, reading_list, sources
from inspections.views.phone import manifest, phone, worker
from inspections.views.photos import photo
from inspections.views.report_ledger import check, issue_file, issue_page, reports
from inspections.views.report_schedules import (
    report_schedule,
    report_schedule_edit,
    report_schedules,
)
from inspections.views.reports import order_page, period_file, period_page, report, run_file
from inspections.views.review import sign_offs, verify
from inspections.views.runs import run_page
from inspections.views.trend import trend_export, trend_page

__all__ = [
    "alert_list",
    "amend",
    "amendment_list",
    "amendment_page",
    "board",
    "check",
    "figures",
    "figures_export",
    "finding_export",
    "finding_file",
    "finding_list",
    "finding_page",
    "heat_map",
    "issue_file",
    "issue_page",
    "label",
    "manifest",
    "match",
    "order_page",
    "period_file",
    "period_page",
    "phone",
    "photo",
    "reading_list",
    "report",
    "report_schedule",
    "report_schedule_edit",
    "report_schedules",
    "reports",
    "run_file",
    "run_page",
    "sign_offs",
    "sources",
    "trend_export",
    "trend_page",
    "verify",
    "worker",
]
