"""The forms of inspections: one module per noun."""

from inspections.forms.conditions import ConditionForm
from inspections.forms.dialogs import PlanForm, PublishForm, ReasonForm
from inspections.forms.overrides import OverrideForm
from inspections.forms.periods import FiguresForm, HeatForm, PeriodForm
from inspections.forms.templates import ChecklistForm, ChoiceFormSet, ItemForm, UploadForm

__all__ = [
    "ChecklistForm",
    "ChoiceFormSet",
    "ConditionForm",
    "FiguresForm",
    "HeatForm",
    "ItemForm",
    "OverrideForm",
    "PeriodForm",
    "PlanForm",
    "PublishForm",
    "ReasonForm",
    "UploadForm",
]
