"""Sources of readings: the form, which asks for credentials again before they go to another address."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminPasswordWidget

from inspections.actions.sources import prove_credentials


class ReadingSourceForm(forms.ModelForm):
    """A source, of the fields that the admin names; `credentials` is compared and never kept."""

    credentials = forms.CharField(
        label=_("Credentials"), required=False, strip=True, max_length=4000,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}),
        help_text=_("What the variable holds; asked for when the address or the variable is another one."),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        prove_credentials(
            self.instance, url=given.get("url", ""), variable=given.get("credentials_variable", ""),
            entered=given.pop("credentials", ""),
        )  # fmt: skip
        return given
