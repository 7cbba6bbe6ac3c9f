"""Inspections in the administration: one module per noun."""

from inspections.admin import checklists, findings, plans, runs

__all__ = ["checklists", "findings", "plans", "runs"]
