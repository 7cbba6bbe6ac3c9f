"""The CMDB over the API. Lists of items and relations project tuples; writes of one and of many rows are
the same set-based actions."""

import json
from functools import cache

from django.db import connection, transaction
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import exceptions, serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.roles import Right
from audit.recorded.api import RecordedViewSet, StaleVersionError
from cmdb.actions import (
    BatchRefused,
    BatchTooLarge,
    create_items,
    create_relations,
    update_items,
    update_relations,
)
from cmdb.filters import ItemFilter, RelationFilter
from cmdb.models import (
    CIAttribute,
    CIType,
    ConfigurationItem,
    DependencyGroup,
    IdentityRule,
    Relation,
    RelationRule,
    RelationType,
)
from cmdb.rules import refusals_in_words

BULK_ANSWER = inline_serializer(
    "BulkAnswer",
    {
        "ids": serializers.ListField(child=serializers.IntegerField()),
        "created": serializers.IntegerField(required=False),
        "updated": serializers.IntegerField(required=False),
        "unchanged": serializers.IntegerField(required=False),
    },
)


class TooLarge(exceptions.APIException):
    """The body holds more than one request may bring."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class ItemSerializer(serializers.ModelSerializer):
    """One configuration item as the API shows and takes it."""

    type = serializers.CharField(help_text=_("Key of the type."))
    address = serializers.CharField(read_only=True)
    owner_team = serializers.CharField(allow_null=True, required=False, help_text=_("Key of the team."))
    location = serializers.CharField(allow_null=True, required=False, help_text=_("Address or id."))
    duplicate_of = serializers.CharField(allow_null=True, required=False, help_text=_("Address or id."))
    attributes = serializers.DictField(required=False)

    class Meta:
        model = ConfigurationItem
        fields = [
            "id", "address", "type", "name", "lifecycle_stage", "environment", "criticality", "owner_team",
            "location", "serial", "primary_ip", "description", "last_verified_at", "last_seen_at",
            "duplicate_of", "attributes", "row_version",
        ]  # fmt: skip
        validators = []


class RelationSerializer(serializers.ModelSerializer):
    """One relation as the API shows and takes it."""

    relation_type = serializers.CharField(help_text=_("Key of the relation type."))
    source = serializers.CharField(help_text=_("Address or id."))
    target = serializers.CharField(help_text=_("Address or id."))
    source_id = serializers.IntegerField(read_only=True)
    target_id = serializers.IntegerField(read_only=True)

    class Meta:
        model = Relation
        fields = [
            "id", "relation_type", "source", "source_id", "target", "target_id", "group", "description",
            "last_confirmed_at", "row_version",
        ]  # fmt: skip
        validators = []


def as_item(row):
    """The tuple of one item as the API shows it."""
    *plain, place_type, place, original_type, original, attributes, version = row
    shown = dict(zip(ITEM_PLAIN, plain, strict=True))
    return {
        "id": shown.pop("id"),
        "address": f"{shown['type__key']}:{shown['name']}",
        "type": shown.pop("type__key"),
        "owner_team": shown.pop("owner_team__key"),
        **shown,
        "location": place and f"{place_type}:{place}",
        "duplicate_of": original and f"{original_type}:{original}",
        "attributes": json.loads(attributes),
        "row_version": version,
    }


ITEM_PLAIN = (
    "id", "type__key", "name", "lifecycle_stage", "environment", "criticality", "owner_team__key", "serial",
    "primary_ip", "description", "last_verified_at", "last_seen_at",
)  # fmt: skip
ITEM_COLUMNS = (
    *ITEM_PLAIN, "location__type__key", "location__name", "duplicate_of__type__key", "duplicate_of__name",
    "attributes", "row_version",
)  # fmt: skip
RELATION_COLUMNS = (
    "id", "relation_type__key", "source__type__key", "source__name", "source_id", "target__type__key",
    "target__name", "target_id", "group_id", "description", "last_confirmed_at", "row_version",
)  # fmt: skip


def as_relation(row):
    """The tuple of one relation as the API shows it."""
    pk, way, source_type, source, source_id, target_type, target, target_id, *rest = row
    group, description, last_confirmed_at, version = rest
    return {
        "id": pk,
        "relation_type": way,
        "source": f"{source_type}:{source}",
        "source_id": source_id,
        "target": f"{target_type}:{target}",
        "target_id": target_id,
        "group": group,
        "description": description,
        "last_confirmed_at": last_confirmed_at,
        "row_version": version,
    }


class BatchViewSet(RecordedViewSet):
    """One row or thousands, by the same actions; subclasses name the actions and the projection."""

    write_right = Right.CMDB_EDIT
    is_atomic_by_deed = True  # reads need no transaction, and the actions bring their own
    columns: tuple[str, ...]

    @classmethod
    def as_view(cls, *args, **kwargs):
        return transaction.non_atomic_requests(super().as_view(*args, **kwargs))

    def list(self, request, *args, **kwargs):
        keys = self.paginate_queryset(self.filter_queryset(self.get_queryset()).values("pk"))
        self.paginator.rows = self._rows([key["pk"] for key in keys])
        return self.get_paginated_response(self.paginator.rows)

    def retrieve(self, request, *args, **kwargs):
        return self._one(self._pk())

    def create(self, request, *args, **kwargs):
        (pk,) = self._write(self.create_rows, [request.data], is_single=True)
        return self._one(pk, status.HTTP_201_CREATED)

    def update(self, request, *args, **kwargs):
        pk, known = self._pk(), self.request.headers.get("If-Match", "*").strip('"')
        if not self._rows([pk]):
            raise Http404
        sent = request.data if isinstance(request.data, dict) else {}
        row = {name: value for name, value in sent.items() if name not in {"id", "address"}} | {"id": pk}
        if known != "*":
            row["row_version"] = int(known) if known.isdigit() else known
        self._write(self.update_rows, [row], is_single=True)
        return self._one(pk)

    @extend_schema(request=OpenApiTypes.OBJECT, responses={200: BULK_ANSWER, 201: BULK_ANSWER})
    @action(detail=False, methods=["post", "patch"], url_path="bulk", url_name="bulk")
    def bulk(self, request):
        """A list of up to 5,000 rows: all are written or none; faults are named by row, as “3.name”."""
        if request.method == "POST":
            ids = self._write(self.create_rows, request.data)
            return Response({"created": len(ids), "ids": ids}, status.HTTP_201_CREATED)
        ids, changed = self._write(self.update_rows, request.data)
        return Response({"updated": changed, "unchanged": len(ids) - changed, "ids": ids})

    def _write(self, deed, rows, *, is_single=False):
        try:
            return deed(rows, by=self.request.user)
        except BatchTooLarge as error:
            raise TooLarge(str(error)) from error
        except BatchRefused as error:
            if is_single and any("row_version" in fields for fields in error.faults.values()):
                raise StaleVersionError from error
            raise exceptions.ValidationError(_by_field(error.faults, is_single)) from error

    def _pk(self):
        pk = self.kwargs["pk"]
        if not (pk.isascii() and pk.isdigit() and len(pk) < 19):
            raise Http404
        return int(pk)

    def _rows(self, ids):
        """The rows with these ids, in this order, as the API shows them; one statement."""
        found = {row[0]: row for row in connection.rows(_select(self.queryset.model, self.columns), [ids])}
        return [self.shown(found[pk]) for pk in ids if pk in found]

    def _one(self, pk, code=status.HTTP_200_OK):
        for shown in self._rows([pk]):
            return Response(shown, code, headers={"ETag": f'"{shown["row_version"]}"'})
        raise Http404


@cache
def _select(model, columns):
    """The projection of rows by their ids. Planning its joins takes many times as long as running them."""
    sql, _pk = model.objects.order_by().filter(pk=0).values_list(*columns).query.sql_with_params()
    return sql.removesuffix("= %s") + "= ANY (%s::bigint[])"


def _by_field(faults, is_single):
    named = {}
    for index, fields in faults.items():
        for field, messages in fields.items():
            field = "non_field_errors" if field == "__all__" else field
            named[field if is_single or index is None else f"{index}.{field}"] = messages
    return named


class ItemViewSet(BatchViewSet):
    """Configuration items, addressed as type:name; attributes are merged by key on PATCH."""

    queryset = ConfigurationItem.objects.all()
    serializer_class = ItemSerializer
    filterset_class = ItemFilter
    ordering_fields = ["name", "id", "criticality", "lifecycle_stage", "environment", "last_verified_at"]
    columns, shown = ITEM_COLUMNS, staticmethod(as_item)
    create_rows, update_rows = staticmethod(create_items), staticmethod(update_items)


class RelationViewSet(BatchViewSet):
    """Relations between items."""

    queryset = Relation.objects.all()
    serializer_class = RelationSerializer
    filterset_class = RelationFilter
    ordering_fields = ["id", "last_confirmed_at"]
    columns, shown = RELATION_COLUMNS, staticmethod(as_relation)
    create_rows, update_rows = staticmethod(create_relations), staticmethod(update_relations)


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
