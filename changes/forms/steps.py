"""The dialogs of steps and votes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.html import escape
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from changes.forms.fields import MomentField
from changes.models import (
    ChangeRequest,
    RiskQuestion,
    Vote,
)
from changes.models.request import IncidentPriority
from changes.workflow import Step


class StepForm(forms.Form):
    """The dialog of one step: its inputs as the table names them, and a comment."""

    def __init__(self, step: Step, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("prefix", step.event)
        super().__init__(*args, **kwargs)
        self.step = step
        for asked in step.inputs:
            if asked.kind == "risk":
                self.fields |= risk_fields(step.kinds[0], is_required=asked.is_required)
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


def risk_fields(kind: str, *, is_required: bool = False) -> dict[str, forms.Field]:
    """One field for each active question of the questionnaire. Two queries."""
    return {
        f"risk.{question.key}": forms.ChoiceField(
            label=str(question),
            help_text=escape(question.advice),
            choices=[
                ("", "—"),
                *((each.key, str(each)) for each in question.answers.all() if each.is_active),
            ],
            required=is_required,
        )
        for question in RiskQuestion.objects.asked_of(kind)
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
