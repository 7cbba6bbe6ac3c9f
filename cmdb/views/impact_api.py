"""Impact over the API: of one item, or of a set that fails together."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.roles import Right, require_right
from cmdb.impact import impact_of
from cmdb.models import ConfigurationItem

LISTED = 1000
DIRECTIONS = ["forward", "backward"]


class ImpactQuestion(serializers.Serializer):
    """How to ask: forwards (what breaks) or backwards (what is needed), how deep, how many rows per set."""

    direction = serializers.ChoiceField(DIRECTIONS, default="forward")
    max_depth = serializers.IntegerField(min_value=1, required=False)
    limit = serializers.IntegerField(min_value=1, max_value=100_000, default=LISTED)


class ImpactSetQuestion(ImpactQuestion):
    """The same for several items, by address (`host:db01`) or id, that fail together."""

    items = serializers.ListField(child=serializers.CharField(), min_length=1, max_length=1000)


class ImpactRowSerializer(serializers.Serializer):
    item_id = serializers.IntegerField()
    address = serializers.CharField()
    name = serializers.CharField()
    type_key = serializers.CharField()
    criticality = serializers.IntegerField()
    depth = serializers.IntegerField()
    via = serializers.CharField()
    via_id = serializers.IntegerField()
    weakest_confirmed_at = serializers.DateTimeField(allow_null=True)


class ImpactAnswer(serializers.Serializer):
    """Three sets of items; `total` counts them all, `more` those that are not listed, per set."""

    items = serializers.ListField(child=serializers.CharField())
    direction = serializers.ChoiceField(DIRECTIONS)
    total = serializers.IntegerField()
    by_depth = serializers.ListField(child=serializers.IntegerField())
    down = ImpactRowSerializer(many=True)
    degraded = ImpactRowSerializer(many=True)
    informed = ImpactRowSerializer(many=True)
    more = serializers.DictField(child=serializers.IntegerField())


def answer(items, asked):
    impact = impact_of(items, backward=asked["direction"] == "backward", max_depth=asked.get("max_depth"))
    return Response(impact.as_json(limit=asked["limit"]))


class ItemImpactView(APIView):
    """What breaks if the item fails, or what it needs."""

    @extend_schema(
        parameters=[
            OpenApiParameter("direction", enum=DIRECTIONS, default="forward"),
            OpenApiParameter("max_depth", int),
            OpenApiParameter("limit", int, default=LISTED),
        ],
        responses=ImpactAnswer,
    )
    def get(self, request, pk):
        require_right(request.user, Right.VIEW)
        asked = ImpactQuestion(data=request.query_params)
        asked.is_valid(raise_exception=True)
        item = get_object_or_404(ConfigurationItem.objects.only("pk"), pk=pk)
        return answer([item.pk], asked.validated_data)


class ImpactView(APIView):
    """What breaks if the items fail together, or what they need. Reads only."""

    @extend_schema(request=ImpactSetQuestion, responses=ImpactAnswer)
    def post(self, request):
        require_right(request.user, Right.VIEW)
        asked = ImpactSetQuestion(data=request.data)
        asked.is_valid(raise_exception=True)
        return answer(found(asked.validated_data["items"]), asked.validated_data)


def found(references):
    """The ids of the items; every reference that leads nowhere is named. Two statements."""
    numbers = {int(text) for text in references if text.isdecimal() and len(text) < 19}
    addresses = [text for text in references if not text.isdecimal()]
    by_address = ConfigurationItem.objects.by_addresses(addresses)
    by_id = set(ConfigurationItem.objects.filter(pk__in=numbers).values_list("pk", flat=True))
    missing = [text for text in addresses if text not in by_address]
    missing += [str(number) for number in sorted(numbers - by_id)]
    if missing:
        raise serializers.ValidationError(
            {"items": [_("There is no configuration item “%s”.") % text for text in missing]}
        )
    return by_id | {item.pk for item in by_address.values()}
