"""What is asked before past changes are imported: the file, and which column is what."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from changes.imports.mapping import CELLS, NEEDED, UNKNOWN, change_mappings, load_change_mapping
from cmdb.models import CIType

ENCODINGS = ("", "utf-8", "gbk", "utf-16", "latin-1")
LABELS = {
    "key": _("Key"),
    "kind": _("Kind"),
    "title": _("Title"),
    "description": _("Description"),
    "reason": _("Reason"),
    "start": _("Start"),
    "end": _("End"),
    "created": pgettext_lazy("time", "Created"),
    "severity": _("Severity"),
    "outcome": _("Outcome"),
    "requested_by": _("Requested by"),
}
UNKNOWN_WORDS = {
    "refuse": _("an error"),
    "warn": _("a warning, without a link"),
    "create": _("created as a retired item"),
}


class UploadForm(forms.Form):
    """The file, and a mapping that is there or one to be made."""

    file = forms.FileField(label=_("File"), help_text=_("CSV, up to 20 MB. Excel saves it as “CSV UTF-8”."))
    map = forms.ChoiceField(
        label=_("Mapping"),
        required=False,
        help_text=_("A mapping says what the columns mean. Without one you say it in the next step."),
    )
    encoding = forms.ChoiceField(label=_("Encoding"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(name, load_change_mapping(name).title) for name in change_mappings()]
        self.fields["map"].choices = [("", _("made in the next step")), *named]
        usual = _("as the mapping says, or UTF-8")
        self.fields["encoding"].choices = [(name, name or usual) for name in ENCODINGS]
        self.fields["file"].widget.attrs["accept"] = ".csv,text/csv,text/plain"


class MappingForm(forms.Form):
    """Which column of the file is what."""

    source = forms.CharField(label=_("Name of the other system"), max_length=80)

    def __init__(self, columns: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        options = [("", "—"), *((name, name) for name in columns)]
        for name in CELLS:
            wanted = name in NEEDED
            self.fields[name] = forms.ChoiceField(label=LABELS[name], choices=options, required=wanted)
        self.fields["items"] = forms.ChoiceField(label=_("Items"), choices=options, required=False)
        types = [
            ("", _("the cells say type:name")),
            *((t.key, str(t)) for t in CIType.objects.filter(is_abstract=False)),
        ]
        self.fields["type"] = forms.ChoiceField(label=_("Type of the items"), choices=types, required=False)
        self.fields["split"] = forms.CharField(
            label=_("Separator between items"), max_length=3, required=False, initial=";"
        )
        words = [(key, UNKNOWN_WORDS[key]) for key in UNKNOWN]
        self.fields["unknown"] = forms.ChoiceField(label=_("An unknown item is"), choices=words)
        self.fields["dates"] = forms.CharField(
            label=_("Form of the dates"),
            required=False,
            max_length=40,
            help_text=_("As %%d/%%m/%%Y %%H:%%M; not needed for 2026-11-30 08:00 and the like.") % (),
        )
        self.fields["zone"] = forms.CharField(label=_("Time zone"), max_length=60, initial="Asia/Shanghai")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("items") and cleaned.get("unknown") == "create" and not cleaned.get("type"):
            self.add_error("type", _("Items that are created need a type."))
        return cleaned
