"""Fields that several forms of changes share."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cmdb.models import ConfigurationItem


class MomentField(forms.DateTimeField):
    """A date and time as phones and browsers offer it, in the reader's zone."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class AddressField(forms.CharField):
    """A configuration item written as type:name."""

    widget = forms.TextInput(attrs={"list": "items-found", "data-item-search": "", "autocomplete": "off"})

    def to_python(self, value: Any) -> ConfigurationItem | None:
        address = super().to_python(value).strip().replace("\x00", "�")
        if not address:
            return None
        try:
            return ConfigurationItem.objects.by_address(address)
        except (ConfigurationItem.DoesNotExist, ValueError):
            raise forms.ValidationError(
                _('There is no item "%(address)s". Write it as type:name, for example host:db01.'),
                params={"address": address},
            ) from None

    def prepare_value(self, value: Any) -> Any:
        return value.address if isinstance(value, ConfigurationItem) else value
