"""Inspections over the API."""

from inspections.api.checklists import (
    ChecklistTemplateViewSet,
    PlanViewSet,
    TemplateItemViewSet,
    TemplateVersionViewSet,
)
from inspections.api.findings import FindingViewSet
from inspections.api.runs import RunViewSet

__all__ = [
    "ChecklistTemplateViewSet",
    "FindingViewSet",
    "PlanViewSet",
    "RunViewSet",
    "TemplateItemViewSet",
    "TemplateVersionViewSet",
]
