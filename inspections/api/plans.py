"""Plans: who inspects what, and when."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.models import User
from accounts.roles import Right
from audit.recorded.api import RecordedViewSet
from inspections.actions import copy_plan, disable_plan, enable_plan, save_plan
from inspections.api.shapes import ReasonSerializer
from inspections.models import InspectionPlan


class PlanSerializer(serializers.ModelSerializer):
    people = serializers.PrimaryKeyRelatedField(
        many=True, required=False, write_only=True, queryset=User.objects.filter(is_active=True),
        help_text="The members in their order; they replace those there are.",
    )  # fmt: skip
    members = serializers.SlugRelatedField(many=True, read_only=True, slug_field="user_id")

    class Meta:
        model = InspectionPlan
        fields = [
            "id", "key", "label", "label_zh", "client", "owner", "template", "scope", "group_by", "rrule",
            "time_zone", "starts_on", "shift_start", "calendar", "off_day", "shift", "opens_minutes",
            "due_minutes", "expires_minutes", "assign", "must_complete", "assignee", "team", "people",
            "members", "signoff", "is_enabled", "disabled_by", "disabled_reason", "enabled_at",
            "generated_until_at", "trouble", "trouble_detail", "trouble_since_at", "row_version",
        ]  # fmt: skip
        read_only_fields = ["is_enabled", "disabled_by", "disabled_reason"]

    def create(self, given):
        people = given.pop("people", None)
        return self.saved(InspectionPlan(**given), people)

    def update(self, plan, given):
        people = given.pop("people", None)
        for name, value in given.items():
            setattr(plan, name, value)
        return self.saved(plan, people)

    def saved(self, plan, people):
        """The action's own refusals, with its messages by field."""
        return save_plan(plan, by=self.context["request"].user, members=people)


class CopySerializer(serializers.ModelSerializer):
    class Meta:
        model = InspectionPlan
        fields = ["key", "label", "label_zh"]


class PlanViewSet(RecordedViewSet):
    """Plans; `disable/` needs a reason, `copy/` makes a disabled copy."""

    queryset = InspectionPlan.objects.prefetch_related("members")
    serializer_class = PlanSerializer
    write_right = Right.INSPECT_MANAGE
    filterset_fields = {
        "key": ["exact"], "is_enabled": ["exact"], "template": ["exact"], "assign": ["exact"],
        "trouble": ["exact"], "calendar": ["exact"], "shift": ["exact"],
    }  # fmt: skip

    @extend_schema(request=ReasonSerializer, responses={200: PlanSerializer})
    @action(detail=True, methods=["post"])
    def disable(self, request, pk=None):
        given = ReasonSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        plan = disable_plan(self.get_object(), by=request.user, reason=given.validated_data["reason"])
        return Response(self.get_serializer(plan).data)

    @extend_schema(request=None, responses={200: PlanSerializer})
    @action(detail=True, methods=["post"])
    def enable(self, request, pk=None):
        return Response(self.get_serializer(enable_plan(self.get_object(), by=request.user)).data)

    @extend_schema(request=CopySerializer, responses={201: PlanSerializer})
    @action(detail=True, methods=["post"])
    def copy(self, request, pk=None):
        """A disabled copy with the same people."""
        given = CopySerializer(data=request.data)
        given.is_valid(raise_exception=True)
        plan = copy_plan(self.get_object(), by=request.user, **given.validated_data)
        return Response(self.get_serializer(plan).data, status=201)
