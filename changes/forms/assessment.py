"""What the assessor judges by hand, and what owners answer."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from changes.forms.fields import AddressField
from changes.forms.steps import risk_fields
from changes.models import Consultation

EFFECTS = (
    ("down", _("goes down")),
    ("degraded", _("loses redundancy")),
    ("informed", _("works, and should know")),
)


class VetoForm(forms.Form):
    """One item that is not affected, with the reason."""

    item = AddressField(label=_("Configuration item"))
    reason = forms.CharField(
        label=_("Why it is not affected"),
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("For example: it reads from its own replica."),
    )


class AffectedForm(forms.Form):
    """One item that is affected although no relation says so."""

    item = AddressField(label=_("Configuration item"), help_text=_("As type:name, for example host:db01."))
    effect = forms.ChoiceField(label=_("Effect"), choices=EFFECTS)
    reason = forms.CharField(label=_("How"), required=False, max_length=500)


class AnswerForm(forms.Form):
    """A team's word on a change; an objection says why."""

    answer = forms.ChoiceField(choices=[("agreed", _("Agree")), ("objected", _("Object"))])
    comment = forms.CharField(
        label=_("Comment"), required=False, widget=forms.Textarea(attrs={"rows": 2}), max_length=4000
    )
    plan_hash = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        wanted = cleaned.get("answer") == Consultation.Answer.OBJECTED
        if wanted and not cleaned.get("comment", "").strip():
            self.add_error("comment", _("Say what is wrong, so that it can be mended."))
        return cleaned


class QuestionnaireForm(forms.Form):
    """The questionnaire as the assessor of a kind of change sees it, to be tried out."""

    def __init__(self, kind: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields |= risk_fields(kind)
