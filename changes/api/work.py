"""The work over the API: tasks, stages, drift, measured values, verification, review and emergencies.

A repeat by the same person, after a lost answer say, is answered with 200 and the row as it stands.
"""

from contextlib import suppress

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.response import Response

from audit.actions import keep_file
from changes import actions as deeds
from changes.api import serializers as shapes
from changes.api import work_serializers as work
from changes.api.plan import ROW
from changes.models import CriterionResult, DriftDecision, ReviewAction


class WorkEndpoints:
    """What is done to a change from its start on, and read of it."""

    @extend_schema(parameters=[ROW], request=None, responses=shapes.TaskSerializer)
    @action(detail=True, methods=["post"], url_path=r"tasks/(?P<row>\d+)/complete", filterset_class=None)
    def complete_task(self, request, number, row):
        """The task is ticked; a dual one by two people in turn."""
        note = str(request.data.get("note", "")) if isinstance(request.data, dict) else ""
        task = self._row("tasks", row)
        return self._once(shapes.TaskSerializer, task, deeds.complete_task, by=request.user, note=note)

    @extend_schema(parameters=[ROW], request=None, responses=shapes.RollbackStepSerializer)
    @action(
        detail=True, methods=["post"], url_path=r"rollback-steps/(?P<row>\d+)/complete", filterset_class=None
    )
    def complete_rollback_step(self, request, number, row):
        """The step of the way back is ticked."""
        step = self._row("rollback_steps", row)
        return self._once(shapes.RollbackStepSerializer, step, deeds.complete_rollback_step, by=request.user)

    @extend_schema(parameters=[ROW], request=None, responses=shapes.StageSerializer)
    @action(detail=True, methods=["post"], url_path=r"stages/(?P<row>\d+)/apply", filterset_class=None)
    def apply_stage(self, request, number, row):
        """Every operation of the stage is applied, or none is (409 lists the drift)."""
        stage = self._row("stages", row)
        return self._once(shapes.StageSerializer, stage, deeds.apply_stage, by=request.user)

    @extend_schema(request=None, responses=shapes.StageSerializer(many=True))
    @action(detail=True, methods=["post"], url_path="roll-back", pagination_class=None, filterset_class=None)
    def roll_back(self, request, number):
        """Every applied operation is taken back, or none is (409 lists the drift)."""
        change = self.get_object()
        with suppress(deeds.AlreadyDone):
            deeds.roll_back(change, by=request.user)
        return Response(shapes.StageSerializer(change.stages.all(), many=True).data)

    @extend_schema(parameters=[ROW], request=shapes.DriftDecisionSerializer,
                   responses={201: shapes.DriftDecisionSerializer})  # fmt: skip
    @action(detail=True, methods=["post"], url_path=r"operations/(?P<row>\d+)/drift", filterset_class=None)
    def decide_drift(self, request, number, row):
        """One person proposes to keep or force a drifted field: {field, seen, decision}."""
        asked = self._read(shapes.DriftDecisionSerializer)
        decision = deeds.decide_drift(
            self._row("operations", row), asked["field"], decision=asked["decision"], seen=asked.get("seen"),
            by=request.user,
        )  # fmt: skip
        return self._made(shapes.DriftDecisionSerializer, decision)

    @extend_schema(parameters=[ROW], request=None, responses=shapes.DriftDecisionSerializer)
    @action(detail=True, methods=["post"], url_path=r"drift/(?P<row>\d+)/confirm", filterset_class=None)
    def confirm_drift(self, request, number, row):
        """A second person agrees."""
        found = get_object_or_404(DriftDecision, operation__change=self.get_object(), pk=row)
        return Response(shapes.DriftDecisionSerializer(deeds.confirm_drift(found, by=request.user)).data)

    @extend_schema(
        parameters=[ROW], request=shapes.ResultSerializer, responses={201: shapes.ResultSerializer}
    )
    @action(detail=True, methods=["post"], url_path=r"criteria/(?P<row>\d+)/results", filterset_class=None,
            parser_classes=[JSONParser, MultiPartParser, FormParser])  # fmt: skip
    def results(self, request, number, row):
        """A measured value: {value, source, evidence, file (multipart)}; PostgreSQL judges it."""
        asked = self._read(shapes.ResultSerializer)
        if upload := request.FILES.get("file"):
            asked |= {"file": keep_file(upload), "file_name": upload.name}
        result = deeds.record_criterion(self._row("criteria", row), by=request.user, **asked)
        return self._made(shapes.ResultSerializer, result)

    @extend_schema(parameters=[ROW], request=None, responses=shapes.TaskSerializer)
    @action(detail=True, methods=["post"], url_path=r"tasks/(?P<row>\d+)/start", filterset_class=None)
    def start_task(self, request, number, row):
        """The task is begun."""
        return self._once(shapes.TaskSerializer, self._row("tasks", row), deeds.start_task, by=request.user)

    @extend_schema(
        methods=["POST"],
        request=work.ObservationsSerializer,
        responses={201: work.ObservationAnswerSerializer(many=True)},
    )
    @extend_schema(methods=["GET"], responses=shapes.ResultSerializer(many=True))
    @action(detail=True, methods=["get", "post"], pagination_class=None, filterset_class=None)
    def observations(self, request, number):
        """Measured values, newest first (1,000); POST takes one, or up to 1,000 as a list or `observations`.

        Each: {criterion or metric, value, measured_at, source, key}. A `key` makes a repeat the same value.
        Needs the right to post measured values. PostgreSQL judges each value; a breach that asks for it has
        begun the rollback when the answer comes. All are stored or none.
        """
        change = self.get_object()
        if request.method == "GET":
            results = CriterionResult.objects.filter(criterion__change=change).order_by("-measured_at", "-id")
            return Response(shapes.ResultSerializer(results[:1000], many=True).data)
        asked = work.asked_observations(request.data)
        stored = deeds.record_observations(change, asked, by=request.user)
        rows = [shapes.ResultSerializer(row).data | {"is_new": is_new} for row, is_new in stored]
        made = any(is_new for _row, is_new in stored)
        answer = {"state": change.state, "results": rows}
        return Response(answer, status=status.HTTP_201_CREATED if made else status.HTTP_200_OK)

    @extend_schema(responses=work.DriftSerializer(many=True))
    @action(detail=True, pagination_class=None, filterset_class=None)
    def drift(self, request, number):
        """Every field that is not now what the plan expects at this point and that nobody has settled."""
        return Response(work.DriftSerializer(deeds.live_drift(self.get_object()), many=True).data)

    @extend_schema(request=work.DeviationSerializer, responses={201: work.DeviationSerializer})
    @action(detail=True, methods=["post"], filterset_class=None)
    def deviations(self, request, number):
        """What was done otherwise than planned: {text, task}."""
        asked = self._read(work.DeviationSerializer)
        row = deeds.record_deviation(self.get_object(), by=request.user, **asked)
        return self._made(work.DeviationSerializer, row)

    @extend_schema(request=work.ForwardFixSerializer, responses={201: work.DeviationSerializer})
    @action(detail=True, methods=["post"], url_path="forward-fix", filterset_class=None)
    def forward_fix(self, request, number):
        """Past the point of no return: the change managers are called: {text}."""
        asked = self._read(work.ForwardFixSerializer)
        row = deeds.ask_for_forward_fix(self.get_object(), by=request.user, text=asked["text"])
        return self._made(work.DeviationSerializer, row)

    @extend_schema(request=work.IncidentSerializer, responses={201: work.IncidentSerializer})
    @action(detail=True, methods=["post"], filterset_class=None)
    def incidents(self, request, number):
        """An incident that the change caused: {reference, severity, note, link}."""
        row = deeds.add_caused_incident(
            self.get_object(), by=request.user, **self._read(work.IncidentSerializer)
        )
        return self._made(work.IncidentSerializer, row)

    @extend_schema(request=work.ReviewSerializer, responses=work.ReviewSerializer)
    @action(detail=True, methods=["post"], filterset_class=None)
    def review(self, request, number):
        """The review: {answers by question, summary}."""
        asked = self._read(work.ReviewSerializer)
        change = deeds.record_review(
            self.get_object(), by=request.user, answers=asked["answers"], summary=asked["summary"]
        )
        return Response({"answers": change.review_answers, "summary": change.pir})

    @extend_schema(request=work.ReviewActionSerializer, responses={201: work.ReviewActionSerializer})
    @action(detail=True, methods=["post"], url_path="review-actions", filterset_class=None)
    def review_actions(self, request, number):
        """An action agreed in the review: {text, owner, due_on}."""
        row = deeds.add_review_action(
            self.get_object(), by=request.user, **self._read(work.ReviewActionSerializer)
        )
        return self._made(work.ReviewActionSerializer, row)

    @extend_schema(parameters=[ROW], request=work.DoneSerializer, responses=work.ReviewActionSerializer)
    @action(
        detail=True, methods=["post"], url_path=r"review-actions/(?P<row>\d+)/complete", filterset_class=None
    )
    def complete_review_action(self, request, number, row):
        """The action is done: {note}."""
        asked = self._read(work.DoneSerializer)
        done = get_object_or_404(ReviewAction, change=self.get_object(), pk=row)
        return self._once(
            work.ReviewActionSerializer, done, deeds.complete_review_action, by=request.user, **asked
        )

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"], url_path="presence", filterset_class=None)
    def presence(self, request, number):
        """The second person confirms to have been there when the glass was broken."""
        with suppress(deeds.AlreadyDone):
            deeds.confirm_presence(self.get_object(), by=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _once(self, shape, row, deed, **given):
        with suppress(deeds.AlreadyDone):
            deed(row, **given)
        row.refresh_from_db()
        return Response(shape(row).data)
