"""Inspections in the administration: one module per noun."""

from inspections.admin import calendars, checklists, evidence, findings, plans, readings, runs

__all__ = ["calendars", "checklists", "evidence", "findings", "plans", "readings", "runs"]
