"""How windows and items are written in JSON."""

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.bodies import WITHIN_CALENDAR
from cmdb.models import ConfigurationItem

WINDOW = {
    "type": "object",
    "nullable": True,
    "properties": {
        "start": {"type": "string", "format": "date-time", "nullable": True},
        "end": {"type": "string", "format": "date-time", "nullable": True},
        "is_empty": {"type": "boolean", "readOnly": True},
    },
}


@extend_schema_field(WINDOW)
class WindowField(serializers.Field):
    """{"start", "end"}: from the start up to, without, the end."""

    def to_internal_value(self, data):
        if not isinstance(data, dict) or not {"start", "end"} <= set(data):
            raise serializers.ValidationError(_("Give a start and an end."))
        moment = serializers.DateTimeField(validators=WITHIN_CALENDAR)
        start, end = moment.run_validation(data["start"]), moment.run_validation(data["end"])
        if start > end:
            raise serializers.ValidationError(_("The end comes before the start."))
        return DateTimeTZRange(start, end)

    def to_representation(self, value):
        moment = serializers.DateTimeField()
        start, end = (moment.to_representation(each) if each else None for each in (value.lower, value.upper))
        return {"start": start, "end": end, "is_empty": value.isempty}


@extend_schema_field({"oneOf": [{"type": "integer"}, {"type": "string"}], "description": "id or type:name"})
class ItemField(serializers.Field):
    """A configuration item by its id or its address."""

    def to_internal_value(self, data):
        items = ConfigurationItem.objects.select_related("type")
        found = None
        if isinstance(data, str) and ":" in data:
            kind, _colon, name = data.partition(":")
            found = items.filter(type__key=kind, name=name).first()
        elif isinstance(data, int) and not isinstance(data, bool) and 0 < data < 2**63:
            found = items.filter(pk=data).first()
        if found is None:
            raise serializers.ValidationError(_("There is no such configuration item."))
        return found

    def to_representation(self, value):
        return value.address
