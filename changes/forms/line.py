"""Stopping the line, and letting it run again."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from changes.models import ChangeRequest
from cmdb.models import ConfigurationItem


class StopForm(forms.Form):
    """Why, and for what: everything, or one service with what it needs."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)
    service = forms.ModelChoiceField(
        ConfigurationItem.objects.none(),
        required=False,
        label=_("Service"),
        empty_label=_("Everything"),
        help_text=_("A service stops with everything it needs."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        named = ChangeRequest.objects.exclude(service=None).order_by().values("service")
        self.fields["service"].queryset = ConfigurationItem.objects.filter(pk__in=named).order_by("name")
        self.fields["service"].label_from_instance = lambda item: item.name


class ReleaseForm(forms.Form):
    """Why it may run again."""

    reason = forms.CharField(
        label=_("Why it may run again"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000
    )
