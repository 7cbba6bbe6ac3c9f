"""The review of a change, its actions and the incidents it caused."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from changes.models import CausedIncident, ChangeRequest, ReviewAction
from changes.models.review import REVIEW_QUESTIONS


class ReviewForm(forms.Form):
    """One field a question, and what was learned in short."""

    def __init__(self, change: ChangeRequest, *args: Any, **kwargs: Any) -> None:
        given = {key: change.review_answers.get(key, "") for key, _question in REVIEW_QUESTIONS}
        super().__init__(*args, **kwargs, initial=given | {"summary": change.pir})
        for key, question in REVIEW_QUESTIONS:
            self.fields[key] = forms.CharField(
                label=question, required=False, widget=forms.Textarea(attrs={"rows": 2}), max_length=10_000
            )
        self.fields["summary"] = forms.CharField(
            label=_("What was learned"), widget=forms.Textarea(attrs={"rows": 3}), max_length=10_000
        )

    @property
    def answers(self) -> dict[str, str]:
        return {key: self.cleaned_data[key] for key, _question in REVIEW_QUESTIONS}


class ReviewActionForm(forms.ModelForm):
    owner = forms.ModelChoiceField(User.objects.filter(is_active=True), label=_("Who does it"))
    due_on = forms.DateField(label=_("To be done by"), widget=forms.DateInput(attrs={"type": "date"}))

    class Meta:
        model = ReviewAction
        fields = ["text", "owner", "due_on"]


class IncidentForm(forms.ModelForm):
    link = forms.URLField(label=_("Link"), required=False, assume_scheme="https")

    class Meta:
        model = CausedIncident
        fields = ["reference", "severity", "link", "note"]
        widgets = {"note": forms.Textarea(attrs={"rows": 2})}
