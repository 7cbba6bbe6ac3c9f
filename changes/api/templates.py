"""Templates of standard changes: drafts edited here, proposed, voted on, raised from."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.models import User
from accounts.roles import Right
from audit.recorded.api import RecordedViewSet
from changes import actions as deeds
from changes.api.fields import ItemField, WindowField
from changes.api.serializers import ChangeSerializer
from changes.models import StandardTemplate, TemplateVote
from changes.standard import content_faults


class TemplateVoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = TemplateVote
        fields = ["id", "ballot", "voter", "choice", "comment", "content_hash", "cast_at"]
        read_only_fields = ["ballot", "voter"]
        extra_kwargs = {"content_hash": {"required": False}}


class StandardTemplateSerializer(serializers.ModelSerializer):
    state = serializers.CharField(read_only=True)

    class Meta:
        model = StandardTemplate
        fields = [
            "id", "key", "version", "state", "label", "label_zh", "description", "parameters", "scope_types",
            "scope_environments", "scope_filter", "skeleton", "board", "approvals_needed",
            "suspend_after_failures", "suspend_within_days", "copied_from", "proposed_at", "proposed_by",
            "ballot", "turned_down", "content_hash", "approved_by", "approved_at", "is_active",
            "has_auto_verify", "suspended_reason", "retired_at", "row_version",
        ]  # fmt: skip
        read_only_fields = [
            "version", "copied_from", "proposed_at", "proposed_by", "ballot", "turned_down", "content_hash",
            "approved_by", "approved_at", "suspended_reason", "retired_at",
        ]  # fmt: skip
        validators = []

    def validate(self, data):
        content = {
            name: data.get(name, getattr(self.instance, name, default))
            for name, default in (
                ("parameters", {}), ("skeleton", {}), ("scope_types", []), ("scope_environments", []),
                ("scope_filter", {}),
            )
        }  # fmt: skip
        if faults := content_faults(StandardTemplate(**content)):
            raise serializers.ValidationError(faults)
        return data


class RaiseSerializer(serializers.Serializer):
    """A change to raise: the items, the parameters, the window, the people."""

    items = serializers.ListField(child=ItemField(), min_length=1)
    parameters = serializers.DictField(required=False, default=dict)
    window = WindowField()
    implementers = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(is_active=True), many=True, required=False, default=list
    )
    verifiers = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(is_active=True), many=True, required=False, default=list
    )


class TemplateReasonSerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=200)


class StandardTemplateViewSet(RecordedViewSet):
    """Pre-approved kinds of change, in versions; an approved one is never edited."""

    queryset = StandardTemplate.objects.all()
    serializer_class = StandardTemplateSerializer
    filterset_fields = ["key", "is_active"]

    @property
    def write_right(self):
        """Voting and raising ask for rights of their own; the rest is for who manages templates."""
        return Right.VIEW if self.action in ("votes", "raise_change") else None

    @extend_schema(request=None, responses=StandardTemplateSerializer)
    @action(detail=True, methods=["post"], filterset_fields=None)
    def propose(self, request, pk=None):
        """Its board decides on it as it stands, in a ballot of its own."""
        return self._shown(deeds.propose_template(self.get_object(), by=request.user))

    @extend_schema(request=TemplateVoteSerializer, responses={201: TemplateVoteSerializer})
    @action(detail=True, methods=["post"], filterset_fields=None)
    def votes(self, request, pk=None):
        """A member of its board who had no part in it decides: {choice, comment, content_hash}."""
        asked = self._read(TemplateVoteSerializer)
        vote = deeds.vote_on_template(self.get_object(), by=request.user, **asked)
        return Response(TemplateVoteSerializer(vote).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses={201: StandardTemplateSerializer})
    @action(detail=True, methods=["post"], url_path="new-version", filterset_fields=None)
    def new_version(self, request, pk=None):
        """A draft with the same content and the next number."""
        made = deeds.new_version(self.get_object(), by=request.user)
        return Response(self.get_serializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=TemplateReasonSerializer, responses=StandardTemplateSerializer)
    @action(detail=True, methods=["post"], filterset_fields=None)
    def suspend(self, request, pk=None):
        """No change is raised from it until its board approves it again."""
        asked = self._read(TemplateReasonSerializer)
        return self._shown(deeds.suspend_template(self.get_object(), by=request.user, **asked))

    @extend_schema(request=None, responses=StandardTemplateSerializer)
    @action(detail=True, methods=["post"], filterset_fields=None)
    def retire(self, request, pk=None):
        """The version is used no more, for good."""
        return self._shown(deeds.retire_template(self.get_object(), by=request.user))

    @extend_schema(request=RaiseSerializer, responses={201: ChangeSerializer})
    @action(detail=True, methods=["post"], url_path="raise", filterset_fields=None)
    def raise_change(self, request, pk=None):
        """A draft of kind standard with the plan of the template, its gaps filled in."""
        asked = self._read(RaiseSerializer)
        people = {"implementer": asked.pop("implementers"), "verifier": asked.pop("verifiers")}
        change = deeds.raise_from_template(self.get_object(), by=request.user, people=people, **asked)
        return Response(ChangeSerializer(change).data, status=status.HTTP_201_CREATED)

    def _read(self, shape):
        asked = shape(data=self.request.data, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        return dict(asked.validated_data)

    def _shown(self, template):
        return Response(self.get_serializer(template).data)
