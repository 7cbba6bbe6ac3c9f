"""Findings."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.roles import Right
from changes.models import ChangeRequest
from inspections import guards
from inspections.actions import (
    accept_risk,
    acknowledge_finding,
    link_change,
    mark_fixed,
    raise_change,
    start_fix,
)
from inspections.api.shapes import REFUSED, CommentSerializer
from inspections.models import Finding


class FindingSerializer(serializers.ModelSerializer):
    change_number = serializers.CharField(source="change.number", read_only=True, default=None)

    class Meta:
        model = Finding
        fields = [
            "number", "label", "label_zh", "ci", "item_key", "severity", "state", "state_by",
            "state_comment", "count", "opened_at", "response_due_at", "due_at", "owner", "acknowledged_at",
            "fixed_at", "fixed_by", "closed_at", "accepted_until_on", "duplicate_of", "change",
            "change_number", "first_answer", "last_answer", "verified_answer", "row_version",
        ]  # fmt: skip


class FindingStepSerializer(CommentSerializer):
    event = serializers.ChoiceField(choices=["acknowledge", "start_fix", "mark_fixed", "accept_risk"])
    until = serializers.DateField(required=False, allow_null=True, default=None)


class FindingChangeSerializer(serializers.Serializer):
    change = serializers.SlugRelatedField(
        slug_field="number", queryset=ChangeRequest.objects.all(), required=False, allow_null=True,
        default=None,
        help_text=_("Number of an existing change; without it a draft is made."),
    )  # fmt: skip


PLAIN_STEPS = {"acknowledge": acknowledge_finding, "start_fix": start_fix, "mark_fixed": mark_fixed}


class FindingViewSet(mixins.RetrieveModelMixin, mixins.ListModelMixin, viewsets.GenericViewSet):
    """Findings by number; `steps/` moves them, `change/` names or drafts the change that fixes one."""

    queryset = Finding.objects.select_related("change")
    serializer_class = FindingSerializer
    lookup_field = "number"
    lookup_value_regex = "[A-Z0-9-]+"
    write_right = Right.VIEW  # each step asks for its own right
    filterset_fields = {
        "state": ["exact", "in"], "severity": ["exact"], "ci": ["exact"], "item_key": ["exact"],
        "owner": ["exact"], "change": ["exact", "isnull"], "due_at": ["gte", "lt"],
        "opened_at": ["gte", "lt"],
    }  # fmt: skip

    @extend_schema(request=FindingStepSerializer, responses={200: FindingSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def steps(self, request, number=None):
        """One step: acknowledge, start_fix, mark_fixed, or accept_risk (with `until`)."""
        given = FindingStepSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        step, finding = given.validated_data, self.get_object()
        if step["event"] != "accept_risk":
            finding = PLAIN_STEPS[step["event"]](finding, by=request.user, comment=step["comment"])
        elif step["until"] is None:
            raise guards.Refused(
                [guards.Refusal("until", str(_("Say until which day the risk is accepted.")))]
            )
        else:
            finding = accept_risk(finding, by=request.user, until=step["until"], comment=step["comment"])
        return Response(self.get_serializer(finding).data)

    @extend_schema(request=FindingChangeSerializer, responses={200: FindingSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def change(self, request, number=None):
        """Links an existing change, or drafts one with the evidence."""
        given = FindingChangeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        if change := given.validated_data["change"]:
            link_change(self.get_object(), change, by=request.user)
        else:
            raise_change(self.get_object(), by=request.user)
        return Response(self.get_serializer(self.get_object()).data)
