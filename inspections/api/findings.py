"""Findings, their policies and what happened to them."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.models import User
from accounts.roles import Right
from assets.models import Asset
from audit.recorded.api import RecordedViewSet
from changes.models import ChangeRequest
from inspections import actions
from inspections.api.shapes import REFUSED, CommentSerializer
from inspections.models import Finding, FindingEvent, FindingPolicy


class FindingSerializer(serializers.ModelSerializer):
    change_number = serializers.CharField(source="change.number", read_only=True, default=None)
    recurrence = serializers.SerializerMethodField(
        help_text=_("How many times the same item of this CI was found in 60 days, this included.")
    )
    is_overdue = serializers.BooleanField(read_only=True)

    class Meta:
        model = Finding
        fields = [
            "number", "label", "label_zh", "ci", "item_key", "severity", "state", "state_by",
            "state_comment", "count", "recurrence", "opened_at", "response_due_at", "due_at", "is_overdue",
            "policy_used", "owner", "acknowledged_at", "fixed_at", "fixed_by", "closed_at",
            "accepted_until_on", "accepted_by", "duplicate_of", "change", "change_number", "repair",
            "first_answer", "last_answer", "verified_answer", "first_reading", "last_reading",
            "verified_reading", "alert", "last_alert", "row_version",
        ]  # fmt: skip

    @extend_schema_field(serializers.IntegerField())
    def get_recurrence(self, finding):
        return getattr(finding, "recurrence", None)


class FindingEventSerializer(serializers.ModelSerializer):
    file_sha256 = serializers.CharField(source="file.sha256", read_only=True, default=None)

    class Meta:
        model = FindingEvent
        fields = [
            "id", "kind", "source_state", "target_state", "by", "comment", "data", "answer", "file_name",
            "file_sha256", "at",
        ]  # fmt: skip


class FindingStepSerializer(CommentSerializer):
    event = serializers.ChoiceField(
        choices=["acknowledge", "start_fix", "mark_fixed", "accept_risk", "reopen", "mark_duplicate"]
    )
    until = serializers.DateField(
        required=False, allow_null=True, default=None, help_text=_("For accept_risk: the last day.")
    )
    owner = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.filter(is_active=True), required=False, allow_null=True, default=None,
        help_text=_("For acknowledge: somebody else who owns it."),
    )  # fmt: skip
    duplicate_of = serializers.SlugRelatedField(
        slug_field="number", queryset=Finding.objects.all(), required=False, allow_null=True, default=None,
        help_text=_("For mark_duplicate: the number of the other finding."),
    )  # fmt: skip


class FindingChangeSerializer(serializers.Serializer):
    change = serializers.SlugRelatedField(
        slug_field="number", queryset=ChangeRequest.objects.all(), required=False, allow_null=True,
        default=None,
        help_text=_("Number of an existing change; without it a draft is made."),
    )  # fmt: skip


class FindingRemarkSerializer(serializers.Serializer):
    comment = serializers.CharField(max_length=4000)
    file = serializers.FileField(required=False, allow_null=True, default=None)


class OwnerSerializer(serializers.Serializer):
    owner = serializers.PrimaryKeyRelatedField(queryset=User.objects.filter(is_active=True))
    comment = serializers.CharField(max_length=2000)


class DeadlineSerializer(serializers.Serializer):
    due_at = serializers.DateTimeField()
    comment = serializers.CharField(max_length=2000)


class RepairSerializer(CommentSerializer):
    asset = serializers.SlugRelatedField(slug_field="tag", queryset=Asset.objects.all())


class RecheckSerializer(serializers.Serializer):
    run = serializers.CharField(help_text=_("Number of the run that looks again."))


STEPS = {
    "acknowledge": lambda finding, by, given: actions.acknowledge_finding(
        finding, by=by, comment=given["comment"], owner=given["owner"]
    ),
    "start_fix": lambda finding, by, given: actions.start_fix(finding, by=by, comment=given["comment"]),
    "mark_fixed": lambda finding, by, given: actions.mark_fixed(finding, by=by, comment=given["comment"]),
    "accept_risk": lambda finding, by, given: actions.accept_risk(
        finding, by=by, until=given["until"], comment=given["comment"]
    ),
    "reopen": lambda finding, by, given: actions.reopen_finding(finding, by=by, comment=given["comment"]),
    "mark_duplicate": lambda finding, by, given: actions.mark_duplicate(
        finding, by=by, of=given["duplicate_of"], comment=given["comment"]
    ),
}


class FindingViewSet(mixins.RetrieveModelMixin, mixins.ListModelMixin, viewsets.GenericViewSet):
    """Findings by number; `steps/` moves them, the other endpoints do what is not a step of its state."""

    queryset = Finding.objects.select_related("change").with_recurrence()
    serializer_class = FindingSerializer
    lookup_field = "number"
    lookup_value_regex = "[A-Z0-9-]+"
    write_right = Right.VIEW  # each step asks for its own right
    filterset_fields = {
        "state": ["exact", "in"], "severity": ["exact"], "ci": ["exact"], "item_key": ["exact"],
        "owner": ["exact", "isnull"], "change": ["exact", "isnull"], "due_at": ["gte", "lt"],
        "opened_at": ["gte", "lt"], "ci__owner_team": ["exact"],
    }  # fmt: skip

    def given(self, serializer):
        """What was sent, checked."""
        filled = serializer(data=self.request.data)
        filled.is_valid(raise_exception=True)
        return filled.validated_data

    def moved(self):
        """The finding as it is now."""
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=FindingStepSerializer, responses={200: FindingSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def steps(self, request, number=None):
        """One step of its state; accept_risk needs `until`, mark_duplicate `duplicate_of`."""
        given = self.given(FindingStepSerializer)
        STEPS[given["event"]](self.get_object(), request.user, given)
        return self.moved()

    @extend_schema(responses=FindingEventSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filterset_fields=None)
    def events(self, request, number=None):
        """Everything that happened to it, oldest first."""
        events = self.get_object().events.select_related("file")
        return Response(FindingEventSerializer(events, many=True).data)

    @extend_schema(request=FindingRemarkSerializer, responses={200: FindingSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def comments(self, request, number=None):
        """A comment, with a photo or PDF or not."""
        actions.comment_finding(self.get_object(), by=request.user, **self.given(FindingRemarkSerializer))
        return self.moved()

    @extend_schema(request=OwnerSerializer, responses={200: FindingSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def owner(self, request, number=None):
        """Somebody else owns it from now on, for a reason."""
        actions.reassign_finding(self.get_object(), by=request.user, **self.given(OwnerSerializer))
        return self.moved()

    @extend_schema(request=DeadlineSerializer, responses={200: FindingSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def deadline(self, request, number=None):
        """The fix has another deadline, for a reason; never granted by its owner."""
        actions.move_deadline(self.get_object(), by=request.user, **self.given(DeadlineSerializer))
        return self.moved()

    @extend_schema(request=None, responses={200: RecheckSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def recheck(self, request, number=None):
        """A run looks at the CI again within the hour."""
        return Response({"run": actions.plan_recheck(self.get_object(), by=request.user).number})

    @extend_schema(request=RepairSerializer, responses={200: FindingSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def repair(self, request, number=None):
        """An asset of the CI goes to repair."""
        actions.send_to_repair(self.get_object(), by=request.user, **self.given(RepairSerializer))
        return self.moved()

    @extend_schema(request=FindingChangeSerializer, responses={200: FindingSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def change(self, request, number=None):
        """Links an existing change, or drafts one with the evidence."""
        if change := self.given(FindingChangeSerializer)["change"]:
            actions.link_change(self.get_object(), change, by=request.user)
        else:
            actions.raise_change(self.get_object(), by=request.user)
        return self.moved()


class FindingPolicySerializer(serializers.ModelSerializer):
    class Meta:
        model = FindingPolicy
        fields = [
            "id", "severity", "response_minutes", "fix_minutes", "calendar", "escalate_after_minutes",
            "escalate_to_team", "longest_risk_days", "row_version",
        ]  # fmt: skip
        read_only_fields = ["severity"]


class FindingPolicyViewSet(RecordedViewSet):
    """How fast findings of each severity are answered and fixed; an edit moves no deadline that stands."""

    queryset = FindingPolicy.objects.all()
    serializer_class = FindingPolicySerializer
    write_right = Right.INSPECT_MANAGE
    http_method_names = ["get", "head", "options", "patch", "put"]
