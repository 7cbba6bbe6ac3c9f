"""The gate for pipelines, and the switch that stops the line."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.roles import Right
from changes.actions import ask_gate, record_answer, release_the_line, seconds_to_wait, stop_the_line
from changes.filters import GateAnswerFilter
from changes.guards.gate import DEPLOY, ROLLBACK, Question, Verdict
from changes.guards.refusal import Refusal
from changes.models import GateAnswer, GateDecision, StoppedLine

LARGEST_BODY = 16 * 1024


class TooLargeError(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class QuestionSerializer(serializers.Serializer):
    """Items, or a service, by address (`type:name`)."""

    pipeline = serializers.CharField(max_length=200, help_text="Which pipeline asks, e.g. its address.")
    items = serializers.ListField(
        child=serializers.CharField(max_length=300), max_length=100, required=False, default=list
    )
    service = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)
    change = serializers.CharField(
        max_length=40, required=False, default="", allow_blank=True, help_text="CHG-…; without it, any."
    )
    environment = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    artifact_sha256 = serializers.RegexField(
        r"^[0-9a-fA-F]{64}$", required=False, default="", allow_blank=True
    )
    purpose = serializers.ChoiceField([DEPLOY, ROLLBACK], required=False, default=DEPLOY)

    def validate(self, data):
        unknown = sorted(set(self.initial_data) - set(self.fields))
        if unknown:
            raise serializers.ValidationError({name: [_("Unknown field.")] for name in unknown})
        if not data["items"] and not data["service"]:
            raise serializers.ValidationError({"items": [_("Name the items or the service.")]})
        return data


class ReasonSerializer(serializers.Serializer):
    code = serializers.CharField()
    message = serializers.CharField()
    fix = serializers.CharField(allow_blank=True)


class GateAnswerSerializer(serializers.ModelSerializer):
    """`decision` comes first; only `allow` before `expires_at` means go on."""

    change = serializers.CharField(source="change.number", allow_null=True, default=None)
    reasons = ReasonSerializer(many=True)
    asked_by = serializers.CharField(source="asked_by.username")

    class Meta:
        model = GateAnswer
        fields = [
            "decision", "reasons", "change", "expires_at", "asked_at", "id", "asked_by", "token_name",
            "pipeline", "purpose", "items", "service", "change_number", "environment", "artifact_sha256",
        ]  # fmt: skip


class GateViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """May this pipeline go on? POST asks; every question and answer stays on record and can be listed.

    Go on only after status 200 with `"decision": "allow"`. Every error says `"decision": "deny"`; an answer
    that cannot be read, or does not come, means no.
    """

    queryset = GateAnswer.objects.select_related("change", "asked_by")
    serializer_class = GateAnswerSerializer
    filterset_class = GateAnswerFilter
    ordering_fields = ["id"]
    write_right = Right.CHANGE_GATE
    is_atomic_by_deed = True  # an unreadable question stays on record although it is answered with an error

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        if request.method == "POST" and int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_BODY:
            raise TooLargeError(_("A question has at most 16 KiB."))

    @extend_schema(request=QuestionSerializer, responses=GateAnswerSerializer)
    def create(self, request):
        """The answer of now: allow, or deny with every reason."""
        if wait := seconds_to_wait(request.user):
            raise exceptions.Throttled(wait)
        token = getattr(request.auth, "name", "")
        asked = QuestionSerializer(data=request.data)
        if not asked.is_valid():
            self._record_unreadable(asked.errors, token)
            raise serializers.ValidationError(asked.errors)
        fields = dict(asked.validated_data)
        question = Question(items=tuple(dict.fromkeys(fields.pop("items"))), **fields)
        answer = ask_gate(question, by=request.user, token_name=token)
        return Response(self.get_serializer(answer).data)

    def _record_unreadable(self, errors, token):
        pipeline = self.request.data.get("pipeline") if isinstance(self.request.data, dict) else ""
        question = Question(pipeline=pipeline[:200] if isinstance(pipeline, str) else "")
        refusals = [
            Refusal("invalid", f"{field}: {_('This question cannot be read.')}")
            for field in list(errors)[:10]
        ]
        record_answer(question, Verdict(None, refusals), by=self.request.user, token_name=token)

    def handle_exception(self, exc):
        response = super().handle_exception(exc)
        if self.request.method == "POST":
            response.data = {"decision": GateDecision.DENY} | response.data
        return response


class StoppedLineSerializer(serializers.ModelSerializer):
    class Meta:
        model = StoppedLine
        fields = [
            "id", "service", "reason", "stopped_by", "stopped_at", "released_by", "released_at",
            "release_reason", "row_version",
        ]  # fmt: skip
        read_only_fields = ["stopped_by", "released_by", "release_reason"]


class ReleaseSerializer(serializers.Serializer):
    reason = serializers.CharField()


class StoppedLineViewSet(
    mixins.CreateModelMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet
):
    """The line: POST stops it (all, or one service with what it needs); `release/` lets it run again."""

    queryset = StoppedLine.objects.all()
    serializer_class = StoppedLineSerializer
    filterset_fields = {"service": ["exact"], "released_at": ["isnull"]}
    ordering_fields = ["id"]
    write_right = Right.VIEW  # each deed asks for its own

    def perform_create(self, serializer):
        asked = serializer.validated_data
        serializer.instance = stop_the_line(
            by=self.request.user, reason=asked["reason"], scope=asked.get("service")
        )

    @extend_schema(request=ReleaseSerializer, responses=StoppedLineSerializer)
    @action(detail=True, methods=["post"], filterset_fields=None)
    def release(self, request, pk=None):
        """Runs again; by a change manager, with the reason."""
        asked = ReleaseSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        stop = release_the_line(self.get_object(), by=request.user, reason=asked.validated_data["reason"])
        return Response(self.get_serializer(stop).data)
