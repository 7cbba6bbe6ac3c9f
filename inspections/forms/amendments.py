"""The forms of amendments."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from inspections.models import Answer
from inspections.sheet import choices_of


class AmendmentForm(forms.Form):
    """What the answer should have been; the kind of the item decides how the value is entered."""

    value = forms.CharField(label=_("What it should have been"), required=False, max_length=4000)
    is_na = forms.BooleanField(label=_("Not applicable"), required=False)
    comment = forms.CharField(
        label=_("Comment of the answer"), required=False, max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Why it is amended"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, answer: Answer, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        item = answer.item
        self.fields["comment"].initial = answer.comment
        if options := choices_of(item):
            self.fields["value"] = forms.ChoiceField(
                label=self.fields["value"].label, required=False,
                choices=[("", "—"), *((value, label) for value, label, _severity in options)],
            )  # fmt: skip
        elif item.kind in (item.Kind.NUMBER, item.Kind.MACHINE):
            self.fields["value"].widget.attrs |= {"inputmode": "decimal"}
            self.fields["value"].help_text = item.unit
        if not item.is_na_allowed:
            del self.fields["is_na"]


class DecisionForm(forms.Form):
    """Approved, refused or withdrawn, and why."""

    decision = forms.ChoiceField(
        choices=[("approve", _("Approve")), ("refuse", _("Refuse")), ("withdraw", _("Withdraw"))]
    )
    comment = forms.CharField(
        label=_("Why so"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
