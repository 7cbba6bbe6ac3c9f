"""A change and everything that hangs on it, as JSON."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import Team, User
from changes.api.assessment import TestCaseSerializer, TestRunSerializer
from changes.api.fields import ItemField, WindowField
from changes.api.plan_serializers import DocumentSerializer, FollowsSerializer
from changes.models import (
    ApprovalRound,
    Assignment,
    ChangeEvent,
    ChangeItem,
    ChangeRequest,
    Consultation,
    Criterion,
    CriterionResult,
    DriftDecision,
    PlannedOperation,
    PlanStage,
    PlanTask,
    Remark,
    RollbackStep,
    RoundSeat,
    RoundStep,
    Vote,
)
from changes.models.request import AssignmentRole, ItemImpact


class ChangeSerializer(serializers.ModelSerializer):
    window = WindowField(required=False, allow_null=True)
    items = serializers.ListField(child=ItemField(), write_only=True, required=False)

    class Meta:
        model = ChangeRequest
        fields = [
            "id", "number", "kind", "state", "state_since_at", "on_hold", "outcome", "title", "reason",
            "description", "service", "requester", "owner", "window", "downtime_minutes", "risk",
            "risk_inputs", "test_plan", "rollback_trigger", "rollback_minutes", "rollback_owner",
            "rollback_rehearsal", "freeze_override", "template", "parameters", "incident_ref",
            "incident_priority", "plan_hash", "asked_hash",
            "approved_hash", "is_retrospective", "is_break_glass", "is_imported", "actual_start_at",
            "actual_end_at", "ratify_due_at", "is_unauthorised", "backup_ref", "deviations",
            "issues", "restore_check", "retro_assessment", "pir", "pir_actions", "caused_incidents",
            "import_source", "import_key", "created_at", "items", "row_version",
        ]  # fmt: skip
        read_only_fields = [
            "number", "state", "state_since_at", "on_hold", "outcome", "requester", "risk", "risk_inputs",
            "plan_hash", "asked_hash", "approved_hash", "is_retrospective", "is_break_glass", "is_imported",
            "actual_start_at", "actual_end_at", "ratify_due_at", "is_unauthorised", "backup_ref",
            "deviations", "issues", "restore_check", "retro_assessment", "pir",
            "pir_actions", "caused_incidents", "created_at",
        ]  # fmt: skip
        # PostgreSQL's unique constraint says it; DRF's validator would make both fields required.
        validators = []


class ChangeItemSerializer(serializers.ModelSerializer):
    item = ItemField()
    impact = serializers.ChoiceField(choices=ItemImpact.choices, default=ItemImpact.MANUAL)

    class Meta:
        model = ChangeItem
        fields = ["id", "item", "impact", "effect", "depth", "reason", "judged_by"]
        read_only_fields = ["effect", "reason", "judged_by"]


class AssignmentSerializer(serializers.ModelSerializer):
    user = serializers.PrimaryKeyRelatedField(queryset=User.objects.filter(is_active=True))
    role = serializers.ChoiceField(choices=AssignmentRole.choices)

    class Meta:
        model = Assignment
        fields = ["id", "user", "role"]


class ConsultationSerializer(serializers.ModelSerializer):
    """A team's word on the plan as it stands; an edit of the plan makes it void (`is_outdated`)."""

    team = serializers.PrimaryKeyRelatedField(queryset=Team.objects.all())
    plan_hash = serializers.CharField(
        required=False,
        max_length=64,
        default="",
        help_text=_("The `asked_hash` that was read; another is refused."),
    )
    is_outdated = serializers.BooleanField(read_only=True)

    class Meta:
        model = Consultation
        fields = [
            "id", "team", "answer", "asked_at", "due_at", "answered_by", "answered_at", "comment",
            "plan_hash", "is_outdated", "overruled_by", "overruled_at", "overruled_because",
        ]  # fmt: skip
        read_only_fields = [
            "asked_at", "due_at", "answered_by", "answered_at", "overruled_by", "overruled_at",
            "overruled_because",
        ]  # fmt: skip


class StageSerializer(serializers.ModelSerializer):
    class Meta:
        model = PlanStage
        fields = [
            "id", "position", "label", "share_percent", "is_point_of_no_return", "applied_at", "applied_by",
            "reverted_at", "row_version",
        ]  # fmt: skip
        read_only_fields = ["position"]


class OperationSerializer(serializers.ModelSerializer):
    item = ItemField(required=False, allow_null=True)
    stage = serializers.PrimaryKeyRelatedField(queryset=PlanStage.objects.all(), required=False)

    class Meta:
        model = PlannedOperation
        fields = ["id", "kind", "stage", "item", "before", "after", "found", "applied_at", "reverted_at"]
        read_only_fields = ["before"]


class TaskSerializer(serializers.ModelSerializer):
    class Meta:
        model = PlanTask
        fields = [
            "id", "stage", "phase", "position", "label", "is_dual", "duration_minutes", "assignee", "done_at",
            "done_by", "second_by", "note", "row_version",
        ]  # fmt: skip
        extra_kwargs = {"position": {"required": False, "default": serializers.CreateOnlyDefault(None)}}


class RollbackStepSerializer(serializers.ModelSerializer):
    class Meta:
        model = RollbackStep
        fields = ["id", "position", "label", "duration_minutes", "done_at", "done_by", "row_version"]
        extra_kwargs = {"position": {"required": False, "default": serializers.CreateOnlyDefault(None)}}


class ResultSerializer(serializers.ModelSerializer):
    class Meta:
        model = CriterionResult
        fields = [
            "id",
            "criterion",
            "value",
            "has_passed",
            "source",
            "evidence",
            "measured_by",
            "measured_at",
            "received_at",
            "key",
        ]
        read_only_fields = ["criterion", "measured_by", "key"]


class CriterionSerializer(serializers.ModelSerializer):
    results = ResultSerializer(many=True, read_only=True)

    class Meta:
        model = Criterion
        fields = [
            "id", "position", "metric", "comparison", "threshold", "unit", "observation_minutes",
            "has_auto_rollback", "grace_minutes", "has_auto_restore", "is_machine", "results", "row_version",
        ]  # fmt: skip


class DriftDecisionSerializer(serializers.ModelSerializer):
    class Meta:
        model = DriftDecision
        fields = ["id", "operation", "field", "seen", "decision", "decided_by", "confirmed_by"]
        read_only_fields = ["operation", "decided_by", "confirmed_by"]


class ChangeDetailSerializer(ChangeSerializer):
    """The change with its plan and its people."""

    change_items = ChangeItemSerializer(many=True, read_only=True)
    assignments = AssignmentSerializer(many=True, read_only=True)
    consultations = ConsultationSerializer(many=True, read_only=True)
    stages = StageSerializer(many=True, read_only=True)
    operations = OperationSerializer(many=True, read_only=True)
    tasks = TaskSerializer(many=True, read_only=True)
    rollback_steps = RollbackStepSerializer(many=True, read_only=True)
    criteria = CriterionSerializer(many=True, read_only=True)
    test_cases = TestCaseSerializer(many=True, read_only=True)
    test_runs = TestRunSerializer(many=True, read_only=True)
    documents = DocumentSerializer(many=True, read_only=True)
    follows = FollowsSerializer(many=True, read_only=True)

    class Meta(ChangeSerializer.Meta):
        fields = [
            *ChangeSerializer.Meta.fields, "change_items", "assignments", "consultations", "stages",
            "operations", "tasks", "rollback_steps", "criteria", "test_cases", "test_runs", "documents",
            "follows",
        ]  # fmt: skip


class RefusalSerializer(serializers.Serializer):
    code = serializers.CharField()
    message = serializers.CharField()
    fix = serializers.CharField()
    link = serializers.CharField(help_text="The page on which it is put right; empty where there is none.")


class InputSerializer(serializers.Serializer):
    name = serializers.CharField()
    kind = serializers.CharField()
    label = serializers.CharField()
    is_required = serializers.BooleanField()
    choices = serializers.ListField(child=serializers.CharField())


class OfferSerializer(serializers.Serializer):
    """A step that leads on, what its dialog asks for, and every reason against it."""

    event = serializers.CharField(source="step.event")
    target = serializers.CharField(source="step.target")
    label = serializers.CharField(source="step.label")
    tone = serializers.CharField(source="step.tone")
    needs_comment = serializers.BooleanField(source="step.needs_comment")
    inputs = InputSerializer(source="step.inputs", many=True)
    is_open = serializers.BooleanField()
    refusals = RefusalSerializer(many=True)


class TakeStepSerializer(serializers.Serializer):
    event = serializers.CharField(max_length=30)
    comment = serializers.CharField(required=False, allow_blank=True, default="", max_length=10_000)
    data = serializers.DictField(required=False, default=dict)


class EventSerializer(serializers.ModelSerializer):
    class Meta:
        model = ChangeEvent
        fields = [
            "id", "seq", "event", "kind", "source", "target", "actor", "comment", "outcome", "data",
            "guard_results", "plan_hash", "proof", "proved_at", "token_id", "happened_at",
        ]  # fmt: skip


class VoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Vote
        fields = [
            "id", "round", "seat", "voter", "on_behalf_of", "recorded_by", "choice", "comment", "channel",
            "plan_hash", "proof", "proved_at", "token_id", "cast_at",
        ]  # fmt: skip


class RemarkSerializer(serializers.ModelSerializer):
    class Meta:
        model = Remark
        fields = ["id", "kind", "answers", "author", "text", "mentions", "written_at"]
        read_only_fields = ["author", "mentions", "written_at"]


class CastVoteSerializer(serializers.Serializer):
    choice = serializers.ChoiceField(choices=Vote.Choice.choices)
    comment = serializers.CharField(required=False, allow_blank=True, default="", max_length=10_000)
    on_behalf_of = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.all(), required=False, default=None
    )
    is_verbal = serializers.BooleanField(default=False)
    plan_hash = serializers.CharField(
        required=False,
        default="",
        help_text=_("The plan that was read; if it was edited since, the vote is refused."),
    )


class SeatSerializer(serializers.ModelSerializer):
    class Meta:
        model = RoundSeat
        fields = ["id", "user", "has_veto", "is_barred", "barred_as"]


class RoundStepSerializer(serializers.ModelSerializer):
    seats = SeatSerializer(many=True, read_only=True)

    class Meta:
        model = RoundStep
        fields = [
            "id", "position", "board", "relation", "need", "quorum", "due_at", "on_timeout", "fallback_board",
            "seats",
        ]  # fmt: skip


class RoundSerializer(serializers.ModelSerializer):
    steps = RoundStepSerializer(many=True, read_only=True)
    votes = serializers.SerializerMethodField()
    hidden_votes = serializers.SerializerMethodField(
        help_text=_("How many votes the reader sees only after their own, as a board of theirs wants it.")
    )

    class Meta:
        model = ApprovalRound
        fields = [
            "id", "purpose", "plan_hash", "opened_at", "closed_at", "result", "steps", "votes",
            "hidden_votes",
        ]  # fmt: skip

    @extend_schema_field(VoteSerializer(many=True))
    def get_votes(self, row):
        shown = [] if row.pk in self.context["hidden"] else row.votes.all()
        return VoteSerializer(shown, many=True).data

    @extend_schema_field(serializers.IntegerField())
    def get_hidden_votes(self, row):
        return len(row.votes.all()) if row.pk in self.context["hidden"] else 0
