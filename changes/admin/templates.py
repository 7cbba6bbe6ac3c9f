"""Standard templates."""

from django.contrib import admin, messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from accounts.roles import Right, has_right
from audit.recorded.admin import RecordedAdmin
from changes.actions import approve_template
from changes.forms import ApproveTemplateForm
from changes.models import (
    StandardTemplate,
)


@admin.register(StandardTemplate)
class StandardTemplateAdmin(RecordedAdmin):
    list_display = ["label", "key", "version", "is_active", "approved_by", "suspended_reason"]
    list_filter = ["is_active"]
    list_select_related = ["approved_by"]
    search_fields = ["key", "label", "label_zh"]
    readonly_fields = ["approved_by", "approved_at", "suspended_reason"]
    actions_detail = ["approve"]

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and has_right(request.user, Right.CHANGE_MANAGE)

    @action(
        description=_("Approve"), permissions=["approve"], url_path="approve", icon="verified",
        dialog={
            "title": _("Approve this template"), "form_class": ApproveTemplateForm,
            "form_submit_text": _("Approve"),
            "description": _("Changes made from it need no vote. It is active, and not edited from now on."),
        },
    )  # fmt: skip
    def approve(self, request, form, object_id):
        template = approve_template(StandardTemplate.objects.get(pk=object_id), by=request.user)
        messages.success(request, _("%(template)s is approved.") % {"template": template})
        page = reverse("admin:changes_standardtemplate_change", args=[object_id])
        return HttpResponse(headers={"HX-Redirect": page})

    def has_approve_permission(self, request, object_id=None):
        waiting = StandardTemplate.objects.exclude(approved_at__isnull=False, suspended_reason="")
        return has_right(request.user, Right.CHANGE_MANAGE) and waiting.filter(pk=object_id).exists()
