"""What API lists of items and relations can be narrowed by."""

from ipaddress import ip_address

from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_filters import BaseInFilter, CharFilter, DateTimeFilter, NumberFilter
from rest_framework.exceptions import ValidationError

from accounts.endpoints import FilterSet
from cmdb.models import ConfigurationItem, Relation
from cmdb.querysets import LOOKUPS

ATTRIBUTE = "attributes__"


class CharInFilter(BaseInFilter, CharFilter):
    """Several texts, separated by commas."""


class ItemFilter(FilterSet):
    """`type` counts subtypes in; `attributes__<key>` takes __in, __gte, __lte; `search` looks everywhere."""

    address = CharFilter(method="by_address", label=_("type:name"))
    type = CharInFilter(method="by_type", label=_("type keys, subtypes included"))
    owner_team = CharInFilter(field_name="owner_team__key", lookup_expr="in")
    location = CharFilter(method="by_location", label=_("address of the location"))
    primary_ip = CharFilter(method="by_primary_ip")
    search = CharFilter(method="by_search", label=_("part of name, serial, address or attributes"))
    attributes = CharFilter(method="ignored", label=_("attributes__<key>=<value>"))
    verified_before = DateTimeFilter(field_name="last_verified_at", lookup_expr="lt")
    seen_before = DateTimeFilter(field_name="last_seen_at", lookup_expr="lt")

    class Meta:
        model = ConfigurationItem
        fields = {
            "name": ["exact", "icontains", "startswith"],
            "lifecycle_stage": ["exact", "in"],
            "environment": ["exact", "in"],
            "criticality": ["exact", "in", "gte", "lte"],
            "serial": ["exact", "icontains"],
        }

    def filter_queryset(self, queryset):
        queryset = super().filter_queryset(queryset)
        for parameter in self.data:
            if parameter.startswith(ATTRIBUTE):
                for value in self.data.getlist(parameter):
                    queryset = queryset.filter(self._attribute(parameter, value))
        return queryset

    def _attribute(self, parameter, value):
        key, _sep, lookup = parameter.removeprefix(ATTRIBUTE).partition("__")
        if not key or lookup not in LOOKUPS["attributes"]:
            raise ValidationError({parameter: [_("Known: attributes__<key>, with __in, __gte, __lte.")]})
        values = value.split(",") if lookup == "in" else [value]
        if lookup in ("gte", "lte"):
            return Q(**{f"{ATTRIBUTE}{key}__{lookup}": _as_json(value)})
        wanted = Q()
        for each in values:
            wanted |= Q(attributes__contains={key: each}) | Q(attributes__contains={key: _as_json(each)})
        return wanted

    def by_address(self, queryset, name, value):
        type_key, _colon, item_name = value.partition(":")
        return queryset.filter(type__key=type_key, name=item_name)

    def by_type(self, queryset, name, value):
        return queryset.of_type(*value)

    def by_location(self, queryset, name, value):
        return queryset.matching({"location": value})

    def by_primary_ip(self, queryset, name, value):
        try:
            return queryset.filter(primary_ip=str(ip_address(value)))
        except ValueError:
            raise ValidationError({name: [_("This is not an IP address.")]}) from None

    def by_search(self, queryset, name, value):
        return queryset.searched(value)

    def ignored(self, queryset, name, value):
        raise ValidationError({name: [_("Name the attribute: attributes__<key>=<value>.")]})


def _as_json(text):
    """A number or truth value as the attribute holds it, otherwise the text."""
    if text in ("true", "false"):
        return text == "true"
    try:
        return int(text) if text.lstrip("-").isdigit() else float(text)
    except ValueError:
        return text


class RelationFilter(FilterSet):
    """`item` is either end; `source_address` and `target_address` are type:name."""

    relation_type = CharInFilter(field_name="relation_type__key", lookup_expr="in")
    item = NumberFilter(method="by_item", label=_("id of either end"))
    source_address = CharFilter(method="by_address", label=_("type:name of the source"))
    target_address = CharFilter(method="by_address", label=_("type:name of the target"))
    confirmed_before = DateTimeFilter(field_name="last_confirmed_at", lookup_expr="lt")

    class Meta:
        model = Relation
        fields = {"source": ["exact"], "target": ["exact"], "group": ["exact", "isnull"]}

    def by_item(self, queryset, name, value):
        return queryset.filter(Q(source_id=value) | Q(target_id=value))

    def by_address(self, queryset, name, value):
        end = name.removesuffix("_address")
        type_key, _colon, item_name = value.partition(":")
        return queryset.filter(**{f"{end}__type__key": type_key, f"{end}__name": item_name})
