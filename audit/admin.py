"""What happened that changed no row: read only."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from audit.models import SecurityEvent
from audit.recorded.admin import ReadOnly


@admin.register(SecurityEvent)
class SecurityEventAdmin(ReadOnly, ModelAdmin):
    list_display = ["at", "kind", "actor", "target", "address", "path"]
    list_filter = ["kind", "at"]
    search_fields = ["actor", "target", "address", "request_id"]
    search_help_text = _("actor, target, address or request id")
    date_hierarchy = "at"
    list_per_page = 25
    show_full_result_count = False
