"""The parameters of a template as rows, and the values of a change that become parameters."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from changes.actions import Gap
from cmdb.models import CIType

KINDS = [
    ("text", _("text")),
    ("number", pgettext_lazy("kind of parameter", "number")),
    ("choice", _("choice")),
    ("item", _("item")),
]
SHOWN = ("kind", "label", "label_zh", "help", "min", "max", "max_length", "types")


def _whole(value: float | None) -> float | int | None:
    return int(value) if value is not None and value == int(value) else value


class ParameterForm(forms.Form):
    """One parameter; the bounds that its kind does not know stay empty."""

    name = forms.RegexField(
        r"^[a-z0-9_-]{1,40}$", label=_("Name"), help_text=_("Letters, digits, - and _; {name} stands for it.")
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=KINDS, initial="text")
    label = forms.CharField(label=_("Label"), max_length=120, required=False)
    label_zh = forms.CharField(label=_("Label in Chinese"), max_length=120, required=False)
    is_required = forms.BooleanField(label=_("required"), required=False, initial=True)
    help = forms.CharField(label=_("Help"), max_length=200, required=False)
    min = forms.FloatField(label=_("At least"), required=False)
    max = forms.FloatField(label=_("At most"), required=False)
    max_length = forms.IntegerField(label=_("Longest text"), min_value=1, max_value=200, required=False)
    choices = forms.CharField(
        label=_("Choices"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("One a line."),
    )
    types = forms.MultipleChoiceField(label=_("Types of the item"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["types"].choices = [(each.key, str(each)) for each in CIType.objects.order_by("key")]
        self.fields["types"].widget.attrs["size"] = 3

    @staticmethod
    def initial_of(name: str, about: dict[str, Any]) -> dict[str, Any]:
        """What the row shows of a stored parameter."""
        known = {key: about[key] for key in SHOWN if key in about}
        lines = "\n".join(str(each) for each in about.get("choices", []))
        return {"name": name, "is_required": bool(about.get("required")), "choices": lines, **known}

    @property
    def about(self) -> dict[str, Any]:
        """The parameter as a template keeps it."""
        given = self.cleaned_data
        kind = given["kind"]
        choices = [line.strip() for line in given["choices"].splitlines() if line.strip()]
        more = {
            "number": {"min": _whole(given["min"]), "max": _whole(given["max"])},
            "text": {"max_length": given["max_length"]},
            "choice": {"choices": choices},
            "item": {"types": given["types"] or None},
        }[kind]
        said = {name: given[name] for name in ("label", "label_zh", "help") if given[name]}
        kept = {name: value for name, value in more.items() if value is not None}
        return {"kind": kind, "required": given["is_required"], **said, **kept}


class ParameterRows(forms.BaseFormSet):
    """Every parameter of a template, by name once."""

    def clean(self) -> None:
        names = [form.cleaned_data.get("name") for form in self.kept if form.is_valid()]
        if len(set(names)) < len(names):
            raise ValidationError(_("Two parameters have the same name."))

    @property
    def kept(self) -> list[ParameterForm]:
        return [
            form
            for form in self.forms
            if form not in self.deleted_forms and (form.has_changed() or form.initial)
        ]

    @property
    def parameters(self) -> dict[str, Any]:
        return {form.cleaned_data["name"]: form.about for form in self.kept}


ParameterFormSet = forms.formset_factory(ParameterForm, formset=ParameterRows, extra=2, can_delete=True)


class GapForm(forms.Form):
    """One value of the plan of a change: whether it varies, and the parameter that takes its place."""

    is_parameter = forms.BooleanField(label=_("varies"), required=False)
    name = forms.RegexField(r"^[a-z0-9_-]{1,40}$", label=_("Name"), required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=KINDS)
    label = forms.CharField(label=_("Label"), max_length=120, required=False)
    label_zh = forms.CharField(label=_("Label in Chinese"), max_length=120, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("is_parameter") and not cleaned.get("name") and "name" not in self.errors:
            self.add_error("name", _("Name the parameter."))
        return cleaned

    def gap(self, value: Any) -> Gap | None:
        """The parameter in the place of the value; None where it stays as it is."""
        given = self.cleaned_data
        if not given["is_parameter"]:
            return None
        return Gap(value, given["name"], given["kind"], given["label"], given["label_zh"])


GapFormSet = forms.formset_factory(GapForm, extra=0)
