"""The rows of a plan."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from changes.forms.fields import AddressField
from changes.models import (
    Assignment,
    Criterion,
    PlanStage,
    PlanTask,
    RollbackStep,
    TestCase,
)


class ItemForm(forms.Form):
    item = AddressField(label=_("Configuration item"), help_text=_("As type:name, for example host:db01."))


class OperationForm(forms.Form):
    """One field of one item, from what stands there now to what shall stand there."""

    item = AddressField(label=_("Configuration item"), help_text=_("As type:name, for example host:db01."))
    field = forms.CharField(
        label=_("Field"), max_length=120, help_text=_("A column such as serial, or attributes.os.")
    )
    field.widget.attrs |= {"list": "fields-known", "autocomplete": "off"}
    after = forms.CharField(label=_("New value"), required=False)


class PersonForm(forms.ModelForm):
    class Meta:
        model = Assignment
        fields = ["role", "user"]


class StageForm(forms.ModelForm):
    class Meta:
        model = PlanStage
        fields = ["position", "label", "share_percent", "is_point_of_no_return"]


class TaskForm(forms.ModelForm):
    class Meta:
        model = PlanTask
        fields = ["phase", "stage", "position", "label", "is_dual"]


class RollbackStepForm(forms.ModelForm):
    class Meta:
        model = RollbackStep
        fields = ["position", "label"]


class CriterionForm(forms.ModelForm):
    class Meta:
        model = Criterion
        fields = ["position", "metric", "comparison", "threshold", "unit", "observation_minutes"]


class TestCaseForm(forms.ModelForm):
    __test__ = False  # pytest: not a test class

    class Meta:
        model = TestCase
        fields = ["position", "label", "steps", "expected"]
        widgets = {"steps": forms.Textarea(attrs={"rows": 2}), "expected": forms.Textarea(attrs={"rows": 2})}
