"""Raising a change from a template, and writing a template."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.html import escape
from django.utils.translation import gettext_lazy as _

from accounts.labelled import in_active_language
from accounts.models import Team, User
from changes.forms.fields import AddressField, MomentField
from changes.guards.template import label_of
from changes.models import StandardTemplate
from cmdb.models import CIType, ConfigurationItem, Environment


class AddressesField(forms.CharField):
    """Configuration items, one a line, as type:name."""

    widget = forms.Textarea(attrs={"rows": 2, "placeholder": "host:db01"})

    def to_python(self, value: Any) -> list[ConfigurationItem]:
        one = AddressField()
        return [one.to_python(line) for line in super().to_python(value).splitlines() if line.strip()]


class RaiseForm(forms.Form):
    """The items, the window, the people and a field for each parameter of the template."""

    items = AddressesField(label=_("Items"), help_text=_("One a line, as type:name, for example host:db01."))
    window_start = MomentField(label=_("From"))
    window_end = MomentField(label=_("Until"))
    implementer = forms.ModelChoiceField(User.objects.none(), label=_("Implementer"))
    verifier = forms.ModelChoiceField(User.objects.none(), label=_("Verifier"))

    def __init__(self, template: StandardTemplate, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.template = template
        people = User.objects.filter(is_active=True)
        self.fields["implementer"].queryset = self.fields["verifier"].queryset = people
        for name, about in template.parameters.items():
            self.fields[f"param.{name}"] = _parameter_field(name, about)

    @property
    def parameter_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith("param.")]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        start, end = cleaned.get("window_start"), cleaned.get("window_end")
        if start and end and end <= start:
            self.add_error("window_end", _("The window must end after it starts."))
        if cleaned.get("implementer") and cleaned.get("implementer") == cleaned.get("verifier"):
            self.add_error("verifier", _("Implementer and verifier are two people."))
        return cleaned

    @property
    def raise_fields(self) -> dict[str, Any]:
        """What `raise_from_template` takes."""
        given = self.cleaned_data
        values = {
            name.removeprefix("param."): value.pk if isinstance(value, ConfigurationItem) else value
            for name, value in given.items()
            if name.startswith("param.") and value not in (None, "")
        }
        return {
            "items": given["items"],
            "parameters": values,
            "window": DateTimeTZRange(given["window_start"], given["window_end"], "[)"),
            "people": {"implementer": [given["implementer"]], "verifier": [given["verifier"]]},
        }


def _parameter_field(name: str, about: dict[str, Any]) -> forms.Field:
    common = {
        "label": label_of(name, about),
        "required": bool(about.get("required")),
        "help_text": escape(in_active_language(about.get("help", ""), about.get("help_zh", ""))),
    }
    kind = about.get("kind", "text")
    if kind == "number":
        bounds = [about.get("min"), about.get("max")]
        whole = all(each is None or isinstance(each, int) for each in bounds)
        shape = forms.IntegerField if whole else forms.FloatField
        return shape(min_value=bounds[0], max_value=bounds[1], **common)
    if kind == "choice":
        choices = [("", "—"), *((str(each), str(each)) for each in about.get("choices", []))]
        return forms.ChoiceField(choices=choices, **common)
    if kind == "item":
        return AddressField(**common)
    return forms.CharField(max_length=about.get("max_length", 200), **common)


class TemplateForm(forms.ModelForm):
    """A draft of a template: its words, its scope, its rules; the plan with gaps as text."""

    scope_types = forms.MultipleChoiceField(label=_("Types in scope"))
    scope_environments = forms.MultipleChoiceField(
        label=_("Environments in scope"), required=False, choices=Environment.choices,
        help_text=_("None chosen: every one."),
    )  # fmt: skip
    criticality_max = forms.TypedChoiceField(
        label=_("Items up to criticality"), required=False, coerce=int, empty_value=None,
        choices=[("", _("any")), *((n, str(n)) for n in range(1, 5))],
    )  # fmt: skip
    owner_team = forms.ModelChoiceField(
        Team.objects.all(), label=_("Items of the team"), required=False, to_field_name="key"
    )
    name_prefix = forms.CharField(label=_("Items whose name begins with"), required=False, max_length=60)

    class Meta:
        model = StandardTemplate
        fields = [
            "label", "label_zh", "description", "scope_types", "scope_environments", "skeleton", "board",
            "approvals_needed", "suspend_after_failures", "suspend_within_days", "has_auto_verify",
        ]  # fmt: skip
        widgets = {
            "description": forms.Textarea(attrs={"rows": 2}),
            "skeleton": forms.Textarea(attrs={"rows": 24, "spellcheck": "false"}),
        }

    WORDS = ("label", "label_zh", "description")
    SCOPE = ("scope_types", "scope_environments", "criticality_max", "owner_team", "name_prefix")
    RULES = ("board", "approvals_needed", "suspend_after_failures", "suspend_within_days", "has_auto_verify")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scope_types"].choices = [
            (each.key, str(each)) for each in CIType.objects.order_by("key")
        ]
        for name in ("criticality_max", "owner_team", "name_prefix"):
            self.initial.setdefault(name, self.instance.scope_filter.get(name))
        self.fields["skeleton"].encoder = _Readable
        self.fields["skeleton"].help_text = _(
            "title, reason, description, stages, operations, tasks, criteria, rollback_steps, test_cases; "
            "{name} where a parameter goes, {items} for the names of the items."
        )

    @property
    def words(self) -> list[forms.BoundField]:
        return [self[name] for name in self.WORDS]

    @property
    def scope(self) -> list[forms.BoundField]:
        return [self[name] for name in self.SCOPE]

    @property
    def rules(self) -> list[forms.BoundField]:
        return [self[name] for name in self.RULES]

    @property
    def content(self) -> dict[str, Any]:
        """What `edit_template` takes, but for the parameters."""
        given = dict(self.cleaned_data)
        wanted = {name: given.pop(name) for name in ("criticality_max", "owner_team", "name_prefix")}
        if wanted["owner_team"]:
            wanted["owner_team"] = wanted["owner_team"].key
        return given | {"scope_filter": {name: value for name, value in wanted.items() if value}}

    def _post_clean(self) -> None:
        """The template is written by an action, which checks its content."""


class _Readable(json.JSONEncoder):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**(kwargs | {"indent": 2, "ensure_ascii": False}))
