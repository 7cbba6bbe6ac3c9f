"""Photos, and the operations that phones sent; both read only."""

from django.contrib import admin
from unfold.admin import ModelAdmin

from audit.recorded.admin import ReadOnly, RecordedAdmin
from inspections.models import Evidence, SyncOp


@admin.register(Evidence)
class EvidenceAdmin(ReadOnly, RecordedAdmin):
    list_display = ["run", "target", "item", "taken_by", "captured_at", "withdrawn_by"]
    list_select_related = ["run", "target", "item", "taken_by", "withdrawn_by"]
    search_fields = ["run__number", "name"]


@admin.register(SyncOp)
class SyncOpAdmin(ReadOnly, ModelAdmin):
    list_display = ["received_at", "user", "run", "kind", "status", "device"]
    list_filter = ["kind", "status"]
    list_select_related = ["user", "run"]
    search_fields = ["key", "run__number", "device"]
