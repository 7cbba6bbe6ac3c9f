"""Changes and their events: read here, worked on their own page."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from audit.recorded.admin import ReadOnly, RecordedAdmin
from audit.recorded.differences import deed_in_words
from changes.models import (
    ChangeEvent,
    ChangeRequest,
)

STATE_COLOURS = {
    "approving": "warning", "scheduled": "success", "implementing": "warning", "rolling_back": "danger",
    "rolled_back": "danger", "ratifying": "warning", "rejected": "danger", "closed": "success",
    "assessing": "info", "testing": "info", "verifying": "info", "reviewing": "info",
    "draft": "primary", "withdrawn": "primary", "cancelled": "primary",
}  # fmt: skip


@admin.register(ChangeRequest)
class ChangeRequestAdmin(ReadOnly, RecordedAdmin):
    """The list and the record; steps, votes and the plan are on the change's own page."""

    list_display = ["number_link", "title", "kind", "state_badge", "risk", "service", "requester"]
    list_display_links = None
    list_filter = ["state", "kind", "risk", "on_hold"]
    list_select_related = ["service", "requester"]
    search_fields = ["number", "title"]
    ordering = ["-id"]

    @display(description=_("number"), ordering="id")
    def number_link(self, change):
        return format_html(
            '<a href="{}">{}</a>', reverse("changes:change", args=[change.number]), change.number
        )

    @display(description=_("state"), label=STATE_COLOURS, ordering="state")
    def state_badge(self, change):
        return change.state, change.get_state_display()


@admin.register(ChangeEvent)
class ChangeEventAdmin(ReadOnly, RecordedAdmin):
    list_display = ["happened_at", "change", "step", "source", "target", "actor"]
    list_filter = ["event"]
    list_select_related = ["change", "actor"]
    search_fields = ["change__number"]
    ordering = ["-id"]

    @display(description=_("step"), ordering="event")
    def step(self, event):
        return deed_in_words(event.event)
