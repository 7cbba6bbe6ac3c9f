"""Corrections of the CMDB that inspections propose."""

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.roles import Right
from inspections.actions import accept_correction, refuse_correction
from inspections.api.shapes import REFUSED, CommentSerializer, ReasonSerializer
from inspections.models import CorrectionProposal


class CorrectionSerializer(serializers.ModelSerializer):
    class Meta:
        model = CorrectionProposal
        fields = [
            "id", "answer", "ci", "field", "was", "seen", "evidence", "state", "proposed_at", "decided_by",
            "decided_at", "comment", "change", "row_version",
        ]  # fmt: skip


class CorrectionViewSet(mixins.RetrieveModelMixin, mixins.ListModelMixin, viewsets.GenericViewSet):
    """Answers that differ from the record; somebody other than who answered accepts or refuses."""

    queryset = CorrectionProposal.objects.select_related("ci__type", "answer")
    serializer_class = CorrectionSerializer
    write_right = Right.VIEW  # who may decide is asked by the actions
    filterset_fields = {"state": ["exact"], "ci": ["exact"], "field": ["exact"]}

    @extend_schema(request=CommentSerializer, responses={200: CorrectionSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def accept(self, request, pk=None):
        """Writes what was seen; for a controlled type, drafts the change that will (`change`)."""
        given = CommentSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        comment = given.validated_data["comment"]
        done = accept_correction(self.get_object(), by=request.user, comment=comment)
        return Response(self.get_serializer(done).data)

    @extend_schema(request=ReasonSerializer, responses={200: CorrectionSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def refuse(self, request, pk=None):
        """The record stays as it is, for the reason given."""
        given = ReasonSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        done = refuse_correction(self.get_object(), by=request.user, comment=given.validated_data["reason"])
        return Response(self.get_serializer(done).data)
