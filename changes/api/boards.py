"""Boards, policies and templates: edited by who manages changes."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.bodies import WITHIN_CALENDAR
from accounts.roles import Right, has_right
from audit.recorded.api import RecordedViewSet
from changes.actions import delegate_votes, end_delegation
from changes.models import (
    ApprovalPolicy,
    Board,
    BoardSeat,
    PolicyStep,
    VoteDelegation,
)


class BoardSerializer(serializers.ModelSerializer):
    class Meta:
        model = Board
        fields = ["id", "key", "label", "label_zh", "manager", "hides_votes", "row_version"]


class BoardSeatSerializer(serializers.ModelSerializer):
    class Meta:
        model = BoardSeat
        fields = ["id", "board", "user", "has_veto", "is_active", "seated_by", "row_version"]
        read_only_fields = ["seated_by"]


class ApprovalPolicySerializer(serializers.ModelSerializer):
    class Meta:
        model = ApprovalPolicy
        fields = [
            "id", "kind", "risk", "allows_skip_test", "needs_backup", "reschedule_days", "late_minutes",
            "row_version",
        ]  # fmt: skip


class PolicyStepSerializer(serializers.ModelSerializer):
    class Meta:
        model = PolicyStep
        fields = [
            "id", "policy", "position", "board", "relation", "need", "quorum", "minutes", "on_timeout",
            "fallback_board", "only_in_freeze", "row_version",
        ]  # fmt: skip


class VoteDelegationSerializer(serializers.ModelSerializer):
    class Meta:
        model = VoteDelegation
        fields = ["id", "person", "deputy", "starts_at", "ends_at", "reason", "row_version"]
        extra_kwargs = {
            "starts_at": {"validators": WITHIN_CALENDAR},
            "ends_at": {"validators": WITHIN_CALENDAR},
        }

    def validate(self, data):
        user, old = self.context["request"].user, self.instance
        person = data.get("person", old and old.person)
        if data.get("deputy", old and old.deputy) == user != person:
            raise serializers.ValidationError(
                {"deputy": [_("Nobody notes that the votes of another are theirs.")]}
            )
        return data

    def validate_person(self, person):
        user = self.context["request"].user
        if person != user and not has_right(user, Right.CHANGE_MANAGE):
            raise serializers.ValidationError(_("You may delegate your own votes only."))
        return person


class BoardViewSet(RecordedViewSet):
    """Bodies that vote on changes."""

    queryset = Board.objects.all()
    serializer_class = BoardSerializer
    filterset_fields = ["key"]


class BoardSeatViewSet(RecordedViewSet):
    """Who sits on which board."""

    queryset = BoardSeat.objects.all()
    serializer_class = BoardSeatSerializer
    filterset_fields = ["board", "user", "is_active"]


class ApprovalPolicyViewSet(RecordedViewSet):
    """Which approval a kind of change needs at a level of risk."""

    queryset = ApprovalPolicy.objects.all()
    serializer_class = ApprovalPolicySerializer
    filterset_fields = ["kind", "risk"]


class PolicyStepViewSet(RecordedViewSet):
    """The bodies that must agree, with their numbers."""

    queryset = PolicyStep.objects.all()
    serializer_class = PolicyStepSerializer
    filterset_fields = ["policy", "board"]


class VoteDelegationViewSet(RecordedViewSet):
    """Who votes for whom, and when; everybody delegates their own votes.

    A delegation is not edited: end it by POST to `end/` and make another, so that both people hear of it.
    """

    queryset = VoteDelegation.objects.all()
    serializer_class = VoteDelegationSerializer
    filterset_fields = ["person", "deputy"]
    write_right = Right.VIEW
    http_method_names = ("get", "post", "head", "options")

    def perform_create(self, serializer):
        asked = dict(serializer.validated_data)
        serializer.instance = self.row = delegate_votes(
            asked.pop("person"), asked.pop("deputy"), by=self.request.user, **asked
        )

    @extend_schema(request=None, responses=VoteDelegationSerializer)
    @action(detail=True, methods=["post"], filterset_fields=None)
    def end(self, request, pk=None):
        """It counts no more from now on; by its people or a change manager."""
        return Response(self.get_serializer(end_delegation(self.get_object(), by=request.user)).data)
