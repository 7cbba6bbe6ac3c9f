"""Freezes, maintenance windows, and what collisions weigh."""

from django.contrib import admin

from audit.recorded.admin import ReadOnly, RecordedAdmin
from changes.actions import declare_freeze
from changes.models import (
    CollisionAcknowledgement,
    CollisionRule,
    FreezeOverride,
    FreezeWindow,
    MaintenanceWindow,
)

SCOPE = ["item", "service", "type", "environment", "owner_team", "criticality_from", "conditions"]


@admin.register(FreezeWindow)
class FreezeWindowAdmin(RecordedAdmin):
    list_display = ["label", "window", "is_hard", "service", "type", "environment", "owner_team", "is_active"]
    list_filter = ["is_hard", "is_active", "environment"]
    list_select_related = ["type", "owner_team", "service"]
    search_fields = ["label", "label_zh", "reason"]
    raw_id_fields = ["item", "service"]
    autocomplete_fields = ["owner_team"]
    fields = ["label", "label_zh", "window", "is_hard", "reason", "is_active", *SCOPE]

    def save_model(self, request, obj, form, change):
        declare_freeze(obj, by=request.user)


@admin.register(MaintenanceWindow)
class MaintenanceWindowAdmin(RecordedAdmin):
    list_display = ["label", "rule", "time_zone", "starts_at", "duration_minutes", "service", "is_active"]
    list_filter = ["is_active", "time_zone"]
    list_select_related = ["service"]
    search_fields = ["label", "label_zh"]
    raw_id_fields = ["item", "service"]
    autocomplete_fields = ["owner_team"]


@admin.register(CollisionRule)
class CollisionRuleAdmin(RecordedAdmin):
    """One row for each kind there is; none is added or taken away."""

    list_display = ["kind", "is_hard", "depth"]
    readonly_fields = ["kind"]

    def has_add_permission(self, request):
        return False


@admin.register(CollisionAcknowledgement)
class CollisionAcknowledgementAdmin(ReadOnly, RecordedAdmin):
    list_display = ["at", "change", "other", "kind", "by", "is_override"]
    list_filter = ["kind", "is_override"]
    list_select_related = ["change", "other", "by"]
    search_fields = ["change__number", "other__number"]
    ordering = ["-id"]


@admin.register(FreezeOverride)
class FreezeOverrideAdmin(ReadOnly, RecordedAdmin):
    list_display = ["at", "change", "freeze", "by"]
    list_select_related = ["change", "freeze", "by"]
    search_fields = ["change__number", "freeze__label"]
    ordering = ["-id"]
