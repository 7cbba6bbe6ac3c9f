"""The approval of a standard template."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldBooleanWidget

from changes.actions import reasons_against_approving
from changes.models import (
    StandardTemplate,
)


class ApproveTemplateForm(BaseDialogForm):
    """The dialog of an approval. Its box carries the reasons against it: Unfold draws no other errors."""

    is_read = forms.BooleanField(
        label=_("I have read this version."), widget=UnfoldBooleanWidget, required=True
    )

    def clean_is_read(self) -> bool:
        template = StandardTemplate.objects.get(pk=self.object_id)
        refusals = reasons_against_approving(template, self.request.user)
        if refusals:
            raise forms.ValidationError([f"{refusal.message} {refusal.fix}" for refusal in refusals])
        return True
