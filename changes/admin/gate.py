"""Stops of the line and keys of calendar addresses: read here, made on their own pages."""

from django.contrib import admin

from audit.recorded.admin import ReadOnly, RecordedAdmin
from changes.models import FeedKey, StoppedLine


@admin.register(StoppedLine)
class StoppedLineAdmin(ReadOnly, RecordedAdmin):
    list_display = ["__str__", "reason", "stopped_by", "stopped_at", "released_by", "released_at"]
    list_select_related = ["service__type", "stopped_by", "released_by"]
    search_fields = ["reason", "release_reason"]


@admin.register(FeedKey)
class FeedKeyAdmin(ReadOnly, RecordedAdmin):
    list_display = ["user", "number", "is_revoked"]
    list_select_related = ["user"]
    search_fields = ["user__username"]
