"""Thresholds of single CIs: asked for, decided, withdrawn."""

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.roles import Right
from inspections.actions import approve_override, refuse_override, request_override, withdraw_override
from inspections.api.shapes import REFUSED, CommentSerializer, ReasonSerializer
from inspections.models import ThresholdOverride
from inspections.workflow import OverrideState

STATE = OpenApiParameter("state", enum=OverrideState.values, description="Where it stands today.")


class ThresholdOverrideSerializer(serializers.ModelSerializer):
    state = serializers.ChoiceField(OverrideState.choices, read_only=True)

    class Meta:
        model = ThresholdOverride
        fields = [
            "id", "template", "item_key", "ci", "crit_low", "warn_low", "warn_high", "crit_high", "reason",
            "state", "requested_by", "requested_at", "valid_from_on", "valid_until_on", "approved_by",
            "approved_at", "refused_by", "refused_at", "decision_comment", "withdrawn_by", "withdrawn_on",
            "withdrawn_reason", "row_version",
        ]  # fmt: skip
        read_only_fields = [
            "requested_by", "requested_at", "approved_by", "approved_at", "refused_by", "refused_at",
            "decision_comment", "withdrawn_by", "withdrawn_on", "withdrawn_reason",
        ]  # fmt: skip
        # The action asks the model's own rules, which say in words what DRF's copy of a constraint does not.
        validators = []


class OverrideViewSet(
    mixins.CreateModelMixin, mixins.RetrieveModelMixin, mixins.ListModelMixin, viewsets.GenericViewSet
):
    """Other thresholds for one item on one CI; they hold once somebody else has approved them."""

    queryset = ThresholdOverride.objects.all()
    serializer_class = ThresholdOverrideSerializer
    write_right = Right.VIEW  # who may ask and who may decide is asked by the actions
    query_parameters = ("state",)
    filterset_fields = {"template": ["exact"], "ci": ["exact"], "item_key": ["exact"]}

    def filter_queryset(self, queryset):
        found = super().filter_queryset(queryset)
        return found.of_state(self.request.query_params.get("state", ""), timezone.localdate())

    @extend_schema(parameters=[STATE])
    def list(self, request, *args, **kwargs):
        return super().list(request, *args, **kwargs)

    @extend_schema(responses={201: ThresholdOverrideSerializer, 409: REFUSED})
    def create(self, request, *args, **kwargs):
        given = self.get_serializer(data=request.data)
        given.is_valid(raise_exception=True)
        override = request_override(ThresholdOverride(**given.validated_data), by=request.user)
        return Response(self.get_serializer(override).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=CommentSerializer, responses={200: ThresholdOverrideSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def approve(self, request, pk=None):
        """Somebody other than who asked; the bounds hold from the later of today and the day asked for."""
        given = CommentSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        comment = given.validated_data["comment"]
        return self.shown(approve_override(self.get_object(), by=request.user, comment=comment))

    @extend_schema(request=ReasonSerializer, responses={200: ThresholdOverrideSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def refuse(self, request, pk=None):
        """The check list's bounds go on to hold."""
        return self.shown(refuse_override(self.get_object(), by=request.user, comment=self.reason()))

    @extend_schema(request=ReasonSerializer, responses={200: ThresholdOverrideSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def withdraw(self, request, pk=None):
        """The check list's bounds hold again from today on."""
        return self.shown(withdraw_override(self.get_object(), by=request.user, reason=self.reason()))

    def reason(self):
        given = ReasonSerializer(data=self.request.data)
        given.is_valid(raise_exception=True)
        return given.validated_data["reason"]

    def shown(self, override):
        return Response(self.get_serializer(override).data)
