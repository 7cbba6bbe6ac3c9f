"""Machine readings and where they come from."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.response import Response

from accounts.bodies import JSONParser
from accounts.roles import Right, require_right
from audit.recorded.api import RecordedViewSet
from inspections.actions import record_readings
from inspections.actions.sources import prove_credentials
from inspections.messages import messages_in
from inspections.models import MachineReading, ReadingSource
from inspections.perfdata import boundary

MOST = 5_000


class LenientJSONParser(JSONParser):
    """Takes NaN and Infinity, which Python's json writes: they are stored as unknown."""

    strict = False


def source_of(user, kind):
    """The enabled source that posts with this account. Raises PermissionDenied with what to do."""
    require_right(user, Right.READINGS_POST)
    source = ReadingSource.objects.filter(account=user, kind=kind).first()
    if source is None:
        raise PermissionDenied(
            _("No source of readings has this account: make one under “Sources of readings” that names it.")
        )
    if not source.is_enabled:
        raise PermissionDenied(_("The source “%(source)s” is disabled.") % {"source": source})
    return source


class ReadingSourceSerializer(serializers.ModelSerializer):
    credentials = serializers.CharField(
        write_only=True, required=False, allow_blank=True, max_length=4000,
        help_text="What the variable holds; asked for when `url` or `credentials_variable` is another one.",
    )  # fmt: skip

    class Meta:
        model = ReadingSource
        fields = [
            "id", "key", "label", "label_zh", "kind", "account", "url", "credentials_variable", "credentials",
            "item_labels", "is_enabled", "last_seen_at", "last_error", "last_error_at", "row_version",
        ]  # fmt: skip

    def validate(self, given):
        """The model's own clean(), with its messages per field; credentials go where their owner says."""
        row = self.instance or ReadingSource()
        entered = given.pop("credentials", "")
        names = ("account", "item_labels", "url")
        ReadingSource(**{name: given.get(name, getattr(row, name, None)) for name in names}).clean()
        url, variable = (given.get(name, getattr(row, name)) for name in ("url", "credentials_variable"))
        prove_credentials(row, url=url, variable=variable, entered=entered)
        return given


class ReadingSourceViewSet(RecordedViewSet):
    """Programs that post readings or alerts, and Prometheus servers that are asked."""

    queryset = ReadingSource.objects.all()
    serializer_class = ReadingSourceSerializer
    write_right = Right.INSPECT_MANAGE
    filterset_fields = {"key": ["exact"], "kind": ["exact"], "is_enabled": ["exact"]}


class ReadingSerializer(serializers.ModelSerializer):
    source = serializers.SlugRelatedField("key", read_only=True)

    class Meta:
        model = MachineReading
        fields = [
            "id", "source", "ci", "metric", "value", "problem", "unit", "observed_at", "received_at",
            "external_id", "payload_sha256",
        ]  # fmt: skip


class PostedReadingSerializer(serializers.Serializer):
    """One row. `value` null, "U", NaN or infinite is stored as unknown, which is never good."""

    ci = serializers.CharField(help_text="Id (a number), or name, `type:name` or serial number (a text).")
    metric = serializers.CharField(
        max_length=80, required=False, help_text="With perfdata: put before its labels."
    )
    value = serializers.FloatField(required=False, allow_null=True, help_text="Kept with six decimals.")
    unit = serializers.CharField(max_length=16, required=False)
    observed_at = serializers.DateTimeField(required=False, help_text="With its zone, or seconds since 1970.")
    external_id = serializers.CharField(
        max_length=200,
        required=False,
        help_text="Known as a repeat by it; without it by CI, metric and instant.",
    )
    perfdata = serializers.CharField(
        required=False, help_text="In place of value and unit: a Nagios plugin's output or performance data."
    )


class ReadingOutcomeSerializer(serializers.Serializer):
    row = serializers.IntegerField(help_text="From 0; a row of perfdata has one result per label.")
    metric = serializers.CharField()
    status = serializers.ChoiceField(["stored", "repeated", "error"])
    id = serializers.IntegerField(allow_null=True)
    code = serializers.CharField()
    error = serializers.CharField(help_text="What is wrong, and what to do.")
    note = serializers.CharField(help_text="Why a stored reading will not fill in a check item, or differs.")


class OutcomesSerializer(serializers.Serializer):
    source = serializers.CharField()
    stored = serializers.IntegerField()
    repeated = serializers.IntegerField()
    errors = serializers.IntegerField()
    boundary = serializers.CharField(help_text="With perfdata: how Nagios' thresholds differ from ours.")
    results = ReadingOutcomeSerializer(many=True)


EXAMPLE = OpenApiExample(
    "A value, and a plugin's output",
    value=[
        {"ci": "host:db-01", "metric": "disk_used", "value": 71.5, "unit": "%",
         "observed_at": "2026-11-22T08:00:00+08:00", "external_id": "db-01/disk/1763769600"},
        {"ci": "db-01", "perfdata": "DISK OK | /=71%;85;95;0;100", "observed_at": 1763769600},
    ],
    request_only=True,
)  # fmt: skip


class ReadingViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Readings; POST stores a batch of at most 5,000, with the token of a source's account.

    Each row has its own result: stored, repeated (the same again changes nothing) or error. The answer is 200
    even where rows failed: read the results. Bounds raise at `>=` high and `<=` low; Nagios plugins alert
    strictly outside theirs.
    """

    queryset = MachineReading.objects.select_related("source")
    serializer_class = ReadingSerializer
    write_right = Right.READINGS_POST
    filterset_fields = {
        "ci": ["exact", "in"], "metric": ["exact", "in"], "source": ["exact"], "source__key": ["exact"],
        "observed_at": ["gte", "lt"], "received_at": ["gte", "lt"],
    }  # fmt: skip
    parser_classes = [LenientJSONParser]

    @extend_schema(
        request=PostedReadingSerializer(many=True), responses={200: OutcomesSerializer}, examples=[EXAMPLE]
    )
    def create(self, request):
        source = source_of(request.user, ReadingSource.Kind.PUSH)
        rows = request.data.get("readings") if isinstance(request.data, dict) else request.data
        if not isinstance(rows, list) or not rows:
            raise ValidationError({"readings": [_("Send a list of readings.")]})
        messages = [
            message for row, given in enumerate(rows[: MOST + 1]) for message in messages_in(row, given)
        ]
        if len(rows) > MOST or len(messages) > MOST:
            message = _("At most %(most)s readings a call: send the rest in the next one.")
            raise ValidationError({"readings": [message % {"most": MOST}]})
        outcomes = record_readings(source, messages, by=request.user)
        counts = dict.fromkeys(("stored", "repeated", "error"), 0)
        for outcome in outcomes:
            counts[outcome.status] += 1
        has_perfdata = any(isinstance(row, dict) and "perfdata" in row for row in rows)
        return Response(
            {
                "source": source.key, "stored": counts["stored"], "repeated": counts["repeated"],
                "errors": counts["error"], "boundary": boundary() if has_perfdata else "",
                "results": [vars(outcome) for outcome in outcomes],
            }
        )  # fmt: skip
