"""Findings and what happened to them; written on the pages of inspections only."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display

from audit.recorded.admin import ReadOnly, RecordedAdmin
from inspections.models import Finding, FindingEvent, FindingPolicy
from inspections.workflow import FindingState

FINDING_COLOURS = {FindingState.OPEN: "danger", FindingState.VERIFIED: "success", FindingState.FIXED: "info"}


class EventInline(ReadOnly, TabularInline):
    model = FindingEvent
    fields = ["kind", "source_state", "target_state", "by", "comment", "at"]
    readonly_fields = ["at"]
    extra = 0


@admin.register(Finding)
class FindingAdmin(ReadOnly, RecordedAdmin):
    list_display = [
        "number",
        "label",
        "ci",
        "severity",
        "shown_state",
        "count",
        "opened_at",
        "due_at",
        "owner",
    ]
    list_filter = ["state", "severity"]
    list_select_related = ["ci", "owner"]
    search_fields = ["number", "label", "label_zh", "ci__name"]
    inlines = [EventInline]

    @display(description=_("state"), ordering="state", label=FINDING_COLOURS)
    def shown_state(self, finding):
        return finding.state, finding.get_state_display()


@admin.register(FindingEvent)
class FindingEventAdmin(ReadOnly, RecordedAdmin):
    list_display = ["finding", "kind", "source_state", "target_state", "by", "at"]
    list_select_related = ["finding", "by"]
    search_fields = ["finding__number"]


@admin.register(FindingPolicy)
class FindingPolicyAdmin(RecordedAdmin):
    """Two rows, one for each severity: edited, never added."""

    list_display = ["severity", "response_minutes", "fix_minutes", "calendar", "escalate_to_team"]
    list_select_related = ["calendar", "escalate_to_team"]
    readonly_fields = ["severity"]

    def has_add_permission(self, request):
        return False
