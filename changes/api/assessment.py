"""Assessing and testing a change over the API; the endpoints are part of `changes/{number}/`."""

import json

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, parsers, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.bodies import JSONParser
from audit.recorded.api import RecordedViewSet
from changes import actions as deeds
from changes.api.fields import ItemField
from changes.guards.impact import LiveImpact, last_confirmation
from changes.models import (
    Consultation,
    ImpactConfirmation,
    RiskAnswer,
    RiskQuestion,
    TestCase,
    TestRun,
)

ROW = OpenApiParameter("row", OpenApiTypes.INT, OpenApiParameter.PATH)


class ConfirmationSerializer(serializers.ModelSerializer):
    class Meta:
        model = ImpactConfirmation
        fields = [
            "id", "purpose", "changed", "known", "rows", "vetoed", "acknowledged", "comment", "list_hash",
            "confirmed_by", "confirmed_at",
        ]  # fmt: skip


class AffectedSerializer(serializers.Serializer):
    item = serializers.IntegerField(source="item_id")
    address = serializers.CharField()
    effect = serializers.ChoiceField(choices=["down", "degraded", "informed"])
    depth = serializers.IntegerField()
    criticality = serializers.IntegerField()
    team = serializers.CharField()
    path = serializers.ListField(child=serializers.CharField())
    is_added = serializers.BooleanField()


class ImpactSerializer(serializers.Serializer):
    """The list as the graph gives it now, its mark, the confirmation that counts and what grew since."""

    mark = serializers.CharField()
    rows = AffectedSerializer(many=True)
    grown = AffectedSerializer(many=True)
    confirmation = ConfirmationSerializer(allow_null=True)


class ConfirmSerializer(serializers.Serializer):
    seen = serializers.CharField(help_text=_("The mark of the list that was read (GET impact/)."))
    comment = serializers.CharField(required=False, default="", allow_blank=True, max_length=10_000)


class AcknowledgeSerializer(serializers.Serializer):
    items = serializers.ListField(
        child=serializers.CharField(), help_text=_("The address of every new item.")
    )
    comment = serializers.CharField(required=False, default="", allow_blank=True, max_length=10_000)


class JudgeSerializer(serializers.Serializer):
    item = ItemField()
    effect = serializers.ChoiceField(
        choices=["none", "down", "degraded", "informed"], help_text=_("none: it is not affected.")
    )
    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=10_000)


class OverruleSerializer(serializers.Serializer):
    because = serializers.CharField(max_length=10_000)


class AskedSerializer(serializers.ModelSerializer):
    change_number = serializers.CharField(source="change.number", read_only=True)
    change_title = serializers.CharField(source="change.title", read_only=True)
    asked_hash = serializers.CharField(
        source="change.asked_hash", read_only=True, help_text=_("Mark of the plan that is asked about.")
    )

    class Meta:
        model = Consultation
        fields = [
            "id", "change_number", "change_title", "team", "answer", "asked_at", "due_at", "is_late",
            "is_outdated", "asked_hash", "answered_by", "answered_at", "comment", "overruled_by",
            "overruled_at", "overruled_because",
        ]  # fmt: skip


class TestCaseSerializer(serializers.ModelSerializer):
    __test__ = False  # pytest: not a test class

    class Meta:
        model = TestCase
        fields = ["id", "position", "label", "steps", "expected"]
        read_only_fields = ["position"]


class TestRunSerializer(serializers.ModelSerializer):
    """A run as it stands."""

    __test__ = False  # pytest: not a test class

    class Meta:
        model = TestRun
        fields = [
            "id", "purpose", "plan_hash", "environment", "has_passed", "cases", "files", "measured_minutes",
            "note", "tester", "run_at",
        ]  # fmt: skip


class CasesField(serializers.JSONField):
    """A list of cases; as text too, for a request that carries files."""

    def to_internal_value(self, data):
        if isinstance(data, str):
            try:
                data = json.loads(data)
            except ValueError:
                raise serializers.ValidationError(_("This is no JSON.")) from None
        if not isinstance(data, list) or not all(isinstance(each, dict) for each in data):
            raise serializers.ValidationError(_("Give a list of cases."))
        return data


class RecordRunSerializer(serializers.Serializer):
    """A run to record: each case is {case (id) or name, result, note}."""

    purpose = serializers.ChoiceField(choices=TestRun.Purpose.choices, default=TestRun.Purpose.TEST)
    environment = serializers.CharField(max_length=200)
    has_passed = serializers.BooleanField(default=True)
    cases = CasesField(required=False, default=list)
    measured_minutes = serializers.IntegerField(
        required=False, min_value=0, max_value=2**31 - 1, default=None
    )
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=10_000)
    uploads = serializers.ListField(child=serializers.FileField(), required=False, default=list)


class AssessmentDeeds:
    """What is done to a change before its vote."""

    @extend_schema(methods=["GET"], responses=ImpactSerializer)
    @action(detail=True, pagination_class=None, filterset_class=None)
    def impact(self, request, number):
        """What the change affects now, who confirmed it, and which critical items came in since."""
        change = self.get_object()
        live, confirmed = LiveImpact(change), last_confirmation(change)
        shown = {
            "mark": deeds.list_mark(live),
            "rows": live.rows,
            "grown": live.grown_since(confirmed) if confirmed else [],
            "confirmation": confirmed,
        }
        return Response(ImpactSerializer(shown).data)

    @extend_schema(request=ConfirmSerializer, responses={201: ConfirmationSerializer})
    @action(detail=True, methods=["post"], url_path="impact/confirm", filterset_class=None)
    def confirm_impact(self, request, number):
        """The assessor stands for the list that was read; another one is refused (409)."""
        asked = self._read(ConfirmSerializer)
        return self._made(
            ConfirmationSerializer, deeds.confirm_impact(self.get_object(), by=request.user, **asked)
        )

    @extend_schema(request=AcknowledgeSerializer, responses={201: ConfirmationSerializer})
    @action(detail=True, methods=["post"], url_path="impact/acknowledge", filterset_class=None)
    def acknowledge_impact(self, request, number):
        """The owner or the assessor stands for every item that came in since, each by its address."""
        asked = self._read(AcknowledgeSerializer)
        return self._made(
            ConfirmationSerializer, deeds.acknowledge_impact(self.get_object(), by=request.user, **asked)
        )

    @extend_schema(request=JudgeSerializer, responses={200: ImpactSerializer})
    @action(detail=True, methods=["post"], url_path="impact/judge", filterset_class=None)
    def judge_item(self, request, number):
        """The assessor leaves an item out, or adds one that no relation leads to; answers with the list."""
        asked, change = self._read(JudgeSerializer), self.get_object()
        if asked["effect"] == "none":
            deeds.judge_not_affected(change, asked["item"], by=request.user, reason=asked["reason"])
        else:
            deeds.add_affected(change, by=request.user, **asked)
        live = LiveImpact(change)
        shown = {"mark": deeds.list_mark(live), "rows": live.rows, "grown": [], "confirmation": None}
        return Response(ImpactSerializer(shown).data)

    @extend_schema(parameters=[ROW], request=OverruleSerializer, responses=AskedSerializer)
    @action(
        detail=True, methods=["post"], url_path=r"consultations/(?P<row>\d+)/overrule", filterset_class=None
    )
    def overrule(self, request, number, row):
        """The assessor goes on in spite of an objection, or of silence past its time, for a reason."""
        asked = self._read(OverruleSerializer)
        row = deeds.overrule_owner(self._row("consultations", row), by=request.user, because=asked["because"])
        return Response(AskedSerializer(row).data)

    @extend_schema(request=TestCaseSerializer, responses={201: TestCaseSerializer})
    @action(detail=True, methods=["post"], url_path="test-cases", filterset_class=None)
    def test_cases(self, request, number):
        """One more planned test: {label, steps, expected}."""
        return self._add(deeds.add_test_case, TestCaseSerializer)

    @extend_schema(request=RecordRunSerializer, responses={201: TestRunSerializer})
    @action(
        detail=True, methods=["post"], url_path="test-runs", filterset_class=None,
        parser_classes=[JSONParser, parsers.MultiPartParser],
    )  # fmt: skip
    def test_runs(self, request, number):
        """A test or a rehearsal, bound to the plan as it is now; files come as multipart in `uploads`."""
        run = deeds.record_test_run(self.get_object(), by=request.user, **self._read(RecordRunSerializer))
        return self._made(TestRunSerializer, run)


class ConsultationViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """What the teams of the reader are asked about changes; answered at `changes/{number}/consultations/`."""

    queryset = Consultation.objects.select_related("change")
    serializer_class = AskedSerializer
    filterset_fields = ["team", "answer"]

    def get_queryset(self):
        user = self.request.user
        return super().get_queryset().filter(team__members__user=user) if user.pk else self.queryset.none()


class RiskQuestionSerializer(serializers.ModelSerializer):
    class Meta:
        model = RiskQuestion
        fields = [
            "id", "key", "label", "label_zh", "help", "help_zh", "kinds", "position", "is_active",
            "row_version",
        ]  # fmt: skip


class RiskAnswerSerializer(serializers.ModelSerializer):
    class Meta:
        model = RiskAnswer
        fields = [
            "id",
            "question",
            "key",
            "label",
            "label_zh",
            "level",
            "position",
            "is_active",
            "row_version",
        ]


class RiskQuestionViewSet(RecordedViewSet):
    """The questions of the risk questionnaire; an edit changes no past assessment."""

    queryset = RiskQuestion.objects.all()
    serializer_class = RiskQuestionSerializer
    filterset_fields = ["is_active"]


class RiskAnswerViewSet(RecordedViewSet):
    """The answers that may be chosen, and the risk each of them means."""

    queryset = RiskAnswer.objects.all()
    serializer_class = RiskAnswerSerializer
    filterset_fields = ["question"]
