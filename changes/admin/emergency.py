"""Who is on duty, and what was agreed in reviews."""

from django.contrib import admin

from audit.recorded.admin import RecordedAdmin
from changes.models import DutySpell, ReviewAction


@admin.register(DutySpell)
class DutySpellAdmin(RecordedAdmin):
    """Who is on duty for a board is seated when an emergency is called."""

    list_display = ["board", "person", "starts_at", "ends_at", "note"]
    list_filter = ["board"]
    list_select_related = ["board", "person"]
    autocomplete_fields = ["person"]
    search_fields = ["person__username", "note"]


@admin.register(ReviewAction)
class ReviewActionAdmin(RecordedAdmin):
    list_display = ["text", "change", "owner", "due_on", "done_at"]
    list_filter = ["due_on"]
    list_select_related = ["change", "owner"]
    raw_id_fields = ["change"]
    autocomplete_fields = ["owner", "agreed_by", "done_by"]
    search_fields = ["text", "change__number", "owner__username"]
