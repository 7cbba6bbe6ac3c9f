"""Collisions, freezes, maintenance windows and free slots over the API."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.bodies import WITHIN_CALENDAR
from audit.recorded.api import RecordedViewSet
from changes import actions as deeds
from changes.api.fields import ItemField, WindowField
from changes.collisions import changes_hit_by, collisions_of, freezes_on, maintenance_misses
from changes.collisions.ranges import span_of
from changes.collisions.slots import next_free_slots
from changes.collisions.words import explained
from changes.models import (
    ChangeRequest,
    CollisionAcknowledgement,
    CollisionRule,
    FreezeOverride,
    FreezeWindow,
    MaintenanceWindow,
)

SCOPE = [
    "item", "service", "type", "environment", "owner_team", "criticality_from", "conditions",
]  # fmt: skip
MOST_SLOTS = 20


class ScopeSerializer(serializers.ModelSerializer):
    """A row that covers items: the model's own rules are asked before it is written."""

    item = ItemField(required=False, allow_null=True)
    service = ItemField(required=False, allow_null=True)
    conditions = serializers.DictField(required=False)

    def validate(self, data):
        row = self.Meta.model(**{
            field: data.get(field, getattr(self.instance, field, None))
            for field in self.Meta.fields
            if field not in ("id", "row_version") and (field in data or self.instance)
        })  # fmt: skip
        try:
            row.clean()
        except ValidationError as error:
            raise serializers.ValidationError(error.message_dict) from error
        return data


class FreezeSerializer(ScopeSerializer):
    window = WindowField()

    class Meta:
        model = FreezeWindow
        fields = [
            "id",
            "label",
            "label_zh",
            "window",
            "is_hard",
            "reason",
            "is_active",
            *SCOPE,
            "row_version",
        ]


class MaintenanceWindowSerializer(ScopeSerializer):
    class Meta:
        model = MaintenanceWindow
        fields = [
            "id", "label", "label_zh", "rule", "time_zone", "starts_on", "starts_at", "duration_minutes",
            "is_active", *SCOPE, "row_version",
        ]  # fmt: skip


class CollisionRuleSerializer(serializers.ModelSerializer):
    class Meta:
        model = CollisionRule
        fields = ["id", "kind", "is_hard", "depth", "row_version"]
        read_only_fields = ["kind"]


class CollisionSerializer(serializers.Serializer):
    """One collision with another change: how the two meet, whether it stops, who has accepted it."""

    other = serializers.CharField(source="other.number")
    kind = serializers.CharField()
    key = serializers.CharField()
    is_hard = serializers.BooleanField()
    is_reserved = serializers.BooleanField(help_text="The other change holds its window already.")
    is_accepted = serializers.BooleanField()
    blocks = serializers.BooleanField()
    text = serializers.SerializerMethodField()
    path = serializers.SerializerMethodField()
    distance = serializers.IntegerField()
    other_distance = serializers.IntegerField()
    person = serializers.SerializerMethodField()
    together = serializers.SerializerMethodField()
    overlap = WindowField(allow_null=True)
    accepted_by = serializers.SerializerMethodField()

    def get_text(self, found) -> str:
        return explained(found)

    @extend_schema_field({"type": "array", "items": {"type": "string"}})
    def get_path(self, found):
        return [item.address for item in found.path]

    def get_person(self, found) -> str | None:
        return found.person.username if found.person else None

    @extend_schema_field({"type": "array", "items": {"type": "string"}})
    def get_together(self, found):
        return [change.number for change in found.together]

    @extend_schema_field({"type": "array", "items": {"type": "string"}})
    def get_accepted_by(self, found):
        return [user.username for user in found.acknowledged_by]


class FreezeHitSerializer(serializers.Serializer):
    freeze = serializers.IntegerField(source="freeze.pk")
    label = serializers.CharField(source="freeze")
    is_hard = serializers.BooleanField(source="freeze.is_hard")
    blocks = serializers.BooleanField()
    item = ItemField()
    path = serializers.SerializerMethodField()

    @extend_schema_field({"type": "array", "items": {"type": "string"}})
    def get_path(self, hit):
        return [item.address for item in hit.path]


class MaintenanceMissSerializer(serializers.Serializer):
    item = ItemField()
    windows = serializers.SerializerMethodField()
    opens = serializers.SerializerMethodField()

    @extend_schema_field({"type": "array", "items": {"type": "string"}})
    def get_windows(self, miss):
        return [str(each) for each in miss.maintenance]

    @extend_schema_field({"type": "array", "items": {"type": "string", "format": "date-time"}})
    def get_opens(self, miss):
        return [start for start, _end in miss.opens]


class InTheWaySerializer(serializers.Serializer):
    collisions = CollisionSerializer(many=True)
    freezes = FreezeHitSerializer(many=True)
    outside_maintenance = MaintenanceMissSerializer(many=True)


class AcceptSerializer(serializers.Serializer):
    other = serializers.SlugRelatedField(slug_field="number", queryset=ChangeRequest.objects.all())
    kind = serializers.CharField(max_length=12)
    comment = serializers.CharField()
    keys = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Those that were read; default: all."
    )
    is_override = serializers.BooleanField(default=False, help_text="The change manager's decision.")


class AcknowledgementSerializer(serializers.ModelSerializer):
    change = serializers.SlugRelatedField(slug_field="number", read_only=True)
    other = serializers.SlugRelatedField(slug_field="number", read_only=True)
    change_window = WindowField()
    other_window = WindowField()

    class Meta:
        model = CollisionAcknowledgement
        fields = [
            "id", "change", "other", "kind", "keys", "is_override", "by", "comment", "change_window",
            "other_window", "at",
        ]  # fmt: skip


class OverrideSerializer(serializers.ModelSerializer):
    class Meta:
        model = FreezeOverride
        fields = ["id", "freeze", "by", "reason", "at"]
        read_only_fields = ["by", "at"]


class SlotSerializer(serializers.Serializer):
    start = serializers.DateTimeField(source="lower")
    end = serializers.DateTimeField(source="upper")


class SlotQuery(serializers.Serializer):
    minutes = serializers.IntegerField(min_value=1, max_value=60 * 24 * 31, required=False)
    after = serializers.DateTimeField(required=False, validators=WITHIN_CALENDAR)
    count = serializers.IntegerField(min_value=1, max_value=MOST_SLOTS, default=3)


class ScheduleEndpoints:
    """The part of the changes' endpoint about other changes, freezes and free time."""

    @extend_schema(responses=InTheWaySerializer)
    @action(detail=True, filterset_class=None, pagination_class=None)
    def collisions(self, request, number):
        """What is in the way of the change in its window, computed now."""
        change = self.get_object()
        found = {
            "collisions": collisions_of(change, change.window),
            "freezes": freezes_on(change, change.window) if span_of(change.window) else [],
            "outside_maintenance": maintenance_misses(change, change.window),
        }
        return Response(InTheWaySerializer(found).data)

    @extend_schema(
        parameters=[
            OpenApiParameter("minutes", OpenApiTypes.INT, description="default: as long as the window"),
            OpenApiParameter("after", OpenApiTypes.DATETIME, description="default: now"),
            OpenApiParameter("count", OpenApiTypes.INT),
        ],
        responses=SlotSerializer(many=True),
    )
    @action(detail=True, filterset_class=None, pagination_class=None)
    def slots(self, request, number):
        """The next windows without any collision, freeze or missed maintenance window."""
        change = self.get_object()
        asked = SlotQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        wanted, span = asked.validated_data, span_of(change.window)
        if "minutes" not in wanted and span is None:
            raise serializers.ValidationError({"minutes": [_("The change has no window: say how long.")]})
        length = timedelta(minutes=wanted["minutes"]) if "minutes" in wanted else span[1] - span[0]
        slots = next_free_slots(change, length, wanted.get("after", timezone.now()), wanted["count"])
        return Response(SlotSerializer(slots, many=True).data)

    @extend_schema(methods=["GET"], responses=AcknowledgementSerializer(many=True))
    @extend_schema(methods=["POST"], request=AcceptSerializer, responses={201: AcknowledgementSerializer})
    @action(detail=True, methods=["get", "post"], filterset_class=None, pagination_class=None)
    def acknowledgements(self, request, number):
        """Collisions accepted here; POST accepts one: {other, kind, comment, keys, is_override}."""
        change = self.get_object()
        if request.method == "GET":
            rows = change.acknowledgements.select_related("change", "other")
            return Response(AcknowledgementSerializer(rows, many=True).data)
        asked = self._read(AcceptSerializer)
        deed = deeds.decide_collision if asked["is_override"] else deeds.accept_collision
        row = deed(
            change, asked["other"], asked["kind"], by=request.user, comment=asked["comment"],
            keys=asked.get("keys"),
        )  # fmt: skip
        row.refresh_from_db()
        return self._made(AcknowledgementSerializer, row)

    @extend_schema(methods=["GET"], responses=OverrideSerializer(many=True))
    @extend_schema(methods=["POST"], request=OverrideSerializer, responses={201: OverrideSerializer})
    @action(
        detail=True, methods=["get", "post"], url_path="freeze-overrides", filterset_class=None,
        pagination_class=None,
    )  # fmt: skip
    def freeze_overrides(self, request, number):
        """Hard freezes overridden for this change; POST overrides one: {freeze, reason}."""
        change = self.get_object()
        if request.method == "GET":
            return Response(OverrideSerializer(change.freeze_overrides.all(), many=True).data)
        asked = self._read(OverrideSerializer)
        row = deeds.override_freeze(change, asked["freeze"], by=request.user, reason=asked["reason"])
        return Response(OverrideSerializer(row).data, status=status.HTTP_201_CREATED)


class FreezeViewSet(RecordedViewSet):
    """Times in which nothing, or nothing without a reason, is changed; who is hit is told."""

    queryset = FreezeWindow.objects.select_related("item__type", "service__type")
    serializer_class = FreezeSerializer
    filterset_fields = ["is_hard", "is_active", "item", "service", "type", "owner_team"]

    def perform_create(self, serializer):
        freeze = FreezeWindow(**serializer.validated_data)
        serializer.instance = self.row = deeds.declare_freeze(freeze, by=self.request.user)

    @extend_schema(responses=OpenApiTypes.OBJECT)
    @action(detail=True, filterset_fields=None, pagination_class=None)
    def hits(self, request, pk):
        """The changes ahead that the freeze hits, with the items that it covers."""
        freeze = get_object_or_404(FreezeWindow, pk=pk)
        return Response(
            {change.number: [hit.item.address for hit in hits] for change, hits in changes_hit_by(freeze)}
        )


class MaintenanceWindowViewSet(RecordedViewSet):
    """Recurring times meant for changes of the items they cover."""

    queryset = MaintenanceWindow.objects.select_related("item__type", "service__type")
    serializer_class = MaintenanceWindowSerializer
    filterset_fields = ["is_active", "item", "service", "type", "owner_team"]


class CollisionRuleViewSet(RecordedViewSet):
    """What each kind of collision weighs; one row for each kind, edited by PATCH."""

    queryset = CollisionRule.objects.all()
    serializer_class = CollisionRuleSerializer
    filterset_fields = ["kind"]
    http_method_names = ["get", "patch", "put", "head", "options"]
