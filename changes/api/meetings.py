"""Meetings of boards over the API: planned, filled, held and ended by the same actions as on the page."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.bodies import WITHIN_CALENDAR
from accounts.models import User
from accounts.roles import Right
from accounts.step_up import proof_of
from audit.models import StoredFile
from audit.paper import PDF
from audit.views.files import send_file
from changes import actions as deeds
from changes.api.serializers import VoteSerializer
from changes.models import AgendaItem, Attendance, BoardMeeting, ChangeRequest

UP_OR_DOWN = [("up", "up"), ("down", "down")]


class MeetingSerializer(serializers.ModelSerializer):
    class Meta:
        model = BoardMeeting
        fields = [
            "id", "board", "starts_at", "place", "link", "state", "chair", "opened_at", "ended_at",
            "minutes_sha256", "row_version",
        ]  # fmt: skip
        read_only_fields = ["chair", "state", "opened_at", "ended_at", "minutes_sha256"]
        extra_kwargs = {"starts_at": {"validators": WITHIN_CALENDAR}}


class AgendaItemSerializer(serializers.ModelSerializer):
    change = serializers.SlugRelatedField("number", queryset=ChangeRequest.objects.all())

    class Meta:
        model = AgendaItem
        fields = [
            "id", "change", "position", "note", "is_deferred", "seconds", "decision", "tally", "row_version",
        ]  # fmt: skip
        read_only_fields = ["position", "note", "is_deferred", "seconds", "decision", "tally"]


class EditItemSerializer(serializers.Serializer):
    row_version = serializers.IntegerField(min_value=1)
    note = serializers.CharField(required=False, allow_blank=True, max_length=20_000)
    is_deferred = serializers.BooleanField(required=False)
    seconds = serializers.IntegerField(required=False, min_value=0, max_value=86_400)


class MoveItemSerializer(serializers.Serializer):
    direction = serializers.ChoiceField(choices=UP_OR_DOWN)


class AttendanceSerializer(serializers.ModelSerializer):
    user = serializers.PrimaryKeyRelatedField(queryset=User.objects.all())
    deputy = serializers.PrimaryKeyRelatedField(
        queryset=User.objects.all(), required=False, allow_null=True, default=None
    )

    class Meta:
        model = Attendance
        fields = ["id", "user", "status", "deputy"]
        validators = []


class ConsentSerializer(serializers.Serializer):
    changes = serializers.SlugRelatedField("number", queryset=ChangeRequest.objects.all(), many=True)
    comment = serializers.CharField(required=False, allow_blank=True, default="", max_length=10_000)


class MeetingViewSet(
    mixins.CreateModelMixin, mixins.RetrieveModelMixin, mixins.ListModelMixin, viewsets.GenericViewSet
):
    """Meetings of boards. Run by who manages changes and by the board's manager; kept as they ended."""

    queryset = BoardMeeting.objects.all()
    serializer_class = MeetingSerializer
    filterset_fields = ["board", "state"]
    write_right = Right.VIEW

    def perform_create(self, serializer):
        asked = dict(serializer.validated_data)
        serializer.instance = deeds.plan_meeting(asked.pop("board"), by=self.request.user, **asked)

    @extend_schema(methods=["GET"], responses=AgendaItemSerializer(many=True))
    @extend_schema(methods=["POST"], request=AgendaItemSerializer, responses={201: AgendaItemSerializer})
    @action(detail=True, methods=["get", "post"], pagination_class=None, filterset_fields=None)
    def agenda(self, request, pk=None):
        """The agenda in order; POST puts a change at its end."""
        meeting = self.get_object()
        if request.method == "GET":
            rows = meeting.agenda.select_related("change")
            return Response(AgendaItemSerializer(rows, many=True).data)
        asked = self._read(AgendaItemSerializer)
        item = deeds.add_to_agenda(meeting, asked["change"], by=request.user)
        return Response(AgendaItemSerializer(item).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=AgendaItemSerializer(many=True))
    @action(detail=True, methods=["post"], pagination_class=None, filterset_fields=None)
    def fill(self, request, pk=None):
        """Every change that waits for the board is listed, by deadline, then risk."""
        meeting = self.get_object()
        deeds.fill_agenda(meeting, by=request.user)
        rows = meeting.agenda.select_related("change")
        return Response(AgendaItemSerializer(rows, many=True).data)

    @extend_schema(
        request=EditItemSerializer, responses=AgendaItemSerializer, operation_id="meetings_agenda_edit"
    )
    @action(detail=True, methods=["post"], url_path=r"agenda/(?P<item>\d+)", filterset_fields=None)
    def edit(self, request, pk=None, item=None):
        """Note, deferral and seconds of one item, at the version it was read (409 when it has moved on)."""
        asked = self._read(EditItemSerializer)
        row = get_object_or_404(AgendaItem, meeting=self.get_object(), pk=item)
        return Response(AgendaItemSerializer(deeds.edit_item(row, by=request.user, **asked)).data)

    @extend_schema(request=MoveItemSerializer, responses=AgendaItemSerializer)
    @action(detail=True, methods=["post"], url_path=r"agenda/(?P<item>\d+)/move", filterset_fields=None)
    def move(self, request, pk=None, item=None):
        """The item changes places with its neighbour."""
        row = get_object_or_404(AgendaItem, meeting=self.get_object(), pk=item)
        deeds.move_item(row, self._read(MoveItemSerializer)["direction"], by=request.user)
        row.refresh_from_db()
        return Response(AgendaItemSerializer(row).data)

    @extend_schema(methods=["GET"], responses=AttendanceSerializer(many=True))
    @extend_schema(methods=["POST"], request=AttendanceSerializer, responses=AttendanceSerializer)
    @action(detail=True, methods=["get", "post"], pagination_class=None, filterset_fields=None)
    def attendance(self, request, pk=None):
        """Who was there; POST notes one seat: {user, status, deputy}."""
        meeting = self.get_object()
        if request.method == "GET":
            return Response(AttendanceSerializer(meeting.attendance.all(), many=True).data)
        asked = self._read(AttendanceSerializer)
        row = deeds.note_attendance(
            meeting, asked["user"], asked.get("status", ""), by=request.user, deputy=asked["deputy"]
        )
        return Response(AttendanceSerializer(row).data)

    @extend_schema(request=None, responses=MeetingSerializer)
    @action(detail=True, methods=["post"], filterset_fields=None)
    def open(self, request, pk=None):
        """The meeting goes on from now."""
        return Response(MeetingSerializer(deeds.open_meeting(self.get_object(), by=request.user)).data)

    @extend_schema(request=None, responses=MeetingSerializer)
    @action(detail=True, methods=["post"], filterset_fields=None)
    def end(self, request, pk=None):
        """Decisions are written down and the minutes kept; nothing of it is edited any more."""
        return Response(MeetingSerializer(deeds.end_meeting(self.get_object(), by=request.user)).data)

    @extend_schema(request=ConsentSerializer, responses={201: VoteSerializer(many=True)})
    @action(detail=True, methods=["post"], pagination_class=None, filterset_fields=None)
    def consent(self, request, pk=None):
        """One's approval for each of several changes of low risk with nothing in the way; all or none."""
        meeting, asked = self.get_object(), self._read(ConsentSerializer)
        listed = ChangeRequest.objects.filter(
            agenda_items__meeting=meeting, pk__in=[change.pk for change in asked["changes"]]
        )
        votes = deeds.vote_by_consent(
            listed, by=request.user, comment=asked["comment"], proof=proof_of(request)
        )
        return Response(VoteSerializer(votes, many=True).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={(200, "application/octet-stream"): bytes})
    @action(detail=True, filterset_fields=None)
    def minutes(self, request, pk=None):
        """The kept minutes as a download; 404 before the meeting has ended."""
        meeting = self.get_object()
        kept = get_object_or_404(StoredFile, sha256=meeting.minutes_sha256)
        return send_file(kept, f"minutes-{meeting.pk}.{'pdf' if kept.media_type == PDF else 'html'}")

    def _read(self, shape):
        asked = shape(data=self.request.data, context=self.get_serializer_context())
        asked.is_valid(raise_exception=True)
        return dict(asked.validated_data)
