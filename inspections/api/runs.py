"""Runs: their sheets, answers and signatures."""

from dataclasses import asdict

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.models import User
from accounts.roles import Right
from accounts.step_up import proof_of
from inspections.actions import (
    AnswerInput,
    claim_run,
    reassign_run,
    record_answers,
    release_run,
    return_run,
    sign_all_good,
    sign_run,
    start_run,
    submit_run,
)
from inspections.api.checklists import TemplateItemSerializer
from inspections.api.shapes import REFUSED, CommentSerializer, ReasonSerializer
from inspections.models import Answer, InspectionRun, RosterEntry, RunTarget, Signature
from inspections.verification import verify_run

MOST_SIGNED = 100


class RunSerializer(serializers.ModelSerializer):
    class Meta:
        model = InspectionRun
        fields = [
            "number", "plan", "slot_at", "group_key", "group_label", "version", "version_sha256",
            "opens_at", "due_at", "expires_at", "client", "assignee", "deputy", "team", "signoff", "state",
            "state_reason",
            "started_at", "started_by", "arrived_late_at", "completed_at", "submitted_at", "submitted_by",
            "signed_at",
            "is_late", "outcome", "record_sha256", "row_version",
        ]  # fmt: skip


class TargetSerializer(serializers.ModelSerializer):
    class Meta:
        model = RunTarget
        fields = ["id", "ci", "position", "snapshot", "result", "reason", "marked_by"]


class SignatureSerializer(serializers.ModelSerializer):
    class Meta:
        model = Signature
        fields = [
            "role", "by", "method", "proved_at", "is_bulk", "comment", "signed_at", "record_sha256",
        ]  # fmt: skip


class RunDetailSerializer(RunSerializer):
    targets = TargetSerializer(many=True, read_only=True)
    items = TemplateItemSerializer(many=True, read_only=True, source="version.items")
    signatures = SignatureSerializer(many=True, read_only=True)

    class Meta(RunSerializer.Meta):
        fields = [*RunSerializer.Meta.fields, "targets", "items", "signatures"]


class AnswerSerializer(serializers.ModelSerializer):
    class Meta:
        model = Answer
        fields = [
            "id", "target", "item", "item_key", "is_current", "value_number", "value_choice", "value_text",
            "is_na", "severity", "bounds_used", "source", "comment", "answered_by", "observed_at",
            "received_at", "dwell_seconds", "op", "supersedes", "amendment",
        ]  # fmt: skip


class AnswerInputSerializer(serializers.Serializer):
    op = serializers.UUIDField(help_text=_("Key of the operation: sent again, it changes nothing."))
    target = serializers.IntegerField()
    item = serializers.IntegerField()
    value = serializers.CharField(required=False, allow_blank=True, default="")
    is_na = serializers.BooleanField(default=False)
    comment = serializers.CharField(required=False, allow_blank=True, default="")
    observed_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    dwell_seconds = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=0, max_value=86400
    )


class AnswersInputSerializer(serializers.Serializer):
    answers = AnswerInputSerializer(many=True, allow_empty=False, max_length=1000)


class AnswerResultSerializer(serializers.Serializer):
    op = serializers.UUIDField()
    code = serializers.CharField(help_text=_("Empty when the answer is stored."))
    error = serializers.CharField()
    replayed = serializers.BooleanField()
    answer = AnswerSerializer(allow_null=True)


class SignInputSerializer(CommentSerializer):
    seen_sha256 = serializers.CharField(
        required=False, allow_blank=True, default="", help_text=_("The record hash that the reviewer read.")
    )


class VerificationSerializer(serializers.Serializer):
    number = serializers.CharField(source="run.number")
    verdict = serializers.ChoiceField(choices=["unsigned", "valid", "changed"])
    record_sha256 = serializers.CharField(source="run.record_sha256", help_text=_("What was signed."))
    computed_sha256 = serializers.CharField(help_text=_("The record, hashed again just now."))
    signatures = SignatureSerializer(many=True)
    amendments = serializers.IntegerField(help_text=_("Approved since; no part of the signed record."))


class BulkSignSerializer(CommentSerializer):
    seen = serializers.DictField(
        child=serializers.CharField(max_length=64), allow_empty=False,
        help_text=_("Number of each run, and the hash of the record that the reviewer saw."),
    )  # fmt: skip


class SignedSerializer(serializers.Serializer):
    number = serializers.CharField(source="run.number")
    state = serializers.CharField(source="run.state")
    refusals = serializers.ListField(child=serializers.DictField())


class SubmitInputSerializer(serializers.Serializer):
    completed_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class HandOverSerializer(serializers.Serializer):
    to = serializers.PrimaryKeyRelatedField(queryset=User.objects.filter(is_active=True))
    role = serializers.ChoiceField(RosterEntry.Role.choices, default=RosterEntry.Role.A)
    reason = serializers.CharField(max_length=500)


class RunViewSet(mixins.RetrieveModelMixin, mixins.ListModelMixin, viewsets.GenericViewSet):
    """Runs by number: `answers/`, `submit/`, `sign/`, `return/`; `claim/`, `release/`, `hand-over/`."""

    queryset = InspectionRun.objects.all()
    serializer_class = RunSerializer
    lookup_field = "number"
    lookup_value_regex = "[A-Z0-9-]+"
    write_right = Right.VIEW  # each step asks for its own right
    filterset_fields = {
        "state": ["exact", "in"], "plan": ["exact"], "assignee": ["exact"], "outcome": ["exact"],
        "is_late": ["exact"], "slot_at": ["gte", "lt"], "due_at": ["gte", "lt"], "targets__ci": ["exact"],
    }  # fmt: skip

    def get_serializer_class(self):
        return RunDetailSerializer if self.action == "retrieve" else super().get_serializer_class()

    def get_queryset(self):
        runs = super().get_queryset()
        if self.action == "retrieve":
            runs = runs.select_related("version").prefetch_related("targets", "version__items", "signatures")
        return runs

    def stepped(self, run):
        return Response(RunSerializer(run).data)

    @extend_schema(responses=AnswerSerializer(many=True), methods=["GET"])
    @extend_schema(
        request=AnswersInputSerializer, methods=["POST"],
        responses={200: AnswerResultSerializer(many=True), 409: REFUSED},
    )  # fmt: skip
    @action(detail=True, methods=["get", "post"], pagination_class=None, filterset_fields=None)
    def answers(self, request, number=None):
        """Every answer of the run, superseded ones too; POST records some, one result for each."""
        run = self.get_object()
        if request.method == "GET":
            answers = Answer.objects.filter(target__run=run).order_by("id")
            return Response(AnswerSerializer(answers, many=True).data)
        given = AnswersInputSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        entries = [AnswerInput(**each) for each in given.validated_data["answers"]]
        with transaction.atomic():
            results = record_answers(run, entries, by=request.user)
        return Response(AnswerResultSerializer(results, many=True).data)

    @extend_schema(request=None, responses={200: RunSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def start(self, request, number=None):
        """The run is in progress."""
        return self.stepped(start_run(self.get_object(), by=request.user))

    @extend_schema(request=SubmitInputSerializer, responses={200: RunSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def submit(self, request, number=None):
        """The run waits for sign-off; refused while an answer or a comment is missing."""
        given = SubmitInputSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return self.stepped(submit_run(self.get_object(), by=request.user, **given.validated_data))

    @extend_schema(request=SignInputSerializer, responses={200: RunSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def sign(self, request, number=None):
        """Signed by somebody who took no part."""
        given = SignInputSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        run = sign_run(self.get_object(), by=request.user, proof=proof_of(request), **given.validated_data)
        return self.stepped(run)

    @extend_schema(request=BulkSignSerializer, responses={200: SignedSerializer(many=True)})
    @action(detail=False, methods=["post"], url_path="sign-all-good")
    def sign_all_good(self, request):
        """Each named run in which everything is good has its own signature; the others say why not."""
        given = BulkSignSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        if len(asked["seen"]) > MOST_SIGNED:
            raise serializers.ValidationError({"seen": [_("At most 100 runs at once.")]})
        results = sign_all_good(
            asked["seen"], by=request.user, comment=asked["comment"], proof=proof_of(request)
        )
        return Response(
            [
                {
                    "number": each.run.number,
                    "state": each.run.state,
                    "refusals": [asdict(refusal) for refusal in each.refusals],
                }
                for each in results
            ]
        )

    @extend_schema(responses=VerificationSerializer)
    @action(detail=True, methods=["get"], pagination_class=None, filterset_fields=None)
    def verify(self, request, number=None):
        """Whether the record still is what was signed: its hash computed again now."""
        return Response(VerificationSerializer(verify_run(self.get_object())).data)

    @extend_schema(request=CommentSerializer, responses={200: RunSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"], url_path="return")
    def give_back(self, request, number=None):
        """Back to the inspector, with a comment."""
        given = CommentSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return self.stepped(return_run(self.get_object(), by=request.user, **given.validated_data))

    @extend_schema(request=None, responses={200: RunSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def claim(self, request, number=None):
        """Taken by whoever asks, of those who may."""
        return self.stepped(claim_run(self.get_object(), by=request.user))

    @extend_schema(request=ReasonSerializer, responses={200: RunSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def release(self, request, number=None):
        """Given back to the team, with a reason."""
        given = ReasonSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return self.stepped(release_run(self.get_object(), by=request.user, **given.validated_data))

    @extend_schema(request=HandOverSerializer, responses={200: RunSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"], url_path="hand-over")
    def hand_over(self, request, number=None):
        """Handed over to somebody, with a reason."""
        given = HandOverSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return self.stepped(reassign_run(self.get_object(), by=request.user, **given.validated_data))
