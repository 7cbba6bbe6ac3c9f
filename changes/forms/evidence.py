"""Test runs and measured values."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from changes.models import ChangeRequest, CriterionResult, TestCase, TestRun


class ManyFiles(forms.FileField):
    """Any number of files, each checked; the widget sends them together."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=SeveralInput(attrs={"multiple": True}), **kwargs)

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        sent = data if isinstance(data, list | tuple) else [data]
        return [super(ManyFiles, self).clean(each, initial) for each in sent if each]


class SeveralInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class TestRunForm(forms.ModelForm):
    """A run: a result and a note for each planned case, what was tried beside them, files."""

    extra_cases = forms.CharField(
        label=_("Tried beside the plan"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_('One case a line. Begin the line of a failed case with "-".'),
    )
    uploads = ManyFiles(
        label=_("Files"), required=False, help_text=_("Logs, screenshots, reports; at most 20 MB each.")
    )

    __test__ = False  # pytest: not a test class

    class Meta:
        model = TestRun
        fields = ["purpose", "environment", "measured_minutes", "note"]
        widgets = {"note": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, change: ChangeRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.planned = list(change.test_cases.all())
        for case in self.planned:
            self.fields[f"result_{case.pk}"] = forms.ChoiceField(
                label=case.label, required=False, widget=forms.RadioSelect, choices=TestRun.Result.choices
            )
            self.fields[f"note_{case.pk}"] = forms.CharField(label=_("Note"), required=False, max_length=500)
        self.fields["purpose"].help_text = _("A rehearsal tries the way back and is measured in minutes.")

    @property
    def case_rows(self) -> list[tuple[TestCase, forms.BoundField, forms.BoundField]]:
        """Each planned case with its two fields."""
        return [(case, self[f"result_{case.pk}"], self[f"note_{case.pk}"]) for case in self.planned]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        is_test = cleaned.get("purpose") == TestRun.Purpose.TEST
        if is_test and self.planned and not any(cleaned.get(f"result_{case.pk}") for case in self.planned):
            self.add_error(None, _("Say of each planned case whether it passed."))
        if cleaned.get("purpose") == TestRun.Purpose.REHEARSAL and cleaned.get("measured_minutes") is None:
            self.add_error("measured_minutes", _("Say how many minutes the way back took."))
        return cleaned

    @property
    def run_fields(self) -> dict[str, Any]:
        """What `record_test_run` takes."""
        given = self.cleaned_data
        planned = [
            {"case": case.pk, "result": given[f"result_{case.pk}"], "note": given[f"note_{case.pk}"]}
            for case in self.planned
            if given[f"result_{case.pk}"]
        ]
        lines = [line.strip() for line in given["extra_cases"].splitlines() if line.strip("- \t")]
        beside = [
            {"name": line.removeprefix("-").strip(), "result": "failed" if line.startswith("-") else "passed"}
            for line in lines
        ]
        cases = [*planned, *beside]
        return {
            **{name: given[name] for name in self.Meta.fields},
            "uploads": given["uploads"],
            "cases": cases,
            "has_passed": all(case["result"] == "passed" for case in cases),
        }


class MeasurementForm(forms.ModelForm):
    class Meta:
        model = CriterionResult
        fields = ["value", "source", "evidence"]
        widgets = {"evidence": forms.Textarea(attrs={"rows": 2})}
