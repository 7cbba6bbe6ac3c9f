"""Configuration items over the API."""

import json

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from cmdb.actions import create_items, update_items
from cmdb.api.batches import BatchViewSet
from cmdb.filters import ItemFilter
from cmdb.models import ConfigurationItem

ITEM_PLAIN = (
    "id", "type__key", "name", "lifecycle_stage", "environment", "criticality", "owner_team__key", "serial",
    "primary_ip", "description", "last_verified_at", "last_seen_at",
)  # fmt: skip
ITEM_COLUMNS = (
    *ITEM_PLAIN, "location__type__key", "location__name", "duplicate_of__type__key", "duplicate_of__name",
    "attributes", "row_version",
)  # fmt: skip


class ItemSerializer(serializers.ModelSerializer):
    """One configuration item as the API shows and takes it."""

    type = serializers.CharField(help_text=_("Key of the type."))
    address = serializers.CharField(read_only=True)
    owner_team = serializers.CharField(allow_null=True, required=False, help_text=_("Key of the team."))
    location = serializers.CharField(allow_null=True, required=False, help_text=_("Address or id."))
    duplicate_of = serializers.CharField(allow_null=True, required=False, help_text=_("Address or id."))
    attributes = serializers.DictField(required=False)

    class Meta:
        model = ConfigurationItem
        fields = [
            "id", "address", "type", "name", "lifecycle_stage", "environment", "criticality", "owner_team",
            "location", "serial", "primary_ip", "description", "last_verified_at", "last_seen_at",
            "duplicate_of", "attributes", "row_version",
        ]  # fmt: skip
        validators = []


def as_item(row):
    """The tuple of one item as the API shows it."""
    *plain, place_type, place, original_type, original, attributes, version = row
    shown = dict(zip(ITEM_PLAIN, plain, strict=True))
    return {
        "id": shown.pop("id"),
        "address": f"{shown['type__key']}:{shown['name']}",
        "type": shown.pop("type__key"),
        "owner_team": shown.pop("owner_team__key"),
        **shown,
        "location": place and f"{place_type}:{place}",
        "duplicate_of": original and f"{original_type}:{original}",
        "attributes": json.loads(attributes),
        "row_version": version,
    }


class ItemViewSet(BatchViewSet):
    """Configuration items, addressed as type:name; attributes are merged by key on PATCH."""

    queryset = ConfigurationItem.objects.all()
    serializer_class = ItemSerializer
    filterset_class = ItemFilter
    ordering_fields = ["name", "id", "criticality", "lifecycle_stage", "environment", "last_verified_at"]
    columns, shown = ITEM_COLUMNS, staticmethod(as_item)
    create_rows, update_rows = staticmethod(create_items), staticmethod(update_items)
