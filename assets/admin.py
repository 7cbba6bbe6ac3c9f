"""Makers, models, assets and contracts in the administration; moves are actions."""

from django.contrib import admin, messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display

from accounts.roles import Right, has_right
from assets.actions import move_asset
from assets.expiry import ExpiryState
from assets.forms import MoveForm
from assets.models import (
    Asset,
    Contract,
    ContractCover,
    HardwareModel,
    Manufacturer,
    ResponsePromise,
    Vendor,
)
from assets.workflow import Stage, moves_from
from audit.recorded.admin import RecordedAdmin

EXPIRY_COLOURS = {
    ExpiryState.CURRENT: "success",
    ExpiryState.ENDING: "warning",
    ExpiryState.OVER: "danger",
}
STAGE_COLOURS = {Stage.IN_USE: "success", Stage.STOCK: "info", Stage.REPAIR: "warning"}


class StandingFilter(admin.SimpleListFilter):
    """Rows by how their expiry stands today."""

    def lookups(self, request, model_admin):
        return ExpiryState.choices

    def queryset(self, request, queryset):
        return queryset.standing(self.value()) if self.value() in ExpiryState.values else queryset


class WarrantyFilter(StandingFilter):
    title = _("warranty")
    parameter_name = "warranty"


class EndFilter(StandingFilter):
    title = _("end")
    parameter_name = "end"

    def lookups(self, request, model_admin):
        return [*ExpiryState.choices, ("renew", _("to renew"))]

    def queryset(self, request, queryset):
        return queryset.to_renew() if self.value() == "renew" else super().queryset(request, queryset)


@admin.register(Manufacturer, Vendor)
class CompanyAdmin(RecordedAdmin):
    list_display = ["name", "website"]
    search_fields = ["name"]


@admin.register(HardwareModel)
class HardwareModelAdmin(RecordedAdmin):
    list_display = [
        "name",
        "manufacturer",
        "kind",
        "part_number",
        "u_height",
        "power_draw_watts",
        "end_of_support_on",
    ]
    list_filter = ["kind", ("manufacturer", AutocompleteSelectFilter)]
    list_filter_submit = True
    list_select_related = ["manufacturer"]
    search_fields = ["name", "part_number", "manufacturer__name"]
    autocomplete_fields = ["manufacturer"]


@admin.register(Asset)
class AssetAdmin(RecordedAdmin):
    list_display = ["tag", "model", "serial", "shown_stage", "ci", "custodian", "shown_warranty"]
    list_filter = ["stage", WarrantyFilter, ("model", AutocompleteSelectFilter), "owner_team"]
    list_filter_submit = True
    list_select_related = ["model__manufacturer", "ci__type", "custodian"]
    search_fields = ["tag", "serial", "order_number", "model__name", "ci__name"]
    autocomplete_fields = ["model", "ci", "custodian", "owner_team", "location", "vendor"]
    ordering = ["tag"]
    actions_detail = ["move"]
    fieldsets = [
        (None, {"fields": ["tag", "serial", "model", "ci", "stage", "wipe_evidence"]}),
        (_("Custody"), {"fields": ["custodian", "owner_team", "location", "location_note"]}),
        (
            _("Purchase"),
            {
                "fields": [
                    "vendor",
                    "order_number",
                    "purchased_on",
                    "purchase_price",
                    "currency",
                    "warranty_ends_on",
                ]
            },
        ),
        (None, {"fields": ["note"]}),
    ]

    def get_readonly_fields(self, request, obj=None):
        return ["stage", "wipe_evidence"] if obj else ["wipe_evidence"]

    def formfield_for_choice_field(self, db_field, request, **kwargs):
        if db_field.name == "stage":
            # Disposal is a move with evidence, never a way to begin.
            kwargs["choices"] = [choice for choice in Stage.choices if choice[0] != Stage.DISPOSED]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    @display(description=_("stage"), ordering="stage", label=STAGE_COLOURS)
    def shown_stage(self, asset):
        return asset.stage, asset.get_stage_display()

    @display(description=_("warranty"), ordering="warranty_ends_on", label=EXPIRY_COLOURS)
    def shown_warranty(self, asset):
        return asset.warranty.state, asset.warranty.words

    @action(
        description=_("Move"),
        permissions=["move"],
        url_path="move",
        icon="swap_horiz",
        dialog={
            "title": _("Move the asset"),
            "description": _("The move is recorded with your name and comment."),
            "form_class": MoveForm,
            "form_submit_text": _("Move"),
        },
    )
    def move(self, request, form, object_id):
        given = form.cleaned_data
        asset = move_asset(
            form.asset, given["to"], by=request.user, comment=given["comment"], evidence=given["evidence"]
        )
        messages.success(
            request,
            _("%(tag)s is now %(stage)s.") % {"tag": asset.tag, "stage": asset.get_stage_display()},
        )
        return HttpResponse(headers={"HX-Redirect": reverse("admin:assets_asset_change", args=[object_id])})

    def has_move_permission(self, request, object_id=None):
        stage = Asset.objects.filter(pk=object_id).values_list("stage", flat=True).first()
        return has_right(request.user, Right.ASSET_EDIT) and bool(stage and moves_from(stage))


class CoverInline(TabularInline):
    model = ContractCover
    autocomplete_fields = ["asset"]
    fields = ["asset"]
    extra = 0


class PromiseInline(TabularInline):
    model = ResponsePromise
    fields = ["priority", "response_minutes"]
    extra = 0


@admin.register(Contract)
class ContractAdmin(RecordedAdmin):
    list_display = ["number", "vendor", "kind", "starts_on", "ends_on", "shown_end"]
    list_filter = ["kind", EndFilter, ("vendor", AutocompleteSelectFilter)]
    list_filter_submit = True
    list_select_related = ["vendor"]
    search_fields = ["number", "title", "vendor__name"]
    autocomplete_fields = ["vendor"]
    inlines = [PromiseInline, CoverInline]

    @display(description=_("end"), label=EXPIRY_COLOURS)
    def shown_end(self, contract):
        return contract.expiry.state, contract.expiry.words


@admin.register(ContractCover)
class ContractCoverAdmin(RecordedAdmin):
    list_display = ["contract", "asset"]
    list_select_related = ["contract__vendor", "asset"]
    search_fields = ["contract__number", "asset__tag"]
    autocomplete_fields = ["contract", "asset"]


@admin.register(ResponsePromise)
class ResponsePromiseAdmin(RecordedAdmin):
    list_display = ["contract", "priority", "response_minutes"]
    list_select_related = ["contract__vendor"]
    search_fields = ["contract__number"]
    autocomplete_fields = ["contract"]
