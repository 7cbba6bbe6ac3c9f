"""Changes, their plans, their steps and votes: one endpoint, every deed an action."""

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.roles import Right
from accounts.step_up import proof_of
from audit.recorded.api import RecordedViewSet
from changes import actions as deeds
from changes.api import serializers as shapes
from changes.api.assessment import AssessmentDeeds
from changes.api.plan import ROW, PlanEndpoints
from changes.api.schedule import ScheduleEndpoints
from changes.api.work import WorkEndpoints
from changes.filters import ChangeFilter
from changes.guards import Refusal
from changes.models import ChangeRequest, RoundSeat, Vote

PLAN = (
    "change_items__item__type", "assignments", "consultations", "stages", "operations__item__type", "tasks",
    "rollback_steps", "criteria__results", "test_cases", "test_runs", "documents__file",
)  # fmt: skip


class ChangeViewSet(AssessmentDeeds, PlanEndpoints, ScheduleEndpoints, WorkEndpoints, RecordedViewSet):
    """Changes: drafted and edited here, moved by POST to `steps/`, decided by POST to `votes/`.

    Whoever may read may ask; each deed checks its own right and names every reason when it refuses (409).
    An edit of the plan that would void votes or test evidence is refused too, with `voids_votes` for each
    loss, until it is sent with `confirm_void=true` (in the query or in the body).
    """

    queryset = ChangeRequest.objects.all()
    lookup_field = "number"
    lookup_value_regex = "[A-Za-z0-9-]+"
    filterset_class = ChangeFilter
    ordering_fields = ["id", "number", "state_since_at", "created_at"]
    write_right = Right.VIEW

    def get_queryset(self):
        changes = super().get_queryset()
        return changes.prefetch_related(*PLAN) if self.action == "retrieve" else changes

    def get_serializer_class(self):
        return shapes.ChangeDetailSerializer if self.action == "retrieve" else shapes.ChangeSerializer

    def perform_create(self, serializer):
        serializer.instance = self.row = deeds.create_change(
            by=self.request.user, **serializer.validated_data
        )

    def perform_update(self, serializer):
        change, fields = serializer.instance, dict(serializer.validated_data)
        if fields.pop("kind", change.kind) != change.kind:
            raise shapes.serializers.ValidationError({"kind": [_("The kind changes by a step.")]})
        if "items" in fields:
            raise shapes.serializers.ValidationError({"items": [_("POST each item to “items/”.")]})
        serializer.instance = deeds.edit_change(change, by=self.request.user, **fields)

    # the process

    @extend_schema(methods=["GET"], responses=shapes.OfferSerializer(many=True))
    @extend_schema(
        methods=["POST"], request=shapes.TakeStepSerializer, responses={201: shapes.EventSerializer}
    )
    @action(detail=True, methods=["get", "post"], pagination_class=None, filterset_class=None)
    def steps(self, request, number):
        """Every step that leads on with all reasons against it; POST takes one: {event, comment, data}.

        GET names the `inputs` that each step takes in `data`. `start` takes `backup_ref` and
        `second_operator`: the id of another implementer of the change, who works beside you.
        """
        change = self.get_object()
        if request.method == "GET":
            offers = deeds.available_steps(change, by=request.user)
            return Response(shapes.OfferSerializer(offers, many=True).data)
        asked = self._read(shapes.TakeStepSerializer)
        try:
            event = deeds.take_step(
                change,
                asked["event"],
                by=request.user,
                comment=asked["comment"],
                data=asked["data"],
                proof=proof_of(request),
            )
        except deeds.AlreadyDone as before:  # a repeat after a lost answer
            return Response(shapes.EventSerializer(before.event).data)
        return self._made(shapes.EventSerializer, event)

    @extend_schema(responses=shapes.EventSerializer(many=True))
    @action(detail=True, pagination_class=None, filterset_class=None)
    def events(self, request, number):
        """Every step that the change took, newest first."""
        return Response(shapes.EventSerializer(self.get_object().events.all(), many=True).data)

    @extend_schema(responses=shapes.RoundSerializer(many=True))
    @action(detail=True, pagination_class=None, filterset_class=None)
    def rounds(self, request, number):
        """The rounds of voting, newest first, with seats and votes; on a board that hides votes, those of the
        others come with one's own vote."""
        change = self.get_object()
        rounds = change.rounds.prefetch_related("steps__seats", "votes")
        seats = RoundSeat.objects.filter(step__round__change=change).hiding_from(request.user)
        context = {"hidden": set(seats.values_list("step__round", flat=True))}
        return Response(shapes.RoundSerializer(rounds, many=True, context=context).data)

    @extend_schema(methods=["GET"], responses=shapes.RemarkSerializer(many=True))
    @extend_schema(
        methods=["POST"], request=shapes.RemarkSerializer, responses={201: shapes.RemarkSerializer}
    )
    @action(detail=True, methods=["get", "post"], pagination_class=None, filterset_class=None)
    def remarks(self, request, number):
        """The discussion, oldest first; POST asks, answers or notes: {text, kind, answers}."""
        change = self.get_object()
        if request.method == "GET":
            return Response(shapes.RemarkSerializer(change.remarks.order_by("id"), many=True).data)
        asked = self._read(shapes.RemarkSerializer)
        remark = deeds.add_remark(
            change, asked["text"], by=request.user, is_question=asked.get("kind") == "question",
            answers=asked.get("answers"),
        )  # fmt: skip
        return self._made(shapes.RemarkSerializer, remark)

    @extend_schema(request=shapes.CastVoteSerializer, responses={201: shapes.VoteSerializer})
    @action(detail=True, methods=["post"], filterset_class=None)
    def votes(self, request, number):
        """A vote in the open round: {choice, comment, on_behalf_of, is_verbal, plan_hash}."""
        change, asked = self.get_object(), self._read(shapes.CastVoteSerializer)
        current = change.rounds.filter(closed_at=None).first()
        if current is None:
            raise deeds.StepRefused([Refusal("round_closed", _("No round is open."))])
        if asked["plan_hash"] not in ("", change.plan_hash):
            raise deeds.StepRefused(
                [Refusal("plan_edited", _("The plan was edited since you read it."), _("Read it again."))]
            )
        vote = deeds.cast_vote(
            current,
            by=request.user,
            choice=asked["choice"],
            comment=asked["comment"],
            on_behalf_of=asked["on_behalf_of"],
            channel=Vote.Channel.VERBAL if asked["is_verbal"] else Vote.Channel.API,
            proof=proof_of(request),
        )
        return self._made(shapes.VoteSerializer, vote)

    # the people

    @extend_schema(request=shapes.AssignmentSerializer, responses={201: shapes.AssignmentSerializer})
    @action(detail=True, methods=["post"], filterset_class=None)
    def assignments(self, request, number):
        """A person gets a part: {user, role}."""
        asked = self._read(shapes.AssignmentSerializer)
        row = deeds.assign(self.get_object(), asked["user"], asked["role"], by=request.user)
        return self._made(shapes.AssignmentSerializer, row)

    @extend_schema(request=shapes.ConsultationSerializer, responses={201: shapes.ConsultationSerializer})
    @action(detail=True, methods=["post"], filterset_class=None)
    def consultations(self, request, number):
        """The answer of an owning team to the plan as it stands: {team, answer, comment, plan_hash}."""
        asked = self._read(shapes.ConsultationSerializer)
        row = deeds.consult_owner(self.get_object(), asked.pop("team"), by=request.user, **asked)
        return self._made(shapes.ConsultationSerializer, row)

    # the work

    @extend_schema(parameters=[ROW], request=None, responses={201: shapes.VoteSerializer})
    @action(detail=True, methods=["post"], url_path=r"votes/(?P<row>\d+)/confirm", filterset_class=None)
    def confirm_vote(self, request, number, row):
        """The voter confirms a vote given by word of mouth."""
        vote = get_object_or_404(Vote, round__change=self.get_object(), pk=row)
        return self._made(shapes.VoteSerializer, deeds.confirm_vote(vote, by=request.user).vote)
