"""Test runs and measured values."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from changes.models import (
    CriterionResult,
    TestRun,
)


class TestRunForm(forms.ModelForm):
    """A run of the test plan; one line a case, a line that starts with "-" failed."""

    case_lines = forms.CharField(
        label=_("Cases"),
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_('One case a line. Begin the line of a failed case with "-".'),
    )

    __test__ = False  # pytest: not a test class

    class Meta:
        model = TestRun
        fields = ["purpose", "environment", "note"]
        widgets = {"note": forms.Textarea(attrs={"rows": 2})}

    @property
    def cases(self) -> list[dict[str, Any]]:
        lines = [line.strip() for line in self.cleaned_data["case_lines"].splitlines() if line.strip()]
        return [
            {"name": line.removeprefix("-").strip(), "passed": not line.startswith("-"), "note": ""}
            for line in lines
        ]


class MeasurementForm(forms.ModelForm):
    class Meta:
        model = CriterionResult
        fields = ["value", "source", "evidence"]
        widgets = {"evidence": forms.Textarea(attrs={"rows": 2})}
