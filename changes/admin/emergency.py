"""Who is on duty, and what was agreed in reviews."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from audit.recorded.admin import RecordedAdmin
from changes.models import DutySpell, ReviewAction


class DutyForm(forms.ModelForm):
    """Duty is given by somebody else, as a seat is; PostgreSQL says the same."""

    request: Any = None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.instance.pk and {"board", "person"} & set(self.changed_data):
            raise forms.ValidationError(
                _("A spell of duty stays with its person and board: end it and give another.")
            )
        if self.request is not None and cleaned.get("person") == self.request.user and self.changed_data:
            raise forms.ValidationError(
                _("Nobody puts themselves on duty for a board: another manager does.")
            )
        return cleaned


@admin.register(DutySpell)
class DutySpellAdmin(RecordedAdmin):
    """Who is on duty for a board is seated when an emergency is called."""

    list_display = ["board", "person", "starts_at", "ends_at", "note"]
    list_filter = ["board"]
    list_select_related = ["board", "person"]
    autocomplete_fields = ["person"]
    search_fields = ["person__username", "note"]
    form = DutyForm

    def get_form(self, request, obj=None, change=False, **kwargs):
        return type("DutyForm", (super().get_form(request, obj, change, **kwargs),), {"request": request})


@admin.register(ReviewAction)
class ReviewActionAdmin(RecordedAdmin):
    list_display = ["text", "change", "owner", "due_on", "done_at"]
    list_filter = ["due_on"]
    list_select_related = ["change", "owner"]
    raw_id_fields = ["change"]
    autocomplete_fields = ["owner", "agreed_by", "done_by"]
    search_fields = ["text", "change__number", "owner__username"]
