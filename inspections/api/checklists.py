"""Check lists."""

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.roles import Right
from audit.recorded.api import RecordedViewSet
from inspections.actions import draft_version, publish_version
from inspections.api.shapes import REFUSED, CommentSerializer
from inspections.models import ChecklistTemplate, TemplateItem, TemplateVersion


class ChecklistTemplateSerializer(serializers.ModelSerializer):
    class Meta:
        model = ChecklistTemplate
        fields = ["id", "key", "label", "label_zh", "description", "ci_type", "owner_team", "row_version"]


class TemplateItemSerializer(serializers.ModelSerializer):
    class Meta:
        model = TemplateItem
        fields = [
            "id", "version", "key", "section", "section_zh", "position", "label", "label_zh", "kind",
            "help_text", "help_text_zh", "runbook_url", "is_required", "is_na_allowed", "unit", "decimals",
            "crit_low", "warn_low", "warn_high", "crit_high", "fail_severity", "choices", "comment_at",
            "finding", "row_version",
        ]  # fmt: skip


class TemplateVersionSerializer(serializers.ModelSerializer):
    items = TemplateItemSerializer(many=True, read_only=True)

    class Meta:
        model = TemplateVersion
        fields = [
            "id", "template", "number", "state", "changelog", "published_at", "published_by", "sha256",
            "items", "row_version",
        ]  # fmt: skip


class ChecklistTemplateViewSet(RecordedViewSet):
    """Check lists; `draft/` begins a new version."""

    queryset = ChecklistTemplate.objects.all()
    serializer_class = ChecklistTemplateSerializer
    write_right = Right.INSPECT_MANAGE
    filterset_fields = {"key": ["exact", "in"], "ci_type": ["exact"]}

    @extend_schema(request=None, responses={200: TemplateVersionSerializer})
    @action(detail=True, methods=["post"])
    def draft(self, request, pk=None):
        """The check list's draft: a copy of its newest version, or the draft that exists."""
        version = draft_version(self.get_object(), by=request.user)
        return Response(TemplateVersionSerializer(version).data)


class TemplateVersionViewSet(mixins.RetrieveModelMixin, mixins.ListModelMixin, viewsets.GenericViewSet):
    """Versions with their items; a published one never changes."""

    queryset = TemplateVersion.objects.prefetch_related("items")
    serializer_class = TemplateVersionSerializer
    write_right = Right.INSPECT_MANAGE
    filterset_fields = {"template": ["exact"], "state": ["exact"]}

    @extend_schema(request=CommentSerializer, responses={200: TemplateVersionSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def publish(self, request, pk=None):
        """Freezes and hashes the draft; `comment` says what changed."""
        given = CommentSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        comment = given.validated_data["comment"]
        version = publish_version(self.get_object(), by=request.user, changelog=comment)
        return Response(self.get_serializer(version).data)


class TemplateItemViewSet(RecordedViewSet):
    """Items; they are edited while their version is a draft."""

    queryset = TemplateItem.objects.all()
    serializer_class = TemplateItemSerializer
    write_right = Right.INSPECT_MANAGE
    filterset_fields = {"version": ["exact"], "key": ["exact"], "kind": ["exact"]}
