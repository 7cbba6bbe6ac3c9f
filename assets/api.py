"""Assets and contracts over the API."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.roles import Right
from assets.actions import move_asset
from assets.filters import AssetFilter, ContractFilter
from assets.models import (
    Asset,
    Contract,
    ContractCover,
    HardwareModel,
    Manufacturer,
    ResponsePromise,
    Vendor,
)
from assets.workflow import Stage
from audit.recorded.api import RecordedViewSet


class ManufacturerSerializer(serializers.ModelSerializer):
    class Meta:
        model = Manufacturer
        fields = ["id", "name", "website", "row_version"]


class HardwareModelSerializer(serializers.ModelSerializer):
    manufacturer_name = serializers.CharField(source="manufacturer.name", read_only=True)

    class Meta:
        model = HardwareModel
        fields = [
            "id",
            "manufacturer",
            "manufacturer_name",
            "kind",
            "name",
            "part_number",
            "u_height",
            "is_full_depth",
            "weight_kg",
            "power_draw_watts",
            "airflow",
            "end_of_sale_on",
            "end_of_support_on",
            "description",
            "row_version",
        ]


class VendorSerializer(serializers.ModelSerializer):
    class Meta:
        model = Vendor
        fields = ["id", "name", "contact", "phone", "email", "website", "row_version"]


class ExpirySerializer(serializers.Serializer):
    state = serializers.CharField()
    ends_on = serializers.DateField(allow_null=True)
    days_left = serializers.IntegerField(allow_null=True)


class AssetSerializer(serializers.ModelSerializer):
    model_name = serializers.CharField(source="model.__str__", read_only=True)
    ci_address = serializers.CharField(source="ci.address", read_only=True, default=None)
    warranty = ExpirySerializer(read_only=True)

    class Meta:
        model = Asset
        fields = [
            "id",
            "tag",
            "serial",
            "model",
            "model_name",
            "stage",
            "ci",
            "ci_address",
            "custodian",
            "owner_team",
            "location",
            "location_note",
            "vendor",
            "order_number",
            "purchased_on",
            "purchase_price",
            "currency",
            "warranty_ends_on",
            "warranty",
            "wipe_evidence",
            "note",
            "row_version",
        ]
        read_only_fields = ["wipe_evidence"]

    def validate_stage(self, stage):
        if self.instance and stage != self.instance.stage:
            raise serializers.ValidationError(_("The stage changes by a move: POST to “move/”."))
        if not self.instance and stage == Stage.DISPOSED:
            raise serializers.ValidationError(_("An asset is disposed of by a move with evidence."))
        return stage


class MoveSerializer(serializers.Serializer):
    to = serializers.ChoiceField(choices=Stage.choices)
    comment = serializers.CharField(required=False, allow_blank=True, max_length=500, default="")
    evidence = serializers.CharField(required=False, allow_blank=True, max_length=200, default="")


class PromiseSerializer(serializers.ModelSerializer):
    class Meta:
        model = ResponsePromise
        fields = ["id", "contract", "priority", "response_minutes", "row_version"]


class ContractCoverSerializer(serializers.ModelSerializer):
    class Meta:
        model = ContractCover
        fields = ["id", "contract", "asset", "row_version"]


class ContractSerializer(serializers.ModelSerializer):
    vendor_name = serializers.CharField(source="vendor.name", read_only=True)
    expiry = ExpirySerializer(read_only=True)

    class Meta:
        model = Contract
        fields = [
            "id",
            "vendor",
            "vendor_name",
            "number",
            "title",
            "kind",
            "starts_on",
            "ends_on",
            "expiry",
            "renewal_window_days",
            "support_hours",
            "note",
            "row_version",
        ]


class ManufacturerViewSet(RecordedViewSet):
    """Makers of hardware."""

    queryset = Manufacturer.objects.all()
    serializer_class = ManufacturerSerializer
    write_right = Right.ASSET_EDIT
    filterset_fields = {"name": ["exact", "icontains"]}


class HardwareModelViewSet(RecordedViewSet):
    """The catalogue of hardware models."""

    queryset = HardwareModel.objects.select_related("manufacturer")
    serializer_class = HardwareModelSerializer
    write_right = Right.ASSET_EDIT
    filterset_fields = {
        "manufacturer": ["exact"],
        "kind": ["exact"],
        "name": ["exact", "icontains"],
        "part_number": ["exact"],
        "end_of_support_on": ["gte", "lte"],
    }


class VendorViewSet(RecordedViewSet):
    """Companies we buy from."""

    queryset = Vendor.objects.all()
    serializer_class = VendorSerializer
    write_right = Right.ASSET_EDIT
    filterset_fields = {"name": ["exact", "icontains"]}


class AssetViewSet(RecordedViewSet):
    """Assets; the stage changes through `move/` alone."""

    queryset = Asset.objects.for_display()
    serializer_class = AssetSerializer
    filterset_class = AssetFilter
    write_right = Right.ASSET_EDIT

    @extend_schema(request=MoveSerializer, responses={200: AssetSerializer})
    @action(detail=True, methods=["post"], serializer_class=MoveSerializer)
    def move(self, request, pk=None):
        """Moves the asset along its life; a disposal needs `evidence`."""
        given = self.get_serializer(data=request.data)
        given.is_valid(raise_exception=True)
        self.row = move_asset(self.get_object(), by=request.user, **given.validated_data)
        self.row.refresh_from_db(fields=["row_version"])  # PostgreSQL counts, not we
        return Response(AssetSerializer(self.row, context=self.get_serializer_context()).data)


class ContractViewSet(RecordedViewSet):
    """Contracts with vendors."""

    queryset = Contract.objects.select_related("vendor")
    serializer_class = ContractSerializer
    filterset_class = ContractFilter
    write_right = Right.ASSET_EDIT


class ContractCoverViewSet(RecordedViewSet):
    """Which contract covers which asset."""

    queryset = ContractCover.objects.all()
    serializer_class = ContractCoverSerializer
    write_right = Right.ASSET_EDIT
    filterset_fields = {"contract": ["exact"], "asset": ["exact"]}


class ResponsePromiseViewSet(RecordedViewSet):
    """How fast a vendor answers, by priority."""

    queryset = ResponsePromise.objects.all()
    serializer_class = PromiseSerializer
    write_right = Right.ASSET_EDIT
    filterset_fields = {"contract": ["exact"], "priority": ["exact"]}
