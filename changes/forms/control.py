"""What is asked where a refused write becomes a change."""

from django import forms
from django.utils.translation import gettext_lazy as _


class PlanInsteadForm(forms.Form):
    """The item and the difference stand already."""

    title = forms.CharField(label=_("Title"), max_length=200)
    reason = forms.CharField(
        label=_("Reason"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Why it must be done, and what happens if not."),
    )
