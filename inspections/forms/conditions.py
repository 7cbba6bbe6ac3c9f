"""A filter of configuration items (cmdb's `matching`) as fields instead of as text."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Team
from cmdb.attributes import from_text
from cmdb.models import CIAttribute, CIType, Criticality, Environment

#: The conditions that have a field of their own; any other one of a stored filter is kept as it is.
FIELDS = {
    "type": "types", "type__in": "types", "environment": "environments", "environment__in": "environments",
    "criticality__gte": "criticality_from", "owner_team": "team", "name__icontains": "name_part",
}  # fmt: skip


class ConditionForm(forms.Form):
    """Which configuration items: each field narrows; nothing filled in means all."""

    types = forms.MultipleChoiceField(
        label=_("Types"), required=False, help_text=_("Types below them included.")
    )
    environments = forms.MultipleChoiceField(
        label=_("Environments"),
        required=False,
        choices=Environment.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    criticality_from = forms.TypedChoiceField(
        label=_("Criticality at least"), required=False, coerce=int, empty_value=None,
        choices=[("", "—"), *Criticality.choices],
    )  # fmt: skip
    team = forms.ModelChoiceField(
        Team.objects.all(), label=_("Owner team"), required=False, to_field_name="key", empty_label="—"
    )
    name_part = forms.CharField(label=_("Name contains"), required=False, max_length=80)
    attribute = forms.ChoiceField(label=_("Attribute"), required=False)
    attribute_is = forms.CharField(label=_("is"), required=False, max_length=200)

    def __init__(self, *args: Any, conditions: dict[str, Any] | None = None, **kwargs: Any) -> None:
        self.given = conditions or {}
        attribute = next((key for key in self.given if is_plain_attribute(key, self.given[key])), "")
        initial = {FIELDS[key]: value for key, value in self.given.items() if key in FIELDS}
        for name in ("types", "environments"):
            value = initial.get(name, [])
            initial[name] = [value] if isinstance(value, str) else value
        if attribute:
            value = self.given[attribute]
            initial |= {"attribute": attribute.removeprefix("attributes.")}
            initial |= {"attribute_is": ("yes" if value else "no") if isinstance(value, bool) else str(value)}
        self.kept = {key: v for key, v in self.given.items() if key not in FIELDS and key != attribute}
        super().__init__(*args, initial=initial, **kwargs)
        self.fields["types"].choices = [
            (each.key, f"{each} ({each.key})") for each in CIType.objects.order_by("key")
        ]
        self.fields["attribute"].choices = [("", "—"), *attribute_choices()]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if bool(cleaned.get("attribute")) != bool(cleaned.get("attribute_is")):
            self.add_error("attribute_is", _("An attribute needs the value it is compared with."))
        return cleaned

    @property
    def conditions(self) -> dict[str, Any]:
        """The filter that the fields stand for, with the conditions that have no field."""
        given = self.cleaned_data
        found = dict(self.kept)
        for name, key in (("types", "type"), ("environments", "environment")):
            if given[name]:
                found[key if len(given[name]) == 1 else f"{key}__in"] = (
                    given[name][0] if len(given[name]) == 1 else given[name]
                )
        for name, key in (("criticality_from", "criticality__gte"), ("name_part", "name__icontains")):
            if given[name]:
                found[key] = given[name]
        if given["team"]:
            found["owner_team"] = given["team"].key
        if given["attribute"]:
            spec = CIAttribute.objects.filter(key=given["attribute"]).order_by("id").first()
            value = from_text({"kind": spec.kind, "choices": spec.choices}, given["attribute_is"])
            found[f"attributes.{given['attribute']}"] = value
        return found


def attribute_choices() -> list[tuple[str, str]]:
    """The key of every attribute with what people call it, in the order of the latter. One query."""
    named: dict[str, str] = {}
    for each in CIAttribute.objects.order_by("key", "id"):
        named.setdefault(each.key, f"{each} ({each.key})")
    return sorted(named.items(), key=lambda pair: pair[1].casefold())


def is_plain_attribute(key: str, value: Any) -> bool:
    """True for "attributes.os" with a single value, which the form has fields for."""
    return key.startswith("attributes.") and "__" not in key and isinstance(value, str | int | float | bool)
