"""Boards, policies, freezes and templates as forms; changes are read here and worked on their own page."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import action, display

from accounts.roles import Right, has_right
from audit.recorded.admin import ReadOnly, RecordedAdmin
from audit.recorded.differences import deed_in_words
from changes.actions import approve_template
from changes.forms import ApproveTemplateForm
from changes.models import (
    ApprovalPolicy,
    Board,
    BoardSeat,
    ChangeEvent,
    ChangeRequest,
    FreezeWindow,
    PolicyStep,
    StandardTemplate,
    Vote,
    VoteDelegation,
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


class SeatInline(TabularInline):
    model = BoardSeat
    fields = ["user", "has_veto", "is_active"]
    autocomplete_fields = ["user"]
    extra = 0


@admin.register(Board)
class BoardAdmin(RecordedAdmin):
    list_display = ["key", "label", "label_zh"]
    search_fields = ["key", "label", "label_zh"]
    inlines = [SeatInline]


class PolicyStepInline(TabularInline):
    model = PolicyStep
    fields = ["position", "board", "relation", "need", "quorum", "minutes"]
    extra = 0


@admin.register(ApprovalPolicy)
class ApprovalPolicyAdmin(RecordedAdmin):
    list_display = ["kind", "risk", "allows_skip_test"]
    list_filter = ["kind", "risk"]
    inlines = [PolicyStepInline]


@admin.register(FreezeWindow)
class FreezeWindowAdmin(RecordedAdmin):
    list_display = ["label", "window", "is_hard", "type", "environment", "owner_team", "is_active"]
    list_filter = ["is_hard", "is_active", "environment"]
    list_select_related = ["type", "owner_team"]
    search_fields = ["label", "label_zh", "reason"]
    raw_id_fields = ["item"]
    autocomplete_fields = ["owner_team"]


@admin.register(VoteDelegation)
class VoteDelegationAdmin(RecordedAdmin):
    """A member lends the own vote; a change manager may note it for anybody."""

    list_display = ["person", "deputy", "starts_at", "ends_at", "reason"]
    list_select_related = ["person", "deputy"]
    autocomplete_fields = ["person", "deputy"]

    def save_model(self, request, obj, form, change):
        if obj.deputy == request.user != obj.person:
            raise PermissionDenied(_("Nobody notes that the votes of another are theirs."))
        super().save_model(request, obj, form, change)


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


@admin.register(Vote)
class VoteAdmin(ReadOnly, RecordedAdmin):
    list_display = ["cast_at", "round", "voter", "choice", "on_behalf_of", "channel"]
    list_filter = ["choice", "channel"]
    list_select_related = ["round__change", "voter", "on_behalf_of"]
    search_fields = ["round__change__number", "voter__username"]
    ordering = ["-id"]
