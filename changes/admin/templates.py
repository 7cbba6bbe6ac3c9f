"""Standard templates: read and found here; written, proposed and decided on pages of their own."""

from django.contrib import admin
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from audit.recorded.admin import ReadOnly, RecordedAdmin
from changes.models import StandardTemplate


@admin.register(StandardTemplate)
class StandardTemplateAdmin(ReadOnly, RecordedAdmin):
    list_display = ["label", "key", "version", "is_active", "approved_by", "suspended_reason"]
    list_filter = ["is_active"]
    list_select_related = ["approved_by"]
    search_fields = ["key", "label", "label_zh"]
    actions_detail = ["open_page"]

    @action(description=_("Open its page"), url_path="open-page", icon="open_in_new")
    def open_page(self, request, object_id):
        return HttpResponseRedirect(reverse("changes:template", args=[object_id]))
