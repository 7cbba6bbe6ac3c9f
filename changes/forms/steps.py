"""The dialogs of steps and votes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from changes.forms.fields import MomentField
from changes.models import (
    ChangeRequest,
    Vote,
)
from changes.models.request import IncidentPriority
from changes.risk import QUESTIONS
from changes.workflow import Step


class StepForm(forms.Form):
    """The dialog of one step: its inputs as the table names them, and a comment."""

    def __init__(self, step: Step, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("prefix", step.event)
        super().__init__(*args, **kwargs)
        self.step = step
        for asked in step.inputs:
            if asked.kind == "risk":
                for question in QUESTIONS:
                    self.fields[f"risk.{question.key}"] = forms.ChoiceField(
                        label=question.label,
                        choices=[("", "—"), *((key, words) for key, words, _level in question.answers)],
                        required=asked.is_required,
                    )
            else:
                self.fields[asked.name] = _field_for(asked)
        self.fields["comment"] = forms.CharField(
            label=_("Comment"), required=step.needs_comment, widget=forms.Textarea(attrs={"rows": 3})
        )

    @property
    def data_for_step(self) -> dict[str, Any]:
        """What `take_step` wants as `data`."""
        given = {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}
        data = {asked.name: given[asked.name] for asked in self.step.inputs if asked.name in given}
        if any(asked.kind == "risk" for asked in self.step.inputs):
            data["risk_answers"] = {
                name.removeprefix("risk."): value for name, value in given.items() if name.startswith("risk.")
            }
        return {
            name: value.pk
            if isinstance(value, User)
            else value.isoformat()
            if hasattr(value, "isoformat")
            else value
            for name, value in data.items()
        }


def _field_for(asked: Any) -> forms.Field:
    common = {"label": asked.label, "required": asked.is_required}
    if asked.kind == "longtext":
        return forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), **common)
    if asked.kind == "bool":
        return forms.BooleanField(**common)
    if asked.kind == "datetime":
        return MomentField(**common)
    if asked.kind == "user":
        return forms.ModelChoiceField(User.objects.filter(is_active=True), **common)
    if asked.kind == "choice":
        labels = dict([*ChangeRequest._meta.get_field("outcome").choices, *IncidentPriority.choices])
        return forms.ChoiceField(
            choices=[
                *([] if asked.is_required else [("", "—")]),
                *((value, labels.get(value, value)) for value in asked.choices),
            ],
            **common,
        )
    return forms.CharField(**common)


class VoteForm(forms.Form):
    """One vote; turning a change down needs a reason."""

    seat = forms.IntegerField(widget=forms.HiddenInput)
    choice = forms.ChoiceField(label=_("Vote"), choices=Vote.Choice.choices)
    comment = forms.CharField(label=_("Comment"), required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("choice") == Vote.Choice.REJECT and not cleaned.get("comment", "").strip():
            self.add_error("comment", _("Say why you reject the change, so that it can be mended."))
        return cleaned
