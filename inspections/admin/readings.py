"""Where readings come from; what came is shown on the pages of inspections too."""

from django.contrib import admin
from unfold.admin import ModelAdmin

from audit.recorded.admin import ReadOnly, RecordedAdmin
from inspections.admin.checklists import WebAddresses
from inspections.forms.readings import ReadingSourceForm
from inspections.models import Alert, MachineReading, ReadingSource


@admin.register(ReadingSource)
class ReadingSourceAdmin(WebAddresses, RecordedAdmin):
    form = ReadingSourceForm
    fields = [
        "key", "label", "label_zh", "kind", "account", "url", "credentials_variable", "credentials",
        "item_labels", "is_enabled", "last_seen_at", "last_error", "last_error_at",
    ]  # fmt: skip
    list_display = ["key", "label", "kind", "account", "is_enabled", "last_seen_at", "last_error_at"]
    list_filter = ["kind", "is_enabled"]
    list_select_related = ["account"]
    search_fields = ["key", "label", "label_zh"]
    raw_id_fields = ["account"]
    readonly_fields = ["last_seen_at", "last_error", "last_error_at"]


@admin.register(MachineReading)
class MachineReadingAdmin(ReadOnly, ModelAdmin):
    list_display = ["ci", "metric", "value", "unit", "problem", "source", "observed_at", "received_at"]
    list_filter = ["source"]
    list_select_related = ["ci", "source"]
    list_per_page = 25
    show_full_result_count = False
    search_fields = ["metric", "ci__name"]


@admin.register(Alert)
class AlertAdmin(WebAddresses, ReadOnly, RecordedAdmin):
    list_display = ["name", "ci", "severity", "status", "starts_at", "ends_at", "source"]
    list_filter = ["status", "severity", "source"]
    list_select_related = ["ci", "source"]
    search_fields = ["name", "ci__name"]
