"""What the endpoints of a plan take and answer beside its rows."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from changes.api.fields import ItemField
from changes.models import ChangeLink, ChangeRequest, PlanDocument, PlanStage
from changes.models.plan import DocumentKind, OperationKind

MANY = (OperationKind.UPDATE, OperationKind.RETIRE)


class WantedSerializer(serializers.Serializer):
    kind = serializers.ChoiceField(choices=OperationKind.choices, default=OperationKind.UPDATE)
    item = ItemField(required=False, allow_null=True, default=None)
    after = serializers.DictField(required=False, default=dict)


class BulkPlanSerializer(serializers.Serializer):
    """Either `filter` with `after`, or `operations`."""

    filter = serializers.DictField(
        required=False,
        help_text=_(
            "As stored filters: type, environment, owner_team, lifecycle_stage, name__icontains, "
            "attributes.<key>, most with __in. Without lifecycle_stage, ended items are left out."
        ),
    )
    kind = serializers.ChoiceField(
        choices=[(kind.value, kind.label) for kind in MANY], default=OperationKind.UPDATE
    )
    after = serializers.DictField(required=False, default=dict)
    operations = WantedSerializer(many=True, required=False)
    stage = serializers.PrimaryKeyRelatedField(queryset=PlanStage.objects.all(), required=False)
    dry_run = serializers.BooleanField(default=False)

    def validate(self, attrs):
        if ("filter" in attrs) == ("operations" in attrs):
            raise serializers.ValidationError(
                {"filter": [_("Give either a filter or a list of operations.")]}
            )
        if "filter" in attrs and not attrs["filter"]:
            raise serializers.ValidationError({"filter": [_("Name at least one condition.")]})
        return attrs


class FollowsSerializer(serializers.ModelSerializer):
    change = serializers.SlugRelatedField("number", queryset=ChangeRequest.objects.all(), source="other")
    title = serializers.CharField(source="other.title", read_only=True)
    state = serializers.CharField(source="other.state", read_only=True)

    class Meta:
        model = ChangeLink
        fields = ["id", "change", "title", "state"]


class OutcomeSerializer(serializers.Serializer):
    id = serializers.IntegerField(allow_null=True)
    kind = serializers.CharField()
    item = serializers.CharField(allow_null=True)
    before = serializers.DictField()
    after = serializers.DictField()
    is_unchanged = serializers.BooleanField()
    faults = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))


class BulkPlannedSerializer(serializers.Serializer):
    matched = serializers.IntegerField()
    planned = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    faulty = serializers.IntegerField()
    operations = OutcomeSerializer(many=True)


def summed_up(outcomes):
    """The answer to a bulk request."""
    rows = [
        {
            "id": outcome.operation.pk if outcome.operation else None,
            "kind": outcome.wanted.kind,
            "item": outcome.wanted.item.address if outcome.wanted.item else None,
            "before": outcome.operation.before if outcome.operation else {},
            "after": outcome.operation.after if outcome.operation else {},
            "is_unchanged": outcome.is_unchanged,
            "faults": outcome.faults,
        }
        for outcome in outcomes
    ]
    return {
        "matched": len(rows),
        "planned": sum(1 for row in rows if row["after"] or row["before"]),
        "unchanged": sum(1 for row in rows if row["is_unchanged"]),
        "faulty": sum(1 for row in rows if row["faults"]),
        "operations": rows,
    }


class MovedSerializer(serializers.Serializer):
    operation = serializers.IntegerField()
    item = serializers.CharField()
    field = serializers.CharField()
    before = serializers.JSONField()
    now = serializers.JSONField()


class RefusedOperationSerializer(serializers.Serializer):
    operation = serializers.IntegerField()
    faults = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))


class DryRunSerializer(serializers.Serializer):
    is_clean = serializers.BooleanField()
    operations = serializers.IntegerField()
    drifts = MovedSerializer(many=True)
    refused = RefusedOperationSerializer(many=True)


def told(run):
    """A dry run as data."""
    return {
        "is_clean": run.is_clean,
        "operations": run.count,
        "drifts": [
            {
                "operation": each.operation_id,
                "item": each.address,
                "field": each.field,
                "before": each.expected,
                "now": each.found,
            }
            for each in run.drifts
        ],
        "refused": [{"operation": pk, "faults": faults} for pk, faults in run.refused.items()],
    }


class TakeLiveSerializer(serializers.Serializer):
    operation = serializers.IntegerField(required=False, allow_null=True, default=None)
    fields = serializers.ListField(child=serializers.CharField(max_length=120), required=False, default=list)


class TakenSerializer(serializers.Serializer):
    taken = serializers.IntegerField()


class MoveRowSerializer(serializers.Serializer):
    places = serializers.IntegerField(min_value=-1000, max_value=1000)


class UploadSerializer(serializers.Serializer):
    file = serializers.FileField(allow_empty_file=True)
    label = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    kind = serializers.ChoiceField(choices=DocumentKind.choices, default=DocumentKind.PROCEDURE)


class DocumentSerializer(serializers.ModelSerializer):
    sha256 = serializers.CharField(source="file.sha256", read_only=True)
    size = serializers.IntegerField(source="file.size", read_only=True)

    class Meta:
        model = PlanDocument
        fields = ["id", "kind", "label", "name", "sha256", "size", "added_by", "added_at"]


class CopySerializer(serializers.Serializer):
    number = serializers.CharField(source="change.number")
    left_out = serializers.ListField(child=serializers.CharField())
