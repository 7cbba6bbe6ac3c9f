"""What a requester fills in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from changes.forms.fields import AddressField, MomentField
from changes.models import (
    ChangeRequest,
)

LONG = (
    "reason", "description", "test_plan", "rollback_trigger", "rollback_rehearsal", "freeze_override",
)  # fmt: skip


class ApplicationForm(forms.ModelForm):
    """What a requester fills in; the plan's rows are added afterwards, one by one."""

    service = AddressField(
        label=_("Service"), required=False, help_text=_("As type:name, for example service:his.")
    )
    window_start = MomentField(label=_("Wanted from"), required=False)
    window_end = MomentField(label=_("Wanted until"), required=False)

    class Meta:
        model = ChangeRequest
        fields = [
            "kind", "title", "reason", "description", "service", "owner", "downtime_minutes", "test_plan",
            "rollback_trigger", "rollback_minutes", "rollback_owner", "rollback_rehearsal", "template",
            "incident_ref", "incident_priority", "freeze_override",
        ]  # fmt: skip
        widgets = {name: forms.Textarea(attrs={"rows": 3}) for name in LONG}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["service"] = self.instance.service
            if window := self.instance.window:
                # Browsers show minutes: a window with seconds must not move because its page was saved.
                ends = {"window_start": window.lower, "window_end": window.upper}
                self.initial |= {
                    name: at and at.replace(second=0, microsecond=0) for name, at in ends.items()
                }
        people = User.objects.filter(is_active=True)
        self.fields["owner"].queryset = self.fields["rollback_owner"].queryset = people

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        start, end = cleaned.get("window_start"), cleaned.get("window_end")
        if bool(start) != bool(end):
            self.add_error(
                "window_end" if start else "window_start", _("A window needs both its start and its end.")
            )
        elif start and end <= start:
            self.add_error("window_end", _("The window must end after it starts."))
        return cleaned

    def _post_clean(self) -> None:
        """The instance is written by an action; only its own field rules are asked here."""

    @property
    def plan_fields(self) -> dict[str, Any]:
        """What `create_change` and `edit_change` take."""
        fields = {name: self.cleaned_data[name] for name in self.Meta.fields if name != "kind"}
        for name in LONG:
            fields[name] = fields[name].replace("\r\n", "\n")  # browsers send both; the record keeps one
        start, end = self.cleaned_data.get("window_start"), self.cleaned_data.get("window_end")
        fields["window"] = DateTimeTZRange(start, end, "[)") if start else None
        return fields

    @property
    def edited_fields(self) -> dict[str, Any]:
        """The plan fields that differ from what stands, so that saving the page as it is edits nothing."""
        fields = self.plan_fields
        if not {"window_start", "window_end"} & set(self.changed_data):
            del fields["window"]
        return {name: value for name, value in fields.items() if getattr(self.instance, name) != value}
