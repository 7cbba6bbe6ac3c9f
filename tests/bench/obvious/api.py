"""The API as DRF's tutorial would have it, with the related rows joined and a bulk route."""

from rest_framework import pagination, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from tests.bench.obvious.models import CIType, ConfigurationItem, Team


class ItemSerializer(serializers.ModelSerializer):
    type = serializers.SlugRelatedField(slug_field="key", queryset=CIType.objects.all())
    owner_team = serializers.SlugRelatedField(
        slug_field="key", queryset=Team.objects.all(), allow_null=True, required=False
    )

    class Meta:
        model = ConfigurationItem
        fields = "__all__"


class HistorySerializer(serializers.ModelSerializer):
    user = serializers.CharField(source="history_user.username", default=None)
    changes = serializers.SerializerMethodField()

    class Meta:
        model = ConfigurationItem.history.model
        fields = "__all__"

    def get_changes(self, version):
        before = version.prev_record
        if before is None:
            return []
        return [
            {"field": change.field, "old": str(change.old), "new": str(change.new)}
            for change in version.diff_against(before).changes
        ]


class Pages(pagination.PageNumberPagination):
    page_size = 50
    page_size_query_param = "page_size"


class ItemViewSet(viewsets.ModelViewSet):
    queryset = ConfigurationItem.objects.select_related("type", "owner_team")
    serializer_class = ItemSerializer
    pagination_class = Pages
    ordering_fields = "__all__"
    filterset_fields = {
        "name": ["exact", "icontains", "startswith"],
        "type": ["exact", "in"],
        "lifecycle_stage": ["exact", "in"],
        "environment": ["exact", "in"],
        "criticality": ["exact", "in", "gte", "lte"],
        "owner_team": ["exact", "in"],
        "location": ["exact"],
        "serial": ["exact", "icontains"],
        "primary_ip": ["exact"],
        "last_verified_at": ["lt"],
        "last_seen_at": ["lt"],
    }

    @action(detail=True)
    def history(self, request, pk=None):
        versions = self.paginate_queryset(self.get_object().history.select_related("history_user"))
        return self.get_paginated_response(HistorySerializer(versions, many=True).data)

    @action(detail=False, methods=["post", "patch"])
    def bulk(self, request):
        if request.method == "POST":
            serializer = self.get_serializer(data=request.data, many=True)
            serializer.is_valid(raise_exception=True)
            serializer.save()
            return Response(serializer.data, status=201)
        shown = []
        for row in request.data:
            item = self.get_queryset().get(pk=row["id"])
            serializer = self.get_serializer(item, data=row, partial=True)
            serializer.is_valid(raise_exception=True)
            serializer.save()
            shown.append(serializer.data)
        return Response(shown)
