"""Declaring a freeze."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext_lazy as _

from changes.forms.fields import AddressField, MomentField
from changes.models import FreezeWindow


class FreezeForm(forms.ModelForm):
    """A freeze with its window and scope; the model's own rules are asked by the form."""

    window_start = MomentField(label=_("From"))
    window_end = MomentField(label=_("Until"))
    service = AddressField(
        label=_("Service"), required=False,
        help_text=_("Covers the service and everything it depends on, through the graph."),
    )  # fmt: skip
    item = AddressField(label=_("Configuration item"), required=False)

    class Meta:
        model = FreezeWindow
        fields = [
            "label", "label_zh", "window_start", "window_end", "is_hard", "reason", "service", "item", "type",
            "environment", "owner_team", "criticality_from", "conditions",
        ]  # fmt: skip
        widgets = {"conditions": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        start, end = cleaned.get("window_start"), cleaned.get("window_end")
        if start and end:
            if end <= start:
                self.add_error("window_end", _("The window must end after it starts."))
            else:
                self.instance.window = DateTimeTZRange(start, end)
        return cleaned
