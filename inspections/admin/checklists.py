"""Check lists: templates, their versions and items."""

from django.contrib import admin, messages
from django.db.models import URLField
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import action, display

from accounts.roles import Right, has_right
from audit.recorded.admin import ReadOnly, RecordedAdmin
from inspections.actions import draft_version, publish_version
from inspections.admin.dialogs import went
from inspections.forms import PublishForm
from inspections.models import (
    ChecklistTemplate,
    CorrectionProposal,
    TemplateItem,
    TemplateVersion,
    ThresholdOverride,
)
from inspections.workflow import VersionState

VERSION_COLOURS = {VersionState.PUBLISHED: "success", VersionState.DRAFT: "warning"}


class WebAddresses:
    """A runbook's address without a scheme means https."""

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if isinstance(db_field, URLField):
            kwargs["assume_scheme"] = "https"
        return super().formfield_for_dbfield(db_field, request, **kwargs)


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
        "page",
    ]
    readonly_fields = ["state", "published_at", "published_by", "sha256", "page"]
    inlines = [ItemInline]
    actions_detail = ["publish"]

    def has_change_permission(self, request, obj=None):
        return is_draft(obj) and super().has_change_permission(request, obj)

    @display(description=_("state"), ordering="state", label=VERSION_COLOURS)
    def shown_state(self, version):
        return version.state, version.get_state_display()

    @display(description=_("read, edit and compare"))
    def page(self, version):
        """The way to its own page; "-" before it is saved."""
        if version.pk is None:
            return "-"
        address = reverse("inspections:checklist-version", args=[version.template.key, version.number])
        return format_html('<a href="{}">{}</a>', address, version)

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


@admin.register(TemplateItem)
class TemplateItemAdmin(WebAddresses, ReadOnly, RecordedAdmin):
    list_display = ["version", "position", "key", "label", "label_zh", "kind", "unit"]
    list_select_related = ["version__template"]
    search_fields = ["key", "label", "label_zh"]
    list_filter = ["kind"]


@admin.register(ThresholdOverride)
class ThresholdOverrideAdmin(ReadOnly, RecordedAdmin):
    list_display = [
        "template",
        "item_key",
        "ci",
        "valid_from_on",
        "valid_until_on",
        "requested_by",
        "approved_by",
    ]
    list_select_related = ["template", "ci", "requested_by", "approved_by"]
    search_fields = ["item_key", "ci__name", "template__key"]
    list_filter = ["template"]


@admin.register(CorrectionProposal)
class CorrectionProposalAdmin(ReadOnly, RecordedAdmin):
    list_display = ["ci", "field", "was", "seen", "state", "proposed_at", "decided_by"]
    list_select_related = ["ci", "decided_by"]
    search_fields = ["ci__name", "field"]
    list_filter = ["state"]
