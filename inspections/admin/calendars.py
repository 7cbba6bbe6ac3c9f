"""Work calendars, shifts and the rota."""

from django.contrib import admin
from unfold.admin import TabularInline

from audit.recorded.admin import RecordedAdmin
from inspections.models import CalendarDay, RosterEntry, Shift, WorkCalendar


class CalendarDayInline(TabularInline):
    model = CalendarDay
    extra = 0
    fields = ["on", "kind", "label"]
    ordering = ["-on"]


@admin.register(WorkCalendar)
class WorkCalendarAdmin(RecordedAdmin):
    list_display = ["key", "label", "label_zh", "time_zone", "opens", "closes"]
    search_fields = ["key", "label", "label_zh"]
    inlines = [CalendarDayInline]


@admin.register(Shift)
class ShiftAdmin(RecordedAdmin):
    list_display = ["key", "label", "label_zh", "starts", "ends", "time_zone", "team", "has_deputy"]
    list_select_related = ["team"]
    search_fields = ["key", "label", "label_zh"]
    raw_id_fields = ["team"]


@admin.register(RosterEntry)
class RosterEntryAdmin(RecordedAdmin):
    list_display = ["on", "shift", "role", "user", "replaces", "reason"]
    list_select_related = ["shift", "user", "replaces"]
    list_filter = ["shift", "role"]
    date_hierarchy = "on"
    search_fields = ["user__username", "user__display_name", "reason"]
    raw_id_fields = ["user"]
    readonly_fields = ["replaces"]

    def get_readonly_fields(self, request, obj=None):
        return [*self.readonly_fields, *(["shift", "on", "role"] if obj else [])]
