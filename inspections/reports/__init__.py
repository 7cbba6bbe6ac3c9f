"""Reports of inspections: built as plain records, drawn as page, PDF and spreadsheet."""

from inspections.reports.period import Period, period_report
from inspections.reports.run import run_report
from inspections.reports.shape import LONG, Report

__all__ = ["LONG", "Period", "Report", "period_report", "run_report"]
