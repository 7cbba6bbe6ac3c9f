"""Writes that no change had planned: listed, shown with their rows, and explained."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.roles import Right
from changes.actions import accept_write, link_write, open_retrospective
from changes.filters import UnauthorisedFilter
from changes.models import ChangeRequest, UnauthorisedRow, UnauthorisedWrite

ROWS_SHOWN = 1000


class UnauthorisedRowSerializer(serializers.ModelSerializer):
    class Meta:
        model = UnauthorisedRow
        fields = ["item", "address", "relation_id", "deed", "fields", "history_id"]


class UnauthorisedWriteSerializer(serializers.ModelSerializer):
    """`state` is open, linked or accepted; `named`: named by the write; `change`: what explains it."""

    type = serializers.CharField(source="type.key")
    writer = serializers.CharField(source="writer_name")
    named = serializers.CharField(source="named.number", allow_null=True, default=None)
    change = serializers.CharField(source="change.number", allow_null=True, default=None)
    decided_by = serializers.CharField(source="decided_by.username", allow_null=True, default=None)

    class Meta:
        model = UnauthorisedWrite
        fields = [
            "id", "txid", "type", "writer", "reason", "origin", "named", "happened_at", "state", "change",
            "comment", "decided_by", "decided_at", "row_version",
        ]  # fmt: skip


class UnauthorisedWriteWithRowsSerializer(UnauthorisedWriteSerializer):
    """The same with its first 1,000 rows: {field: [before, after]}."""

    rows = serializers.SerializerMethodField()

    class Meta(UnauthorisedWriteSerializer.Meta):
        fields = [*UnauthorisedWriteSerializer.Meta.fields, "rows"]

    @extend_schema(responses=UnauthorisedRowSerializer(many=True))
    def get_rows(self, write) -> list:
        return UnauthorisedRowSerializer(write.rows.all()[:ROWS_SHOWN], many=True).data


class ExplanationSerializer(serializers.Serializer):
    """`link` needs `change`, `accept` needs `comment`; `retrospective` answers with the draft's number."""

    way = serializers.ChoiceField(["link", "retrospective", "accept"])
    change = serializers.CharField(max_length=40, required=False, default="")
    comment = serializers.CharField(max_length=2000, required=False, default="", allow_blank=True)


class UnauthorisedViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """What was written to controlled or recorded items without a change under way that planned it."""

    queryset = UnauthorisedWrite.objects.select_related("type", "named", "change", "decided_by")
    serializer_class = UnauthorisedWriteSerializer
    filterset_class = UnauthorisedFilter
    write_right = Right.CHANGE_REQUEST

    def get_serializer_class(self):
        return UnauthorisedWriteWithRowsSerializer if self.action == "retrieve" else self.serializer_class

    @extend_schema(request=ExplanationSerializer, responses=UnauthorisedWriteSerializer)
    @action(detail=True, methods=["post"])
    def explain(self, request, pk=None):
        """Link it to a change, open a change recorded afterwards, or accept it. 409 says why not."""
        asked = ExplanationSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        write, way = self.get_object(), asked.validated_data["way"]
        if way == "accept":
            accept_write(write, by=request.user, comment=asked.validated_data["comment"])
        elif way == "retrospective":
            open_retrospective(write, by=request.user)
        else:
            change = get_object_or_404(ChangeRequest, number=asked.validated_data["change"])
            link_write(write, change, by=request.user, comment=asked.validated_data["comment"])
        return Response(self.serializer_class(self.get_queryset().get(pk=write.pk)).data)
