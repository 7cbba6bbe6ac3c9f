"""Items, types, relations and rules in the administration."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter, DropdownFilter
from unfold.decorators import display

from accounts.labelled import in_active_language
from audit.recorded.admin import RecordedAdmin
from cmdb.attributes import in_order
from cmdb.forms import PREFIX, AttributeFormSet, CITypeForm, ItemForm, TriedForm
from cmdb.models import (
    CIAttribute,
    CIType,
    ConfigurationItem,
    Criticality,
    DependencyGroup,
    IdentityRule,
    LifecycleStage,
    Relation,
    RelationRule,
    RelationType,
)

# A value without an entry would be shown by its key instead of its label.
STAGE_COLOURS = dict.fromkeys(LifecycleStage) | {
    LifecycleStage.OPERATIONAL: "success",
    LifecycleStage.MAINTENANCE: "warning",
    LifecycleStage.DEFECTIVE: "danger",
    LifecycleStage.MISSING: "danger",
    LifecycleStage.IN_STOCK: "info",
}
CRITICALITY_COLOURS = dict.fromkeys(Criticality) | {
    Criticality.CRITICAL: "danger",
    Criticality.HIGH: "warning",
}


class TypeFilter(DropdownFilter):
    """Items of a type, subtypes included."""

    title = _("type")
    parameter_name = "type_key"

    def lookups(self, request, model_admin):
        rows = CIType.objects.values_list("key", "label", "label_zh")
        return sorted(((key, in_active_language(en, zh)) for key, en, zh in rows), key=lambda row: row[1])

    def queryset(self, request, queryset):
        return queryset.of_type(self.value()) if self.value() else queryset


class FitFilter(DropdownFilter):
    """Items that a tightened type left behind."""

    title = _("to be fixed")
    parameter_name = "unfit"

    def lookups(self, request, model_admin):
        return [("1", _("attributes do not fit the type"))]

    def queryset(self, request, queryset):
        return queryset.unfit() if self.value() == "1" else queryset


@admin.register(ConfigurationItem)
class ItemAdmin(RecordedAdmin):
    form = ItemForm
    list_display = [
        "name", "shown_type", "shown_stage", "environment", "shown_criticality", "owner_team", "location",
        "last_verified_at",
    ]  # fmt: skip
    list_filter = [
        TypeFilter, "lifecycle_stage", "environment", "criticality", ("owner_team", AutocompleteSelectFilter),
        FitFilter,
    ]  # fmt: skip
    list_filter_submit = True
    list_select_related = ["type", "owner_team", "location"]
    search_fields = ["name"]
    search_help_text = _("Part of a name, serial number, address or attribute")
    ordering = ["name"]
    autocomplete_fields = ["owner_team", "location", "duplicate_of"]
    readonly_fields = ["shown_strays"]

    @display(description=_("type"), ordering="type__key")
    def shown_type(self, item):
        return item.type

    @display(description=_("life-cycle stage"), ordering="lifecycle_stage", label=STAGE_COLOURS)
    def shown_stage(self, item):
        return item.lifecycle_stage, item.get_lifecycle_stage_display()

    @display(description=_("criticality"), ordering="criticality", label=CRITICALITY_COLOURS)
    def shown_criticality(self, item):
        return item.criticality, item.get_criticality_display()

    @display(description=_("values outside the type"))
    def shown_strays(self, item):
        strays = {
            key: value for key, value in item.attributes.items() if key not in item.type.compiled_schema
        }
        return ", ".join(f"{key} = {value}" for key, value in sorted(strays.items())) or "–"

    def get_search_results(self, request, queryset, search_term):
        return queryset.searched(search_term), False

    def get_form(self, request, obj=None, **kwargs):
        # The attributes' fields come with each form; the factory knows the columns only.
        fields = [name for name in _flat(self.get_fieldsets(request, obj)) if not name.startswith(PREFIX)]
        kwargs["fields"] = [name for name in fields if name not in self.readonly_fields]
        return super().get_form(request, obj, **kwargs)

    def get_fieldsets(self, request, obj=None):
        kind = self._kind(request, obj)
        attributes = [PREFIX + key for key, _spec in in_order(kind.compiled_schema)] if kind else []
        if obj is not None and any(key not in kind.compiled_schema for key in obj.attributes):
            attributes.append("shown_strays")
        return [
            (None, {"fields": ["type", "name", "description"]}),
            (
                _("Place and use"),
                {"fields": ["lifecycle_stage", "environment", "criticality", "owner_team", "location"]},
            ),
            (
                _("Attributes"),
                {
                    "fields": attributes,
                    "description": "" if kind else _("They follow once the type is chosen and saved."),
                },
            ),
            (
                _("Identity"),
                {"fields": ["serial", "primary_ip", "last_verified_at", "last_seen_at", "duplicate_of"]},
            ),
        ]

    def _kind(self, request, obj):
        chosen = request.POST.get("type") or request.GET.get("type") or ""
        if chosen.isdigit():
            return CIType.objects.filter(pk=chosen).first() or (obj and obj.type)
        return obj and obj.type

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "type":
            kwargs["queryset"] = CIType.objects.filter(is_abstract=False)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def response_add(self, request, obj, post_url_continue=None):
        if obj.type.compiled_schema and not any(name.startswith(PREFIX) for name in request.POST):
            request.POST = request.POST.copy()
            request.POST["_continue"] = "1"  # the attributes' fields are on the next page
        return super().response_add(request, obj, post_url_continue)


def _flat(fieldsets):
    return [name for _title, options in fieldsets for name in options["fields"]]


class AttributeInline(TabularInline):
    model = CIAttribute
    form = TriedForm
    formset = AttributeFormSet
    extra = 0
    tab = True
    fields = [
        "key", "label", "label_zh", "kind", "required", "recommended", "choices", "pattern", "minimum",
        "maximum", "unit", "is_sensitive", "position",
    ]  # fmt: skip


class IdentityRuleInline(TabularInline):
    model = IdentityRule
    form = TriedForm
    extra = 0
    tab = True
    fields = ["label", "label_zh", "fields", "position"]


@admin.register(CIType)
class TypeAdmin(RecordedAdmin):
    form = CITypeForm
    list_display = [
        "label",
        "label_zh",
        "key",
        "parent",
        "is_abstract",
        "control",
        "identity_mode",
        "schema_version",
    ]
    list_filter = ["is_abstract", "control", "identity_mode"]
    list_select_related = ["parent"]
    search_fields = ["key", "label", "label_zh"]
    ordering = ["key"]
    autocomplete_fields = ["parent"]
    readonly_fields = ["schema_version", "shown_unfit"]
    inlines = [AttributeInline, IdentityRuleInline]
    fieldsets = [
        (None, {"fields": ["key", "label", "label_zh", "parent", "is_abstract", "icon"]}),
        (
            _("Rules"),
            {
                "fields": [
                    "control",
                    "accept_control",
                    "identity_mode",
                    "schema_version",
                    "shown_unfit",
                    "accept_unfit",
                ]
            },
        ),
    ]

    @display(description=_("items to be fixed"))
    def shown_unfit(self, kind):
        if kind.pk is None:
            return "–"
        count = ConfigurationItem.objects.of_type(kind.key).unfit().count()
        url = reverse("admin:cmdb_configurationitem_changelist")
        return (
            format_html('<a href="{}?type_key={}&amp;unfit=1">{}</a>', url, kind.key, count) if count else "0"
        )


class RuleInline(TabularInline):
    model = RelationRule
    form = TriedForm
    extra = 0
    tab = True
    autocomplete_fields = ["source_type", "target_type"]


@admin.register(RelationType)
class RelationTypeAdmin(RecordedAdmin):
    form = TriedForm
    list_display = [
        "label",
        "label_zh",
        "key",
        "inverse_label",
        "inverse_label_zh",
        "impact",
        "is_containment",
        "is_acyclic",
    ]
    list_filter = ["impact", "is_containment", "is_acyclic"]
    search_fields = ["key", "label", "label_zh"]
    ordering = ["key"]
    inlines = [RuleInline]


@admin.register(RelationRule)
class RelationRuleAdmin(RecordedAdmin):
    form = TriedForm
    list_display = ["relation_type", "source_type", "target_type", "max_one_source", "max_one_target"]
    list_display_links = ["relation_type", "source_type"]
    list_filter = ["relation_type"]
    list_select_related = ["relation_type", "source_type", "target_type"]
    search_fields = ["relation_type__label", "relation_type__label_zh"]
    autocomplete_fields = ["relation_type", "source_type", "target_type"]
    ordering = ["relation_type"]


@admin.register(Relation)
class RelationAdmin(RecordedAdmin):
    form = TriedForm
    list_display = ["source", "relation_type", "target", "group", "last_confirmed_at"]
    list_display_links = ["source", "relation_type"]
    list_filter = [
        ("relation_type", AutocompleteSelectFilter), ("source", AutocompleteSelectFilter),
        ("target", AutocompleteSelectFilter),
    ]  # fmt: skip
    list_filter_submit = True
    list_select_related = ["source", "relation_type", "target", "group"]
    search_fields = ["source__name", "target__name"]
    autocomplete_fields = ["relation_type", "source", "target", "group"]
    ordering = ["-id"]

    def get_search_results(self, request, queryset, search_term):
        for word in search_term.split():
            items = ConfigurationItem.objects.searched(word).values("pk")
            queryset = queryset.filter(source__in=items) | queryset.filter(target__in=items)
        return queryset, False


@admin.register(DependencyGroup)
class DependencyGroupAdmin(RecordedAdmin):
    form = TriedForm
    list_display = ["item", "label", "label_zh", "min_up"]
    list_display_links = ["item", "label"]
    list_select_related = ["item"]
    search_fields = ["label", "label_zh", "item__name"]
    autocomplete_fields = ["item"]
    ordering = ["item__name", "label"]
    readonly_fields = ["shown_members"]

    @display(description=_("members"))
    def shown_members(self, group):
        if group.pk is None:
            return "–"
        members = group.members.select_related("source", "target")
        shown = ", ".join(
            str(edge.target if edge.source_id == group.item_id else edge.source) for edge in members
        )
        if group.is_satisfiable:
            return shown
        return _("%(members)s (needs more than there are, or none)") % {"members": shown or "–"}


@admin.register(CIAttribute)
class AttributeAdmin(RecordedAdmin):
    form = TriedForm
    list_display = ["label", "label_zh", "key", "type", "kind", "required", "recommended"]
    list_filter = [("type", AutocompleteSelectFilter), "kind", "required"]
    list_filter_submit = True
    list_select_related = ["type"]
    search_fields = ["key", "label", "label_zh"]
    autocomplete_fields = ["type"]
    ordering = ["key"]


@admin.register(IdentityRule)
class IdentityRuleAdmin(RecordedAdmin):
    form = TriedForm
    list_display = ["label", "label_zh", "type", "shown_fields"]
    list_select_related = ["type"]
    search_fields = ["label", "label_zh"]
    autocomplete_fields = ["type"]
    ordering = ["label"]

    @display(description=_("fields"))
    def shown_fields(self, rule):
        return ", ".join(rule.fields)
