"""Relations between items over the API."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from cmdb.actions import create_relations, update_relations
from cmdb.api.batches import BatchViewSet
from cmdb.filters import RelationFilter
from cmdb.models import Relation

RELATION_COLUMNS = (
    "id", "relation_type__key", "source__type__key", "source__name", "source_id", "target__type__key",
    "target__name", "target_id", "group_id", "description", "last_confirmed_at", "row_version",
)  # fmt: skip


class RelationSerializer(serializers.ModelSerializer):
    """One relation as the API shows and takes it."""

    relation_type = serializers.CharField(help_text=_("Key of the relation type."))
    source = serializers.CharField(help_text=_("Address or id."))
    target = serializers.CharField(help_text=_("Address or id."))
    source_id = serializers.IntegerField(read_only=True)
    target_id = serializers.IntegerField(read_only=True)

    class Meta:
        model = Relation
        fields = [
            "id", "relation_type", "source", "source_id", "target", "target_id", "group", "description",
            "last_confirmed_at", "row_version",
        ]  # fmt: skip
        validators = []


def as_relation(row):
    """The tuple of one relation as the API shows it."""
    pk, way, source_type, source, source_id, target_type, target, target_id, *rest = row
    group, description, last_confirmed_at, version = rest
    return {
        "id": pk,
        "relation_type": way,
        "source": f"{source_type}:{source}",
        "source_id": source_id,
        "target": f"{target_type}:{target}",
        "target_id": target_id,
        "group": group,
        "description": description,
        "last_confirmed_at": last_confirmed_at,
        "row_version": version,
    }


class RelationViewSet(BatchViewSet):
    """Relations between items."""

    queryset = Relation.objects.all()
    serializer_class = RelationSerializer
    filterset_class = RelationFilter
    ordering_fields = ["id", "last_confirmed_at"]
    columns, shown = RELATION_COLUMNS, staticmethod(as_relation)
    create_rows, update_rows = staticmethod(create_relations), staticmethod(update_relations)
