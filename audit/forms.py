"""What an auditor asks: filters of the record, and the choice of an export."""

from __future__ import annotations

from typing import Any

from django import forms
from django.apps import apps
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit import hooks
from audit.models import SecurityEvent
from audit.recorded.history import recorded_models

DEEDS = [
    ("", _("All")),
    ("+", pgettext_lazy("deed", "created")),
    ("~", pgettext_lazy("deed", "changed")),
    ("-", pgettext_lazy("deed", "deleted")),
]
FORMATS = [("jsonl", _("JSON lines, for programs")), ("csv", _("CSV, for a spreadsheet"))]


class MomentField(forms.DateTimeField):
    def __init__(self, label: Any, **more: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(label=label, widget=widget, **more)


class PeriodForm(forms.Form):
    """A span of time, its end not included."""

    since = MomentField(pgettext_lazy("time", "From"), required=False)
    until = MomentField(_("Until (not included)"), required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        since, until = data.get("since"), data.get("until")
        if since and until and since >= until:
            self.add_error("until", _("The end lies before the beginning."))
        return data


class HistoryFilter(PeriodForm):
    """Narrows the list of what happened."""

    model = forms.ChoiceField(label=_("Kind of record"), required=False)
    object = forms.IntegerField(label=_("Number of the record"), required=False, min_value=1)
    person = forms.CharField(label=pgettext_lazy("who did it", "Person"), required=False, max_length=150)
    deed = forms.ChoiceField(label=_("Deed"), required=False, choices=DEEDS)
    change = forms.CharField(label=_("Change"), required=False, max_length=40)
    reason = forms.CharField(label=_("Reason contains"), required=False, max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["model"].choices = [("", _("All")), *model_choices()]
        self.fields["change"].widget.attrs["placeholder"] = "CHG-000123"

    def clean_change(self) -> int | None:
        number = self.cleaned_data["change"].strip()
        if not number:
            return None
        found = hooks.change_by_number(number)
        if found is None:
            raise ValidationError(_("There is no change %(number)s."), params={"number": number})
        return found

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("object") and not data.get("model"):
            self.add_error("model", _("Say of which kind the record with this number is."))
        return data


class EventFilter(PeriodForm):
    """Narrows the list of security events."""

    kind = forms.ChoiceField(label=_("Kind"), required=False)
    person = forms.CharField(label=pgettext_lazy("who did it", "Person"), required=False, max_length=150)
    target = forms.CharField(label=_("Target contains"), required=False, max_length=200)
    address = forms.CharField(label=pgettext_lazy("network", "Address"), required=False, max_length=64)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [("", _("All")), *SecurityEvent.Kind.choices]


class ExportForm(PeriodForm):
    """What to take away; no kinds means all."""

    models = forms.MultipleChoiceField(
        label=_("Kinds of record"), required=False, help_text=_("None chosen: all of them."),
        widget=forms.SelectMultiple(attrs={"size": 12}),
    )  # fmt: skip
    format = forms.ChoiceField(label=_("Format"), choices=FORMATS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["since"].required = True
        self.fields["models"].choices = model_choices()


def model_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Every recorded model under its app, in the reader's language."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for model in recorded_models():
        app = str(apps.get_app_config(model._meta.app_label).verbose_name)
        groups.setdefault(app, []).append((model._meta.label_lower, capfirst(model._meta.verbose_name)))
    return [(app, sorted(models, key=lambda each: each[1])) for app, models in groups.items()]
