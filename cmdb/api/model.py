"""The CMDB's own model over the API: types, attributes, identity, relation types and rules, groups."""

from rest_framework import serializers

from accounts.roles import Right
from audit.recorded.api import RecordedViewSet
from cmdb.models import (
    CIAttribute,
    CIType,
    DependencyGroup,
    IdentityRule,
    RelationRule,
    RelationType,
)
from cmdb.rules import refusals_in_words


class WordyViewSet(RecordedViewSet):
    """What PostgreSQL refuses is told by field."""

    def perform_create(self, serializer):
        with refusals_in_words():
            super().perform_create(serializer)

    def perform_update(self, serializer):
        with refusals_in_words():
            super().perform_update(serializer)


class CheckedSerializer(serializers.ModelSerializer):
    """Runs the model's own clean() over the row as it would be."""

    def validate(self, attrs):
        standing = {}
        if self.instance is not None:
            standing = {f.name: getattr(self.instance, f.name) for f in self.instance._meta.concrete_fields}
        self.Meta.model(**standing | attrs).clean()
        return attrs


def _key_field(model, **more):
    return serializers.SlugRelatedField(slug_field="key", queryset=model.objects.all(), **more)


class TypeSerializer(CheckedSerializer):
    parent = _key_field(CIType, allow_null=True, required=False)

    class Meta:
        model = CIType
        fields = [
            "id", "key", "label", "label_zh", "parent", "is_abstract", "icon", "control", "identity_mode",
            "schema_version", "compiled_schema", "row_version",
        ]  # fmt: skip
        read_only_fields = ["schema_version", "compiled_schema"]


class TypeViewSet(WordyViewSet):
    """Types of configuration items; PostgreSQL compiles their schema."""

    queryset = CIType.objects.select_related("parent")
    serializer_class = TypeSerializer
    filterset_fields = {"key": ["exact", "in"], "parent__key": ["exact"], "is_abstract": ["exact"]}
    write_right = Right.CMDB_MODEL

    def perform_create(self, serializer):
        super().perform_create(serializer)
        serializer.instance.refresh_from_db(fields=["compiled_schema", "schema_version"])

    def perform_update(self, serializer):
        super().perform_update(serializer)
        serializer.instance.refresh_from_db(fields=["compiled_schema", "schema_version"])


class AttributeSerializer(CheckedSerializer):
    type = _key_field(CIType)

    class Meta:
        model = CIAttribute
        fields = [
            "id", "type", "key", "label", "label_zh", "kind", "required", "recommended", "choices", "pattern",
            "minimum", "maximum", "unit", "is_indexed", "is_sensitive", "position", "row_version",
        ]  # fmt: skip


class AttributeViewSet(WordyViewSet):
    """Attributes of types; a subtype has its own and those of the types above it."""

    queryset = CIAttribute.objects.select_related("type")
    serializer_class = AttributeSerializer
    filterset_fields = {"type__key": ["exact"], "key": ["exact"], "kind": ["exact"]}
    write_right = Right.CMDB_MODEL


class IdentityRuleSerializer(CheckedSerializer):
    type = _key_field(CIType)

    class Meta:
        model = IdentityRule
        fields = ["id", "type", "label", "label_zh", "fields", "position", "row_version"]


class IdentityRuleViewSet(WordyViewSet):
    """What, taken together, names one thing within a type and its subtypes."""

    queryset = IdentityRule.objects.select_related("type")
    serializer_class = IdentityRuleSerializer
    filterset_fields = {"type__key": ["exact"]}
    write_right = Right.CMDB_MODEL


class RelationTypeSerializer(CheckedSerializer):
    class Meta:
        model = RelationType
        fields = [
            "id", "key", "label", "label_zh", "inverse_label", "inverse_label_zh", "impact", "is_containment",
            "is_acyclic", "row_version",
        ]  # fmt: skip


class RelationTypeViewSet(WordyViewSet):
    """The ways in which items can be related."""

    queryset = RelationType.objects.all()
    serializer_class = RelationTypeSerializer
    filterset_fields = {"key": ["exact", "in"], "impact": ["exact"], "is_containment": ["exact"]}
    write_right = Right.CMDB_MODEL


class RelationRuleSerializer(CheckedSerializer):
    relation_type = _key_field(RelationType)
    source_type = _key_field(CIType)
    target_type = _key_field(CIType)

    class Meta:
        model = RelationRule
        fields = [
            "id", "relation_type", "source_type", "target_type", "max_one_source", "max_one_target",
            "row_version",
        ]  # fmt: skip


class RelationRuleViewSet(WordyViewSet):
    """Which types, subtypes included, a relation type may join."""

    queryset = RelationRule.objects.select_related("relation_type", "source_type", "target_type")
    serializer_class = RelationRuleSerializer
    filterset_fields = {
        "relation_type__key": ["exact"], "source_type__key": ["exact"], "target_type__key": ["exact"],
    }  # fmt: skip
    write_right = Right.CMDB_MODEL


class DependencyGroupSerializer(CheckedSerializer):
    class Meta:
        model = DependencyGroup
        fields = ["id", "item", "label", "label_zh", "min_up", "row_version"]


class DependencyGroupViewSet(WordyViewSet):
    """Relations that stand in for each other: how many of them an item needs."""

    queryset = DependencyGroup.objects.all()
    serializer_class = DependencyGroupSerializer
    filterset_fields = {"item": ["exact"]}
    write_right = Right.CMDB_EDIT
