"""The plan of a change over the API: every row added, edited, moved and taken out; differences in bulk."""

from contextlib import ExitStack

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, status
from rest_framework.decorators import action
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.response import Response

from audit.views.files import send_file
from changes import actions as deeds
from changes.api import plan_serializers as bulk
from changes.api import serializers as shapes
from changes.models.plan import OperationKind
from cmdb.models import ConfigurationItem

ROW = OpenApiParameter("row", OpenApiTypes.INT, OpenApiParameter.PATH)
ROWS = OpenApiParameter("rows", OpenApiTypes.STR, OpenApiParameter.PATH)
AGREED = OpenApiParameter(
    "confirm_void",
    OpenApiTypes.BOOL,
    description="Votes and evidence that the edit makes void are given up; without it such an edit is "
    "refused (409), with a refusal `voids_votes` for each loss. May also stand in the body.",
)
# The rows of a plan that can be taken out of it again, and the shape of those that can be edited.
REMOVABLE = {
    "items": "change_items",
    "stages": "stages",
    "operations": "operations",
    "tasks": "tasks",
    "rollback-steps": "rollback_steps",
    "criteria": "criteria",
    "assignments": "assignments",
    "documents": "documents",
    "test-cases": "test_cases",
    "follows": "follows",
}
EDITABLE = {
    "stages": shapes.StageSerializer,
    "tasks": shapes.TaskSerializer,
    "rollback-steps": shapes.RollbackStepSerializer,
    "criteria": shapes.CriterionSerializer,
}


def _agrees(request) -> bool:
    """Whether the caller has said that votes and evidence on the plan may become void by this edit."""
    sent = request.data if isinstance(request.data, dict) else {}
    return "true" in (request.query_params.get("confirm_void"), str(sent.get("confirm_void", "")).lower())


class PlanEndpoints:
    """The part of the changes' endpoint that writes plans."""

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        # Reset in finalize_response, which follows whatever happens.
        self.agreed = ExitStack()
        self.agreed.enter_context(deeds.void_confirmed(_agrees(request)))

    def finalize_response(self, *args, **kwargs):
        getattr(self, "agreed", ExitStack()).close()
        return super().finalize_response(*args, **kwargs)

    @extend_schema(
        parameters=[AGREED], request=shapes.ChangeItemSerializer, responses={201: shapes.ChangeItemSerializer}
    )
    @action(detail=True, methods=["post"], filterset_class=None)
    def items(self, request, number):
        """One more item: {item (id or type:name), impact}."""
        asked = self._read(shapes.ChangeItemSerializer)
        row = deeds.add_item(self.get_object(), asked["item"], by=request.user, impact=asked["impact"])
        return self._made(shapes.ChangeItemSerializer, row)

    @extend_schema(
        parameters=[AGREED], request=shapes.StageSerializer, responses={201: shapes.StageSerializer}
    )
    @action(detail=True, methods=["post"], filterset_class=None)
    def stages(self, request, number):
        """One more stage at the end."""
        stage = deeds.add_stage(self.get_object(), by=request.user, **self._read(shapes.StageSerializer))
        return self._made(shapes.StageSerializer, stage)

    @extend_schema(
        parameters=[AGREED], request=shapes.OperationSerializer, responses={201: shapes.OperationSerializer}
    )
    @action(detail=True, methods=["post"], filterset_class=None)
    def operations(self, request, number):
        """One planned difference: {kind, item, after, stage}; before-values are read live."""
        asked = self._read(shapes.OperationSerializer)
        kind, after = asked.get("kind", OperationKind.UPDATE), asked.get("after") or {}
        if not isinstance(after, dict):
            raise exceptions.ValidationError({"after": [_("Give an object: {field: value}.")]})
        item = asked.get("item")
        if kind in (OperationKind.UPDATE, OperationKind.RETIRE) and item is None:
            raise exceptions.ValidationError({"item": [_("Name the item.")]})
        (outcome,) = deeds.plan_operations(
            self.get_object(), [deeds.Wanted(kind, item, after)], by=request.user, stage=asked.get("stage")
        )
        if outcome.operation is None:
            fault = [_("The item has this value already.")]
            raise exceptions.ValidationError(dict.fromkeys(after or ["item"], fault))
        return self._made(shapes.OperationSerializer, outcome.operation)

    @extend_schema(
        parameters=[AGREED],
        request=bulk.BulkPlanSerializer,
        responses={200: bulk.BulkPlannedSerializer, 201: bulk.BulkPlannedSerializer},
    )
    @action(detail=True, methods=["post"], url_path="operations/bulk", filterset_class=None)
    def plan_many(self, request, number):
        """Many differences at once, all or none: either `filter` with `after` (every live item that matches
        gets these values; `kind` retire needs no `after`), or a list of `operations`. With `dry_run` nothing
        is written (200): the answer shows before → after of each, and every fault."""
        asked = self._read(bulk.BulkPlanSerializer)
        wanted = asked.get("operations")
        if wanted is None:
            found = ConfigurationItem.objects.select_related("type").matching(asked["filter"])
            if not any(key.startswith("lifecycle_stage") for key in asked["filter"]):
                found = found.live()
            rows = found.order_by("pk")[: deeds.MOST_OPERATIONS + 1]
            wanted = [deeds.Wanted(asked["kind"], item, asked["after"]) for item in rows]
        else:
            wanted = [deeds.Wanted(**each) for each in wanted]
        outcomes = deeds.plan_operations(
            self.get_object(), wanted, by=request.user, stage=asked.get("stage"), dry_run=asked["dry_run"]
        )
        answer = bulk.BulkPlannedSerializer(bulk.summed_up(outcomes)).data
        return Response(answer, status.HTTP_200_OK if asked["dry_run"] else status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=bulk.DryRunSerializer)
    @action(detail=True, methods=["post"], url_path="operations/dry-run", filterset_class=None)
    def dry_run(self, request, number):
        """The whole plan tried on the live data and taken back: fields that moved, operations refused."""
        return Response(
            bulk.DryRunSerializer(bulk.told(deeds.try_plan(self.get_object(), by=request.user))).data
        )

    @extend_schema(parameters=[AGREED], request=bulk.TakeLiveSerializer, responses=bulk.TakenSerializer)
    @action(detail=True, methods=["post"], url_path="operations/take-live", filterset_class=None)
    def take_live(self, request, number):
        """What stands there now is taken as before: of all operations, of one, or of some of its fields."""
        asked, change = self._read(bulk.TakeLiveSerializer), self.get_object()
        one = asked["operation"] and get_object_or_404(change.operations, pk=asked["operation"])
        count = deeds.take_live_values(
            change, by=request.user, operations=[one.pk] if one else (), fields=asked["fields"]
        )
        return Response({"taken": count})

    @extend_schema(parameters=[AGREED], request=shapes.TaskSerializer, responses={201: shapes.TaskSerializer})
    @action(detail=True, methods=["post"], filterset_class=None)
    def tasks(self, request, number):
        """One more task; `assignee` is one of the implementers."""
        return self._add(deeds.add_task, shapes.TaskSerializer)

    @extend_schema(
        parameters=[AGREED],
        request=shapes.RollbackStepSerializer,
        responses={201: shapes.RollbackStepSerializer},
    )
    @action(detail=True, methods=["post"], url_path="rollback-steps", filterset_class=None)
    def rollback_steps(self, request, number):
        """One more step of the way back."""
        return self._add(deeds.add_rollback_step, shapes.RollbackStepSerializer)

    @extend_schema(
        parameters=[AGREED], request=shapes.CriterionSerializer, responses={201: shapes.CriterionSerializer}
    )
    @action(detail=True, methods=["post"], filterset_class=None)
    def criteria(self, request, number):
        """One more criterion."""
        asked = self._read(shapes.CriterionSerializer)
        row = deeds.add_criterion(self.get_object(), asked.pop("metric"), by=request.user, **asked)
        return self._made(shapes.CriterionSerializer, row)

    @extend_schema(
        parameters=[AGREED], request=bulk.FollowsSerializer, responses={201: bulk.FollowsSerializer}
    )
    @action(detail=True, methods=["post"], filterset_class=None)
    def follows(self, request, number):
        """One more change that must be done before this one starts: {change: its number}."""
        asked = self._read(bulk.FollowsSerializer)
        row = deeds.link_changes(self.get_object(), asked["other"], by=request.user)
        return self._made(bulk.FollowsSerializer, row)

    @extend_schema(
        parameters=[AGREED],
        request={"multipart/form-data": bulk.UploadSerializer},
        responses={201: bulk.DocumentSerializer},
    )
    @action(detail=True, methods=["post"], filterset_class=None, parser_classes=[MultiPartParser, FormParser])
    def documents(self, request, number):
        """One more document of the plan, at most 20 MB, as multipart/form-data: file, label, kind."""
        asked = self._read(bulk.UploadSerializer)
        row = deeds.add_document(self.get_object(), asked.pop("file"), by=request.user, **asked)
        return self._made(bulk.DocumentSerializer, row)

    @extend_schema(parameters=[ROW], responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True, url_path=r"documents/(?P<row>\d+)/content", filterset_class=None)
    def document_content(self, request, number, row):
        """The bytes of a document, as a download."""
        found = self._row("documents", row)
        return send_file(found.file, found.name)

    @extend_schema(methods=["DELETE"], parameters=[ROW, ROWS, AGREED], request=None, responses={204: None})
    @extend_schema(
        methods=["PATCH"], operation_id="changes_rows_edit", parameters=[ROW, ROWS, AGREED],
        request=OpenApiTypes.OBJECT,
        responses=OpenApiTypes.OBJECT,
    )  # fmt: skip
    @action(detail=True, methods=["delete", "patch"], filterset_class=None, url_name="remove",
            url_path=rf"(?P<rows>{'|'.join(REMOVABLE)})/(?P<row>\d+)")  # fmt: skip
    def remove(self, request, number, rows, row):
        """DELETE takes a row out of the plan; its history stays. PATCH edits a stage, task, step of the way
        back or criterion; with its `row_version`, the edit is refused if somebody else was faster."""
        found = self._row(REMOVABLE[rows], row)
        if request.method == "DELETE":
            deeds.remove_row(found, by=request.user)
            return Response(status=status.HTTP_204_NO_CONTENT)
        if rows not in EDITABLE:
            raise exceptions.MethodNotAllowed("PATCH")
        asked = EDITABLE[rows](found, data=request.data, partial=True, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        known = request.data.get("row_version") if isinstance(request.data, dict) else None
        fields = {name: value for name, value in asked.validated_data.items() if name != "position"}
        edited = deeds.edit_row(
            found, by=request.user, row_version=known if type(known) is int else None, **fields
        )
        return Response(EDITABLE[rows](edited).data)

    @extend_schema(
        parameters=[ROW, ROWS, AGREED], request=bulk.MoveRowSerializer, responses={200: OpenApiTypes.OBJECT}
    )
    @action(detail=True, methods=["post"], filterset_class=None, url_name="move",
            url_path=rf"(?P<rows>{'|'.join(EDITABLE)})/(?P<row>\d+)/move")  # fmt: skip
    def move(self, request, number, rows, row):
        """The row stands so many places further down (up, if negative): {places}."""
        found = self._row(REMOVABLE[rows], row)
        deeds.move_row(found, self._read(bulk.MoveRowSerializer)["places"], by=request.user)
        found.refresh_from_db()
        return Response(EDITABLE[rows](found).data)

    @extend_schema(request=None, responses={201: bulk.CopySerializer})
    @action(detail=True, methods=["post"], filterset_class=None)
    def copy(self, request, number):
        """A new draft with this plan on the items as they are now; `left_out` says what did not fit."""
        copy = deeds.copy_change(self.get_object(), by=request.user)
        return self._made(bulk.CopySerializer, copy)

    # what they share

    def _read(self, shape):
        asked = shape(data=self.request.data, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        return dict(asked.validated_data)

    def _made(self, shape, row):
        return Response(shape(row).data, status=status.HTTP_201_CREATED)

    def _row(self, rows, pk):
        return get_object_or_404(getattr(self.get_object(), rows), pk=pk)

    def _add(self, deed, shape):
        asked = {name: value for name, value in self._read(shape).items() if value is not None}
        return self._made(shape, deed(self.get_object(), asked.pop("label"), by=self.request.user, **asked))
