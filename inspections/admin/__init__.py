"""Inspections in the administration: one module per noun."""

from inspections.admin import calendars, checklists, findings, plans, runs

__all__ = ["calendars", "checklists", "findings", "plans", "runs"]
