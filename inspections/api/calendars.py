"""Work calendars, shifts and the rota."""

from rest_framework import serializers

from accounts.roles import Right
from audit.recorded.api import RecordedViewSet
from inspections.models import CalendarDay, RosterEntry, Shift, WorkCalendar


class WorkCalendarSerializer(serializers.ModelSerializer):
    class Meta:
        model = WorkCalendar
        fields = ["id", "key", "label", "label_zh", "time_zone", "weekdays", "opens", "closes", "row_version"]

    def validate(self, given):
        """The model's own clean(), with its messages per field."""
        own = (
            {name: getattr(self.instance, name) for name in ("time_zone", "weekdays")}
            if self.instance
            else {}
        )
        WorkCalendar(**own | given).clean()
        return given


class CalendarDaySerializer(serializers.ModelSerializer):
    class Meta:
        model = CalendarDay
        fields = ["id", "calendar", "on", "kind", "label", "row_version"]


class ShiftSerializer(serializers.ModelSerializer):
    class Meta:
        model = Shift
        fields = [
            "id", "key", "label", "label_zh", "starts", "ends", "time_zone", "team", "has_deputy",
            "row_version",
        ]  # fmt: skip

    def validate(self, given):
        """The model's own clean(), with its messages per field."""
        own = {"time_zone": self.instance.time_zone} if self.instance else {}
        Shift(**own | given).clean()
        return given


class RosterEntrySerializer(serializers.ModelSerializer):
    class Meta:
        model = RosterEntry
        fields = ["id", "shift", "on", "role", "user", "replaces", "reason", "row_version"]
        read_only_fields = ["replaces"]

    def validate(self, given):
        """A duty keeps its place; another person takes it for a reason (PostgreSQL says the same)."""
        if self.instance is None:
            return given
        moved = [
            name
            for name in ("shift", "on", "role")
            if name in given and given[name] != getattr(self.instance, name)
        ]
        if moved:
            words = "A duty keeps its shift, day and role; another day is another duty."
            raise serializers.ValidationError(dict.fromkeys(moved, words))
        if (
            given.get("user", self.instance.user) != self.instance.user
            and not given.get("reason", "").strip()
        ):
            raise serializers.ValidationError({"reason": "Say why another person takes the duty."})
        return given


class WorkCalendarViewSet(RecordedViewSet):
    """Work calendars: working days of the week, hours, time zone."""

    queryset = WorkCalendar.objects.all()
    serializer_class = WorkCalendarSerializer
    write_right = Right.INSPECT_MANAGE
    filterset_fields = {"key": ["exact", "in"]}


class CalendarDayViewSet(RecordedViewSet):
    """Days that differ from the working week: holidays and make-up workdays."""

    queryset = CalendarDay.objects.all()
    serializer_class = CalendarDaySerializer
    write_right = Right.INSPECT_MANAGE
    filterset_fields = {"calendar": ["exact"], "on": ["exact", "gte", "lte"], "kind": ["exact"]}


class ShiftViewSet(RecordedViewSet):
    """Shifts: a daily span of duty in its own time zone."""

    queryset = Shift.objects.all()
    serializer_class = ShiftSerializer
    write_right = Right.INSPECT_MANAGE
    filterset_fields = {"key": ["exact", "in"], "team": ["exact"]}


class RosterEntryViewSet(RecordedViewSet):
    """The rota: who has A and B duty on which day of a shift."""

    queryset = RosterEntry.objects.all()
    serializer_class = RosterEntrySerializer
    write_right = Right.INSPECT_MANAGE
    filterset_fields = {
        "shift": ["exact"], "on": ["exact", "gte", "lte"], "user": ["exact"], "role": ["exact"],
    }  # fmt: skip
