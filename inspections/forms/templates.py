"""Check lists, their items and the files they come in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from inspections.forms.conditions import attribute_choices
from inspections.interchange import CHOICE_PARTS
from inspections.models import ChecklistTemplate, TemplateItem
from inspections.models.templates import BAD_CHOICES
from inspections.severity import Severity

WORDS = ["label", "label_zh", "section", "section_zh", "help_text", "help_text_zh", "runbook_url", "key"]
BOUNDS = ["unit", "decimals", "crit_low", "warn_low", "warn_high", "crit_high"]
EVIDENCE = ["comment_at", "photo_at"]
RULES = ["is_required", "is_na_allowed", "finding"]
READINGS = [
    "reading_source",
    "metric",
    "query",
    "max_age_minutes",
    "confirm",
    "bad_readings",
    "good_readings",
]
#: What can be set for an item of each kind, beside its words and rules.
BY_KIND = {
    "pass_fail": ["fail_severity", *EVIDENCE, "attribute"],
    "number": [*BOUNDS, *EVIDENCE, "attribute"],
    "choice": [*EVIDENCE, "attribute"],
    "text": ["attribute"],
    "photo": [],
    "machine": [*BOUNDS, *READINGS, *EVIDENCE, "attribute"],
}


class ChecklistForm(forms.ModelForm):
    """What a check list is called, and what it is for."""

    class Meta:
        model = ChecklistTemplate
        fields = ["label", "label_zh", "key", "description", "description_zh", "ci_type", "owner_team"]
        widgets = {name: forms.Textarea(attrs={"rows": 3}) for name in ("description", "description_zh")}
        help_texts = {
            "key": _("Stands in files and addresses, for example server-daily; it does not change.")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            del self.fields["key"]


class ItemForm(forms.ModelForm):
    """One item of a draft, with the settings of its kind only."""

    class Meta:
        model = TemplateItem
        fields = [*WORDS, *RULES, *BOUNDS, "fail_severity", *EVIDENCE, *READINGS, "attribute"]
        widgets = {
            "help_text": forms.Textarea(attrs={"rows": 2}),
            "help_text_zh": forms.Textarea(attrs={"rows": 2}),
            "query": forms.Textarea(attrs={"rows": 2}),
            "section": forms.TextInput(attrs={"list": "sections"}),
            "section_zh": forms.TextInput(attrs={"list": "sections-zh"}),
            **{name: forms.TextInput(attrs={"inputmode": "decimal"}) for name in BOUNDS[2:]},
        }

    runbook_url = forms.URLField(label=_("Runbook"), required=False, assume_scheme="https")
    row_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = self.instance.kind
        for name in set(self.Meta.fields) - {*WORDS, *RULES, *BY_KIND[kind]}:
            del self.fields[name]
        self.fields["key"].required = False
        self.fields["key"].help_text = _(
            "Made of the label where it is empty. Values of all versions are compared by it."
        )
        self.initial["row_version"] = self.instance.row_version if self.instance.pk else None
        if "attribute" in self.fields:
            self.fields["attribute"].widget = forms.Select(choices=verified_fields(self.instance.attribute))
        for name in BOUNDS[2:]:
            value = self.initial.get(name)
            if value is not None:
                self.initial[name] = f"{value.normalize():f}"
        if self.instance.pk and was_published(self.instance):
            self.fields["key"].disabled = True
            self.fields["key"].help_text = _("It stays the same: values of all versions are compared by it.")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "comment_at" not in self.fields:
            self.instance.comment_at = self.instance.photo_at = ""
        return cleaned

    def _post_clean(self) -> None:
        """The item takes the values; the action that saves it asks the model's rules, with its choices."""
        for name, value in self.cleaned_data.items():
            if name in self.Meta.fields and name in self.fields:
                setattr(self.instance, name, value)

    @property
    def parts(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """The fields under headings, for the page."""
        groups = [
            (_("What is checked"), WORDS),
            (_("Thresholds"), [*BOUNDS, "fail_severity"]),
            (_("Machine readings"), READINGS),
            (_("When it is bad"), [*EVIDENCE, "finding"]),
            (_("How it is asked"), ["is_required", "is_na_allowed", "attribute"]),
        ]
        found = [(title, [self[name] for name in names if name in self.fields]) for title, names in groups]
        return [(title, fields) for title, fields in found if fields]


def was_published(item: TemplateItem) -> bool:
    """True where another version of the check list has an item of this key."""
    others = TemplateItem.objects.filter(version__template=item.version.template_id, key=item.key)
    return others.exclude(version=item.version_id).exists()


def verified_fields(current: str = "") -> list[tuple[str, str]]:
    """The fields of CIs that an answer may verify, as people call them; the item's own even if it is gone."""
    found = [("serial", _("Serial number"))]
    found += [(f"attributes.{key}", label) for key, label in attribute_choices()]
    gone = [(current, current)] if current and current not in dict(found) else []
    return [("", "—"), *found, *gone]


class ChoiceForm(forms.Form):
    """One choice: what is stored, what is shown, and how bad it is."""

    value = forms.SlugField(label=_("Value"), required=False, max_length=60)
    label = forms.CharField(label=_("Label"), required=False, max_length=80)
    label_zh = forms.CharField(label=_("Label in Chinese"), required=False, max_length=80)
    severity = forms.ChoiceField(
        label=_("Severity"),
        required=False,
        choices=[("", "—"), (Severity.OK.value, Severity.OK.label), *BAD_CHOICES],
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if any(cleaned.get(name) for name in CHOICE_PARTS):
            for name in ("value", "severity"):
                if not cleaned.get(name) and name not in self.errors:
                    self.add_error(name, _("Fill this in, or empty the row."))
        return cleaned


class BaseChoiceFormSet(forms.BaseFormSet):
    """The choices of an item, one row each; an empty row is no choice."""

    @property
    def choices(self) -> list[dict[str, str]]:
        rows = [form.cleaned_data for form in self.forms]
        return [
            {name: row[name] for name in CHOICE_PARTS if row.get(name)} for row in rows if row.get("value")
        ]


ChoiceFormSet = forms.formset_factory(ChoiceForm, BaseChoiceFormSet, extra=3, max_num=30)


class UploadForm(forms.Form):
    """A check list as YAML or XLSX."""

    file = forms.FileField(
        label=_("File"), help_text=_("YAML or XLSX, as an export has it; at most 1 MB."),
        widget=forms.FileInput(attrs={"accept": ".yaml,.yml,.xlsx"}),
    )  # fmt: skip
