"""Plans: who inspects what, and when."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import action

from accounts.roles import Right, has_right
from audit.recorded.admin import RecordedAdmin
from inspections.actions import disable_plan, enable_plan
from inspections.admin.dialogs import went
from inspections.forms import PlanForm, ReasonForm
from inspections.models import InspectionPlan, PlanMember


class PlanMemberInline(TabularInline):
    model = PlanMember
    extra = 0
    fields = ["position", "user"]
    raw_id_fields = ["user"]


@admin.register(InspectionPlan)
class InspectionPlanAdmin(RecordedAdmin):
    form = PlanForm
    list_display = [
        "key",
        "label",
        "label_zh",
        "template",
        "rrule",
        "shift_start",
        "assign",
        "assignee",
        "team",
        "is_enabled",
    ]
    list_filter = ["is_enabled", "trouble", "assign", "group_by", "signoff"]
    list_select_related = ["template", "assignee", "team"]
    search_fields = ["key", "label", "label_zh"]
    autocomplete_fields = ["template"]
    raw_id_fields = ["assignee", "team", "owner"]
    inlines = [PlanMemberInline]
    readonly_fields = [
        "is_enabled", "disabled_by", "disabled_reason", "generated_until_at", "trouble", "trouble_detail",
    ]  # fmt: skip
    fieldsets = [
        (None, {"fields": ["key", ("label", "label_zh"), "template", "scope", "group_by",
                          ("client", "owner")]}),
        (_("When"), {"fields": ["rrule", ("starts_on", "shift_start", "time_zone"),
                                ("calendar", "off_day"),
                                ("opens_minutes", "due_minutes", "expires_minutes")]}),
        (_("Who"), {"fields": ["assign", "must_complete", ("assignee", "team"), "shift", "signoff"]}),
        (_("State"), {"fields": ["is_enabled", "disabled_by", "disabled_reason", "generated_until_at",
                                 "trouble", "trouble_detail"]}),
    ]  # fmt: skip
    actions_detail = ["disable", "enable"]

    @action(
        description=_("Disable"), permissions=["disable"], url_path="disable", icon="pause_circle",
        dialog={
            "title": _("Disable this plan"), "form_class": ReasonForm, "form_submit_text": _("Disable"),
            "description": _("It makes no more runs; those that exist stay."),
        },
    )  # fmt: skip
    def disable(self, request, form, object_id):
        plan = InspectionPlan.objects.get(pk=object_id)
        disable_plan(plan, by=request.user, reason=form.cleaned_data["reason"])
        return went("inspectionplan_change", object_id)

    @action(
        description=_("Enable"), permissions=["enable"], url_path="enable", icon="play_circle",
        dialog={
            "title": _("Enable this plan"), "form_submit_text": _("Enable"),
            "description": _("It makes runs from now on; the time in between is not made up."),
        },
    )  # fmt: skip
    def enable(self, request, form, object_id):
        enable_plan(InspectionPlan.objects.get(pk=object_id), by=request.user)
        return went("inspectionplan_change", object_id)

    def has_disable_permission(self, request, object_id=None):
        return self.may_switch(request, object_id, is_enabled=True)

    def has_enable_permission(self, request, object_id=None):
        return self.may_switch(request, object_id, is_enabled=False)

    def may_switch(self, request, object_id, *, is_enabled):
        plans = InspectionPlan.objects.filter(pk=object_id, is_enabled=is_enabled)
        return has_right(request.user, Right.INSPECT_MANAGE) and plans.exists()
