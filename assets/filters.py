"""Filters of the asset and contract endpoints that are not plain fields."""

import django_filters
from django.utils.translation import gettext_lazy as _

from accounts.endpoints import FilterSet
from assets.expiry import ExpiryState
from assets.models import Asset, Contract


class AssetFilter(FilterSet):
    q = django_filters.CharFilter(method="match", label=_("part of tag, serial, order, model or CI name"))
    warranty = django_filters.ChoiceFilter(
        choices=ExpiryState.choices, method="stand", label=_("how the warranty stands today")
    )

    class Meta:
        model = Asset
        fields = {
            "tag": ["exact"],
            "serial": ["exact"],
            "stage": ["exact", "in"],
            "model": ["exact"],
            "ci": ["exact", "isnull"],
            "custodian": ["exact"],
            "owner_team": ["exact"],
            "vendor": ["exact"],
            "warranty_ends_on": ["gte", "lte"],
        }

    def match(self, queryset, _name, value):
        return queryset.matching(value)

    def stand(self, queryset, _name, value):
        return queryset.standing(value)


class ContractFilter(FilterSet):
    end = django_filters.ChoiceFilter(
        choices=ExpiryState.choices, method="stand", label=_("how the end stands today")
    )

    class Meta:
        model = Contract
        fields = {"number": ["exact"], "vendor": ["exact"], "kind": ["exact"], "ends_on": ["gte", "lte"]}

    def stand(self, queryset, _name, value):
        return queryset.standing(value)
