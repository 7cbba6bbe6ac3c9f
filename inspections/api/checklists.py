"""Check lists."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response

from accounts.roles import Right
from audit.actions import record_event
from audit.recorded.api import RecordedViewSet
from inspections.actions import (
    discard_draft,
    draft_version,
    import_checklist,
    publish_version,
    retire_version,
)
from inspections.api.shapes import REFUSED, CommentSerializer, ReasonSerializer
from inspections.differences import compare_items
from inspections.interchange import LARGEST_FILE, FileRefused, as_workbook, as_yaml, read
from inspections.models import ChecklistTemplate, TemplateItem, TemplateVersion

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class ChecklistTemplateSerializer(serializers.ModelSerializer):
    class Meta:
        model = ChecklistTemplate
        fields = [
            "id", "key", "label", "label_zh", "description", "description_zh", "ci_type", "owner_team",
            "row_version",
        ]  # fmt: skip


class TemplateItemSerializer(serializers.ModelSerializer):
    class Meta:
        model = TemplateItem
        fields = [
            "id", "version", "key", "section", "section_zh", "position", "label", "label_zh", "kind",
            "help_text", "help_text_zh", "runbook_url", "is_required", "is_na_allowed", "unit", "decimals",
            "crit_low", "warn_low", "warn_high", "crit_high", "fail_severity", "choices", "comment_at",
            "photo_at", "applies_if", "metric", "reading_source", "query", "max_age_minutes", "confirm",
            "bad_readings", "good_readings", "attribute", "finding", "row_version",
        ]  # fmt: skip

    def validate(self, given):
        """The model's own clean(), with its messages per field."""
        own = (
            {field.name: getattr(self.instance, field.name) for field in TemplateItem._meta.concrete_fields}
            if self.instance
            else {}
        )
        TemplateItem(**own | given).clean()
        return given


class TemplateVersionSerializer(serializers.ModelSerializer):
    items = TemplateItemSerializer(many=True, read_only=True)

    class Meta:
        model = TemplateVersion
        fields = [
            "id", "template", "number", "state", "changelog", "published_at", "published_by", "sha256",
            "items", "row_version",
        ]  # fmt: skip


class FieldDifferenceSerializer(serializers.Serializer):
    label = serializers.CharField()
    before = serializers.CharField(allow_blank=True)
    after = serializers.CharField(allow_blank=True)


class ItemDifferenceSerializer(serializers.Serializer):
    key = serializers.CharField(source="item.key")
    fields_ = FieldDifferenceSerializer(many=True, source="fields")

    def to_representation(self, difference):
        shown = super().to_representation(difference)
        return {"key": shown["key"], "fields": shown["fields_"]}


@extend_schema_field(OpenApiTypes.STR)
class ItemKeyField(serializers.SlugRelatedField):
    """An item by its key; drf-spectacular asks a model for the type, which a plain serializer has not."""


class ComparisonSerializer(serializers.Serializer):
    """What a later version adds, leaves out and asks differently."""

    added = ItemKeyField("key", many=True, read_only=True)
    removed = ItemKeyField("key", many=True, read_only=True)
    changed = ItemDifferenceSerializer(many=True)
    is_reordered = serializers.BooleanField()


class ImportSerializer(serializers.Serializer):
    """A check list as YAML or XLSX; with `dry_run`, nothing is written."""

    file = serializers.FileField()
    dry_run = serializers.BooleanField(default=False)


class RowFaultSerializer(serializers.Serializer):
    place = serializers.CharField()
    column = serializers.CharField(allow_blank=True)
    message = serializers.CharField()


class ImportedSerializer(serializers.Serializer):
    """What the file changes; with any fault nothing is written."""

    key = serializers.CharField(source="template.key")
    is_new = serializers.BooleanField()
    is_unchanged = serializers.BooleanField()
    faults = RowFaultSerializer(many=True)
    head = FieldDifferenceSerializer(many=True)
    comparison = ComparisonSerializer()
    version = serializers.IntegerField(source="version.pk", allow_null=True, default=None)


class ChecklistTemplateViewSet(RecordedViewSet):
    """Check lists; `draft/` begins a new version, `export/` and `import/` exchange them as files."""

    queryset = ChecklistTemplate.objects.all()
    serializer_class = ChecklistTemplateSerializer
    write_right = Right.INSPECT_MANAGE
    filterset_fields = {"key": ["exact", "in"], "ci_type": ["exact"]}
    query_parameters = ("as", "version", "old", "new")

    @extend_schema(request=None, responses={200: TemplateVersionSerializer})
    @action(detail=True, methods=["post"])
    def draft(self, request, pk=None):
        """The check list's draft: a copy of its newest version, or the draft that exists."""
        version = draft_version(self.get_object(), by=request.user)
        return Response(TemplateVersionSerializer(version).data)

    @extend_schema(
        parameters=[
            OpenApiParameter("as", enum=["yaml", "xlsx"], description="YAML unless told."),
            OpenApiParameter("version", int, description="The published version unless told."),
        ],
        responses={(200, "application/yaml"): OpenApiTypes.BINARY},
    )  # fmt: skip
    @action(detail=True, methods=["get"])
    def export(self, request, pk=None):
        """One version as a file that `import/` reads again without a change."""
        template = self.get_object()
        versions = template.versions.order_by("-state", "-number").filter(state="published")
        if wanted := request.query_params.get("version", ""):
            versions = template.versions.filter(number=wanted[:9] if wanted.isdecimal() else 0)
        version = get_object_or_404(versions)
        is_book = request.query_params.get("as") == "xlsx"
        name = f"{template.key}-v{version.number}.{'xlsx' if is_book else 'yaml'}"
        record_event("export", by=request.user, target="inspections.checklisttemplate", detail={"file": name})
        write, kind = (as_workbook, XLSX) if is_book else (as_yaml, "application/yaml")
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        content = write(template, list(version.items.all()))
        return HttpResponse(content, content_type=kind, headers=disposition)

    @extend_schema(
        parameters=[OpenApiParameter("old", int, required=True), OpenApiParameter("new", int, required=True)],
        responses={200: ComparisonSerializer},
    )  # fmt: skip
    @action(detail=True, methods=["get"])
    def compare(self, request, pk=None):
        """What version `new` adds, leaves out and asks differently from version `old`."""
        template = self.get_object()
        items = []
        for name in ("old", "new"):
            number = request.query_params.get(name, "")
            number = number[:9] if number.isdecimal() else 0
            items.append(get_object_or_404(template.versions, number=number).items.all())
        return Response(ComparisonSerializer(compare_items(*items)).data)

    @extend_schema(
        request=ImportSerializer,
        responses={200: ImportedSerializer, 400: OpenApiResponse(ImportedSerializer)},
    )  # fmt: skip
    @action(detail=False, methods=["post"], url_path="import", parser_classes=[MultiPartParser])
    def import_file(self, request):
        """The check list in the file is the draft of its key; every row is checked, nothing published."""
        given = ImportSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        file = given.validated_data["file"]
        try:
            document = read(file.read(LARGEST_FILE + 1))
        except FileRefused as refused:
            raise serializers.ValidationError({"file": [str(refused)]}) from None
        done = import_checklist(document, by=request.user, dry_run=given.validated_data["dry_run"])
        return Response(ImportedSerializer(done).data, status=400 if done.faults else 200)


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

    @extend_schema(request=None, responses={204: None, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def discard(self, request, pk=None):
        """Throws the draft away; the history keeps it."""
        discard_draft(self.get_object(), by=request.user)
        return Response(status=204)

    @extend_schema(request=ReasonSerializer, responses={200: TemplateVersionSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def retire(self, request, pk=None):
        """No new run uses the check list until a version of it is published again."""
        given = ReasonSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        version = retire_version(self.get_object(), by=request.user, reason=given.validated_data["reason"])
        return Response(self.get_serializer(version).data)


class TemplateItemViewSet(RecordedViewSet):
    """Items; they are edited while their version is a draft."""

    queryset = TemplateItem.objects.all()
    serializer_class = TemplateItemSerializer
    write_right = Right.INSPECT_MANAGE
    filterset_fields = {"version": ["exact"], "key": ["exact"], "kind": ["exact"]}
