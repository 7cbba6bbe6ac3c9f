from django.db import transaction
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.roles import Right
from audit.recorded.api import RecordedViewSet
from changes.models import ChangeRequest
from inspections import guards
from inspections.actions import (
    AnswerInput,
    accept_risk,
    acknowledge_finding,
    disable_plan,
    draft_version,
    enable_plan,
    link_change,
    mark_fixed,
    publish_version,
    raise_change,
    record_answers,
    return_run,
    sign_run,
    start_fix,
    start_run,
    submit_run,
)
from inspections.models import (
    Answer,
    ChecklistTemplate,
    Finding,
    InspectionPlan,
    InspectionRun,
    RunTarget,
    Signature,
    TemplateItem,
    TemplateVersion,
)

REFUSED = OpenApiResponse(description="Refused: `error.refusals` names every reason.")


class CommentSerializer(serializers.Serializer):
    comment = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")


class ReasonSerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=2000)


# Check lists and plans


class ChecklistTemplateSerializer(serializers.ModelSerializer):
    class Meta:
        model = ChecklistTemplate
        fields = ["id", "key", "label", "label_zh", "description", "ci_type", "owner_team", "row_version"]


class TemplateItemSerializer(serializers.ModelSerializer):
    class Meta:
        model = TemplateItem
        fields = [
            "id", "version", "key", "section", "section_zh", "position", "label", "label_zh", "kind", "help_text",
            "help_text_zh", "runbook_url", "is_required", "is_na_allowed", "unit", "decimals", "crit_low", "warn_low",
            "warn_high", "crit_high", "fail_severity", "choices", "comment_at", "finding", "row_version",
        ]  # fmt: skip


class TemplateVersionSerializer(serializers.ModelSerializer):
    items = TemplateItemSerializer(many=True, read_only=True)

    class Meta:
        model = TemplateVersion
        fields = [
            "id", "template", "number", "state", "changelog", "published_at", "published_by", "sha256", "items",
            "row_version",
        ]  # fmt: skip


class PlanSerializer(serializers.ModelSerializer):
    class Meta:
        model = InspectionPlan
        fields = [
            "id", "key", "label", "label_zh", "template", "scope", "group_by", "rrule", "time_zone", "starts_on",
            "shift_start", "opens_minutes", "due_minutes", "expires_minutes", "assignee", "team", "signoff",
            "is_enabled", "disabled_by", "disabled_reason", "generated_until_at", "row_version",
        ]  # fmt: skip
        read_only_fields = ["is_enabled", "disabled_by", "disabled_reason"]

    def validate(self, given):
        """The model's own clean(), with its messages per field."""
        own = {field.name: getattr(self.instance, field.name) for field in InspectionPlan._meta.concrete_fields} if self.instance else {}
        plan = InspectionPlan(**own | given)
        plan.clean()
        return given


class ChecklistTemplateViewSet(RecordedViewSet):
    """Check lists; `draft/` begins a new version."""

    queryset = ChecklistTemplate.objects.all()
    serializer_class = ChecklistTemplateSerializer
    write_right = Right.INSPECT_MANAGE
    filterset_fields = {"key": ["exact", "in"], "ci_type": ["exact"]}

    @extend_schema(request=None, responses={200: TemplateVersionSerializer})
    @action(detail=True, methods=["post"])
    def draft(self, request, pk=None):
        """The check list's draft: a copy of its newest version, or the draft that exists."""
        version = draft_version(self.get_object(), by=request.user)
        return Response(TemplateVersionSerializer(version).data)


class TemplateVersionViewSet(mixins.RetrieveModelMixin, mixins.ListModelMixin, viewsets.GenericViewSet):
    """Versions with their items; a published one never changes."""

    queryset = TemplateVersion.objects.prefetch_related("items")
    serializer_class = TemplateVersionSerializer
    write_right = Right.INSPECT_MANAGE
    filterset_fields = {"template": ["exact"], "state": ["exact"]}

    @extend_schema(request=CommentSerializer, responses={200: TemplateVersionSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def publish(self, request, pk=None):
        """Freezes and hashes the draft; `comment` says what changed."""
        given = CommentSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        comment = given.validated_data["comment"]
        version = publish_version(self.get_object(), by=request.user, changelog=comment)
        return Response(self.get_serializer(version).data)


class TemplateItemViewSet(RecordedViewSet):
    """Items; they are edited while their version is a draft."""

    queryset = TemplateItem.objects.all()
    serializer_class = TemplateItemSerializer
    write_right = Right.INSPECT_MANAGE
    filterset_fields = {"version": ["exact"], "key": ["exact"], "kind": ["exact"]}


class PlanViewSet(RecordedViewSet):
    """Plans; `disable/` needs a reason."""

    queryset = InspectionPlan.objects.all()
    serializer_class = PlanSerializer
    write_right = Right.INSPECT_MANAGE
    filterset_fields = {"key": ["exact"], "is_enabled": ["exact"], "template": ["exact"]}

    @extend_schema(request=ReasonSerializer, responses={200: PlanSerializer})
    @action(detail=True, methods=["post"])
    def disable(self, request, pk=None):
        given = ReasonSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        plan = disable_plan(self.get_object(), by=request.user, reason=given.validated_data["reason"])
        return Response(self.get_serializer(plan).data)

    @extend_schema(request=None, responses={200: PlanSerializer})
    @action(detail=True, methods=["post"])
    def enable(self, request, pk=None):
        return Response(self.get_serializer(enable_plan(self.get_object(), by=request.user)).data)


# Runs


class RunSerializer(serializers.ModelSerializer):
    class Meta:
        model = InspectionRun
        fields = [
            "number", "plan", "slot_at", "group_key", "group_label", "version", "version_sha256", "opens_at", "due_at",
            "expires_at", "assignee", "team", "signoff", "state", "state_reason", "started_at", "started_by",
            "completed_at", "submitted_at", "submitted_by", "signed_at", "is_late", "outcome", "record_sha256",
            "row_version",
        ]  # fmt: skip


class TargetSerializer(serializers.ModelSerializer):
    class Meta:
        model = RunTarget
        fields = ["id", "ci", "position", "snapshot", "result", "reason"]


class SignatureSerializer(serializers.ModelSerializer):
    class Meta:
        model = Signature
        fields = ["role", "by", "method", "comment", "signed_at", "record_sha256"]


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
            "id", "target", "item", "item_key", "is_current", "value_number", "value_choice", "value_text", "is_na",
            "severity", "bounds_used", "source", "comment", "answered_by", "observed_at", "received_at",
            "dwell_seconds", "op", "supersedes", "amendment",
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


class SubmitInputSerializer(serializers.Serializer):
    completed_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class RunViewSet(mixins.RetrieveModelMixin, mixins.ListModelMixin, viewsets.GenericViewSet):
    """Runs by number: `answers/`, `submit/`, `sign/`, `return/`."""

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
        return self.stepped(sign_run(self.get_object(), by=request.user, **given.validated_data))

    @extend_schema(request=CommentSerializer, responses={200: RunSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"], url_path="return")
    def give_back(self, request, number=None):
        """Back to the inspector, with a comment."""
        given = CommentSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return self.stepped(return_run(self.get_object(), by=request.user, **given.validated_data))


# Findings


class FindingSerializer(serializers.ModelSerializer):
    change_number = serializers.CharField(source="change.number", read_only=True, default=None)

    class Meta:
        model = Finding
        fields = [
            "number", "label", "label_zh", "ci", "item_key", "severity", "state", "state_by", "state_comment", "count",
            "opened_at", "response_due_at", "due_at", "owner", "acknowledged_at", "fixed_at", "fixed_by", "closed_at",
            "accepted_until_on", "duplicate_of", "change", "change_number", "first_answer", "last_answer",
            "verified_answer", "row_version",
        ]  # fmt: skip


class FindingStepSerializer(CommentSerializer):
    event = serializers.ChoiceField(choices=["acknowledge", "start_fix", "mark_fixed", "accept_risk"])
    until = serializers.DateField(required=False, allow_null=True, default=None)


class FindingChangeSerializer(serializers.Serializer):
    change = serializers.SlugRelatedField(
        slug_field="number", queryset=ChangeRequest.objects.all(), required=False, allow_null=True, default=None,
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
        "owner": ["exact"], "change": ["exact", "isnull"], "due_at": ["gte", "lt"], "opened_at": ["gte", "lt"],
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
            raise guards.Refused([guards.Refusal("until", str(_("Say until which day the risk is accepted.")))])
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
