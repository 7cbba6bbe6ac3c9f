"""The forms of inspections: one module per noun."""

from inspections.forms.conditions import ConditionForm
from inspections.forms.dialogs import PlanForm, PublishForm, ReasonForm
from inspections.forms.overrides import OverrideForm
from inspections.forms.periods import FiguresForm, HeatForm, PeriodForm
from inspections.forms.plans import PlanEditForm, ScopeForm
from inspections.forms.rota import FillForm
from inspections.forms.templates import ChecklistForm, ChoiceFormSet, ItemForm, UploadForm

__all__ = [
    "ChecklistForm",
    "ChoiceFormSet",
    "ConditionForm",
    "FiguresForm",
    "FillForm",
    "HeatForm",
    "ItemForm",
    "OverrideForm",
    "PeriodForm",
    "PlanEditForm",
    "PlanForm",
    "PublishForm",
    "ReasonForm",
    "ScopeForm",
    "UploadForm",
]
