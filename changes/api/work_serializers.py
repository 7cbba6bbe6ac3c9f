"""The work, its measured effect and the review as JSON."""

from decimal import Decimal

from django.utils.translation import gettext as _
from rest_framework import serializers

from accounts.bodies import WITHIN_CALENDAR
from accounts.models import User
from changes.actions import Observation
from changes.actions.observations import MOST_AT_ONCE
from changes.api.serializers import ResultSerializer
from changes.models import CausedIncident, Deviation, PlanTask, ReviewAction


class ObservationSerializer(serializers.Serializer):
    """One measured value: for a criterion by its id, or for every criterion of a metric."""

    criterion = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    metric = serializers.CharField(required=False, max_length=200)
    value = serializers.DecimalField(
        max_digits=30, decimal_places=None, help_text=_("Kept with four decimals.")
    )
    measured_at = serializers.DateTimeField(
        required=False, validators=WITHIN_CALENDAR,
        help_text=_("By the source's clock: at most two minutes ahead of ours. Default: now."),
    )  # fmt: skip
    source = serializers.CharField(required=False, max_length=120, allow_blank=True)
    key = serializers.CharField(
        required=False, max_length=80, allow_blank=True,
        help_text=_("Makes a repeat of this post the same value."),
    )  # fmt: skip

    def validate_value(self, value: Decimal) -> Decimal:
        if not value.is_finite():
            raise serializers.ValidationError(_("A measured value is a number."))
        return value

    def validate(self, attrs):
        if ("criterion" in attrs) == ("metric" in attrs):
            raise serializers.ValidationError(_("Give either a criterion or a metric."))
        return attrs


class ObservationsSerializer(serializers.Serializer):
    """One value, a list of them, or {"observations": [...]}; at most 1,000."""

    observations = ObservationSerializer(many=True)


class ObservedSerializer(ResultSerializer):
    is_new = serializers.BooleanField(read_only=True)

    class Meta(ResultSerializer.Meta):
        fields = [*ResultSerializer.Meta.fields, "is_new"]


class ObservationAnswerSerializer(serializers.Serializer):
    state = serializers.CharField(help_text=_("Where the change stands now."))
    results = ObservedSerializer(many=True)


def asked_observations(body) -> list[Observation]:
    """What a program posted, whichever of the three shapes it chose. Raises ValidationError by number."""
    rows = body.get("observations", [body]) if isinstance(body, dict) else body
    if not isinstance(rows, list) or not rows:
        raise serializers.ValidationError({"observations": [_("Give one value or a list of values.")]})
    if len(rows) > MOST_AT_ONCE:
        told = _("At most %(most)d values are taken at once.") % {"most": MOST_AT_ONCE}
        raise serializers.ValidationError({"observations": [told]})
    shape = ObservationSerializer(data=rows, many=True)
    shape.is_valid(raise_exception=True)
    return [Observation(**row) for row in shape.validated_data]


class DriftSerializer(serializers.Serializer):
    """A field that is not what the plan expects."""

    operation = serializers.IntegerField(source="operation_id")
    item = serializers.IntegerField(source="item_id", allow_null=True)
    address = serializers.CharField()
    field = serializers.CharField()
    expected = serializers.JSONField()
    found = serializers.JSONField()


class DeviationSerializer(serializers.ModelSerializer):
    task = serializers.PrimaryKeyRelatedField(
        queryset=PlanTask.objects.all(), required=False, allow_null=True
    )

    class Meta:
        model = Deviation
        fields = ["id", "nature", "text", "task", "recorded_by", "recorded_at"]
        read_only_fields = ["nature", "recorded_by"]


class ForwardFixSerializer(serializers.Serializer):
    text = serializers.CharField(max_length=10_000)


class IncidentSerializer(serializers.ModelSerializer):
    class Meta:
        model = CausedIncident
        fields = ["id", "reference", "severity", "note", "link", "recorded_by", "recorded_at"]
        read_only_fields = ["recorded_by"]
        validators = []


class ReviewSerializer(serializers.Serializer):
    answers = serializers.DictField(child=serializers.CharField(allow_blank=True, max_length=10_000))
    summary = serializers.CharField(max_length=10_000)


class ReviewActionSerializer(serializers.ModelSerializer):
    owner = serializers.PrimaryKeyRelatedField(queryset=User.objects.filter(is_active=True))

    class Meta:
        model = ReviewAction
        fields = ["id", "text", "owner", "due_on", "agreed_by", "done_at", "done_by", "done_note"]
        read_only_fields = ["agreed_by", "done_at", "done_by", "done_note"]


class DoneSerializer(serializers.Serializer):
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=10_000)
