"""What happened that changed no row: read only."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from audit.models import SecurityEvent


@admin.register(SecurityEvent)
class SecurityEventAdmin(ModelAdmin):
    list_display = ["at", "kind", "actor", "target", "address", "path"]
    list_filter = ["kind", "at"]
    search_fields = ["actor", "target", "address", "request_id"]
    search_help_text = _("actor, target, address or request id")
    date_hierarchy = "at"
    list_per_page = 25
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: SecurityEvent | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: SecurityEvent | None = None) -> bool:
        return False
