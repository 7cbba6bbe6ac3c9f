from django.contrib import admin, messages
from django.db.models import URLField
from django.http import HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import action, display

from accounts.roles import Right, has_right
from audit.recorded.admin import RecordedAdmin
from inspections.actions import disable_plan, draft_version, enable_plan, publish_version
from inspections.forms import PlanForm, PublishForm, ReasonForm
from inspections.models import (
    Amendment,
    Answer,
    ChecklistTemplate,
    Finding,
    FindingEvent,
    InspectionPlan,
    InspectionRun,
    RunTarget,
    Signature,
    TemplateItem,
    TemplateVersion,
)
from inspections.workflow import FindingState, RunState, VersionState

VERSION_COLOURS = {VersionState.PUBLISHED: "success", VersionState.DRAFT: "warning"}
RUN_COLOURS = {RunState.SIGNED: "success", RunState.MISSED: "danger", RunState.SUBMITTED: "warning"}
FINDING_COLOURS = {FindingState.OPEN: "danger", FindingState.VERIFIED: "success", FindingState.FIXED: "info"}


class ReadOnly:
    """Shown, and changed on the pages of inspections only."""

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class WebAddresses:
    """A runbook's address without a scheme means https."""

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if isinstance(db_field, URLField):
            kwargs["assume_scheme"] = "https"
        return super().formfield_for_dbfield(db_field, request, **kwargs)


def went(name, *args):
    """A dialog's answer: the page is opened anew."""
    return HttpResponse(headers={"HX-Redirect": reverse(f"admin:inspections_{name}", args=args)})


class VersionInline(ReadOnly, TabularInline):
    model = TemplateVersion
    fields = ["number", "state", "published_at", "published_by", "changelog"]
    readonly_fields = fields
    show_change_link = True
    extra = 0


@admin.register(ChecklistTemplate)
class ChecklistTemplateAdmin(RecordedAdmin):
    list_display = ["key", "label", "label_zh", "ci_type", "owner_team"]
    list_select_related = ["ci_type", "owner_team"]
    search_fields = ["key", "label", "label_zh"]
    raw_id_fields = ["ci_type", "owner_team"]
    inlines = [VersionInline]
    actions_detail = ["draft"]

    @action(
        description=_("Draft a new version"), permissions=["manage"], url_path="draft", icon="edit_document",
        dialog={
            "title": _("Draft a new version"),
            "description": _("A copy of the newest version, to be edited and published."),
            "form_submit_text": _("Make the draft"),
        },
    )  # fmt: skip
    def draft(self, request, form, object_id):
        version = draft_version(ChecklistTemplate.objects.get(pk=object_id), by=request.user)
        return went("templateversion_change", version.pk)

    def has_manage_permission(self, request, object_id=None):
        return has_right(request.user, Right.INSPECT_MANAGE)


class ItemInline(WebAddresses, TabularInline):
    model = TemplateItem
    fields = [
        "position", "key", "section", "section_zh", "label", "label_zh", "kind", "is_required",
        "is_na_allowed", "unit", "decimals", "crit_low", "warn_low", "warn_high", "crit_high",
        "fail_severity", "choices", "comment_at", "finding", "help_text", "help_text_zh", "runbook_url",
    ]  # fmt: skip
    extra = 0
    ordering = ["position", "id"]

    def has_add_permission(self, request, obj=None):
        return is_draft(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request, obj=None):
        return is_draft(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request, obj=None):
        return is_draft(obj) and super().has_delete_permission(request, obj)


def is_draft(version):
    return version is None or version.state == VersionState.DRAFT


@admin.register(TemplateVersion)
class TemplateVersionAdmin(RecordedAdmin):
    list_display = ["template", "number", "shown_state", "published_at", "published_by", "changelog"]
    list_filter = ["state", "template"]
    list_select_related = ["template", "published_by"]
    search_fields = ["template__key", "template__label", "template__label_zh"]
    autocomplete_fields = ["template"]
    fields = [
        "template",
        "number",
        "changelog",
        "state",
        "published_at",
        "published_by",
        "sha256",
        "compared",
    ]
    readonly_fields = ["state", "published_at", "published_by", "sha256", "compared"]
    inlines = [ItemInline]
    actions_detail = ["publish"]

    def has_change_permission(self, request, obj=None):
        return is_draft(obj) and super().has_change_permission(request, obj)

    @display(description=_("state"), ordering="state", label=VERSION_COLOURS)
    def shown_state(self, version):
        return version.state, version.get_state_display()

    @display(description=_("compared with the version before"))
    def compared(self, version):
        """Items added, removed and changed; "-" for a first version."""
        former = TemplateVersion.objects.filter(template=version.template_id, number__lt=version.number)
        former = former.order_by("-number").first()
        if former is None:
            return "-"
        lines = differences(former, version)
        return format_html("v{}: {}", former.number, "; ".join(lines) or _("no difference"))

    @action(
        description=_("Publish"), permissions=["publish"], url_path="publish", icon="publish",
        dialog={
            "title": _("Publish this version"),
            "description": _("It is frozen and hashed; new runs use it, and the version before is retired."),
            "form_class": PublishForm, "form_submit_text": _("Publish"),
        },
    )  # fmt: skip
    def publish(self, request, form, object_id):
        version = TemplateVersion.objects.get(pk=object_id)
        version = publish_version(version, by=request.user, changelog=form.cleaned_data["changelog"])
        messages.success(request, _("%(version)s is published.") % {"version": version})
        return went("templateversion_change", object_id)

    def has_publish_permission(self, request, object_id=None):
        drafts = TemplateVersion.objects.filter(pk=object_id, state=VersionState.DRAFT)
        return has_right(request.user, Right.INSPECT_MANAGE) and drafts.exists()


def differences(former, version):
    """Item by item, in words: what this version adds, removes and changes."""
    unlike = {"id", "version_id", "row_version"}
    old, new = ({item.key: item for item in each.items.all()} for each in (former, version))
    lines = [f"+ {new[key]}" for key in new if key not in old] + [
        f"- {old[key]}" for key in old if key not in new
    ]
    for key in new.keys() & old.keys():
        fields = [
            f"{field.verbose_name}: {field.value_from_object(old[key])} → {field.value_from_object(new[key])}"
            for field in TemplateItem._meta.concrete_fields
            if field.attname not in unlike
            and field.value_from_object(old[key]) != field.value_from_object(new[key])
        ]
        if fields:
            lines.append(f"{new[key]} ({', '.join(fields)})")
    return lines


@admin.register(TemplateItem)
class TemplateItemAdmin(WebAddresses, ReadOnly, RecordedAdmin):
    list_display = ["version", "position", "key", "label", "label_zh", "kind", "unit"]
    list_select_related = ["version__template"]
    search_fields = ["key", "label", "label_zh"]
    list_filter = ["kind"]


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
        "assignee",
        "team",
        "is_enabled",
    ]
    list_filter = ["is_enabled", "group_by", "signoff"]
    list_select_related = ["template", "assignee", "team"]
    search_fields = ["key", "label", "label_zh"]
    autocomplete_fields = ["template"]
    raw_id_fields = ["assignee", "team"]
    readonly_fields = ["is_enabled", "disabled_by", "disabled_reason", "generated_until_at"]
    fieldsets = [
        (None, {"fields": ["key", ("label", "label_zh"), "template", "scope", "group_by"]}),
        (_("When"), {"fields": ["rrule", ("starts_on", "shift_start", "time_zone"),
                                ("opens_minutes", "due_minutes", "expires_minutes")]}),
        (_("Who"), {"fields": [("assignee", "team"), "signoff"]}),
        (_("State"), {"fields": ["is_enabled", "disabled_by", "disabled_reason", "generated_until_at"]}),
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


class TargetInline(ReadOnly, TabularInline):
    model = RunTarget
    fields = ["ci", "result", "reason"]
    extra = 0

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("ci", "run")


class SignatureInline(ReadOnly, TabularInline):
    model = Signature
    fields = ["role", "by", "signed_at", "comment", "record_sha256"]
    readonly_fields = ["signed_at"]
    extra = 0


@admin.register(InspectionRun)
class InspectionRunAdmin(ReadOnly, RecordedAdmin):
    list_display = [
        "number",
        "plan",
        "group_label",
        "shown_state",
        "due_at",
        "assignee",
        "outcome",
        "is_late",
    ]
    list_filter = ["state", "plan", "outcome", "is_late"]
    list_select_related = ["plan", "assignee"]
    search_fields = ["number", "group_label"]
    inlines = [TargetInline, SignatureInline]

    @display(description=_("state"), ordering="state", label=RUN_COLOURS)
    def shown_state(self, run):
        return run.state, run.get_state_display()


@admin.register(RunTarget)
class RunTargetAdmin(ReadOnly, RecordedAdmin):
    list_display = ["run", "ci", "result", "reason"]
    list_select_related = ["run", "ci"]
    search_fields = ["run__number", "ci__name"]


@admin.register(Answer)
class AnswerAdmin(ReadOnly, RecordedAdmin):
    list_display = ["target", "item", "value_label", "severity", "answered_by", "observed_at", "is_current"]
    list_filter = ["severity", "source", "is_current"]
    list_select_related = ["target", "item", "answered_by"]
    search_fields = ["target__run__number", "item_key"]


@admin.register(Signature)
class SignatureAdmin(ReadOnly, RecordedAdmin):
    list_display = ["run", "role", "by", "signed_at"]
    list_select_related = ["run", "by"]
    search_fields = ["run__number"]


@admin.register(Amendment)
class AmendmentAdmin(ReadOnly, RecordedAdmin):
    list_display = ["answer", "reason", "by", "at"]
    list_select_related = ["answer", "by"]
    search_fields = ["reason"]


class EventInline(ReadOnly, TabularInline):
    model = FindingEvent
    fields = ["source_state", "target_state", "by", "comment", "at"]
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
    list_display = ["finding", "source_state", "target_state", "by", "at"]
    list_select_related = ["finding", "by"]
    search_fields = ["finding__number"]
