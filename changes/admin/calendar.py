"""Freezes."""

from django.contrib import admin

from audit.recorded.admin import RecordedAdmin
from changes.models import (
    FreezeWindow,
)


@admin.register(FreezeWindow)
class FreezeWindowAdmin(RecordedAdmin):
    list_display = ["label", "window", "is_hard", "type", "environment", "owner_team", "is_active"]
    list_filter = ["is_hard", "is_active", "environment"]
    list_select_related = ["type", "owner_team"]
    search_fields = ["label", "label_zh", "reason"]
    raw_id_fields = ["item"]
    autocomplete_fields = ["owner_team"]
