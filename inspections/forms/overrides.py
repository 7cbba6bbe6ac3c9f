"""Asking for other thresholds on one CI."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cmdb.models import ConfigurationItem
from inspections.bounds import NUMERIC
from inspections.models import ChecklistTemplate, TemplateItem, ThresholdOverride


class OverrideForm(forms.ModelForm):
    """Which item of which check list, on which CI, what holds instead, until when and why."""

    item = forms.ChoiceField(label=_("Check item"))
    ci = forms.CharField(
        label=_("CI"), help_text=_("Its name as type:name, for example host:db01."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip

    class Meta:
        model = ThresholdOverride
        fields = [
            "crit_low",
            "warn_low",
            "warn_high",
            "crit_high",
            "valid_from_on",
            "valid_until_on",
            "reason",
        ]
        widgets = {
            "reason": forms.Textarea(attrs={"rows": 3}),
            "valid_from_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "valid_until_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            **{
                name: forms.TextInput(attrs={"inputmode": "decimal"})
                for name in ("crit_low", "warn_low", "warn_high", "crit_high")
            },
        }

    field_order = [
        "item",
        "ci",
        "crit_low",
        "warn_low",
        "warn_high",
        "crit_high",
        "valid_from_on",
        "valid_until_on",
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["item"].choices = [("", "—"), *numeric_items()]

    def clean_ci(self) -> ConfigurationItem:
        address = self.cleaned_data["ci"].strip().replace("\x00", "")
        try:
            return ConfigurationItem.objects.by_address(address)
        except ConfigurationItem.DoesNotExist:
            message = _("There is no item “%(address)s”. Write it as type:name, for example host:db01.")
            raise forms.ValidationError(message, params={"address": address}) from None

    def _post_clean(self) -> None:
        """The request takes the values; the action asks the model's rules."""
        for name, value in self.cleaned_data.items():
            if name == "item":
                key, _slash, self.instance.item_key = value.partition("/")
                self.instance.template = ChecklistTemplate.objects.get(key=key)
            else:
                setattr(self.instance, name, value)


def numeric_items() -> list[tuple[str, list[tuple[str, str]]]]:
    """The items with thresholds of every published check list, by check list. One statement."""
    rows = TemplateItem.objects.filter(kind__in=NUMERIC, version__state="published")
    grouped: dict[str, list[tuple[str, str]]] = {}
    for item in rows.select_related("version__template").order_by("version__template__key", "position", "id"):
        template = item.version.template
        grouped.setdefault(str(template), []).append((f"{template.key}/{item.key}", str(item)))
    return list(grouped.items())
