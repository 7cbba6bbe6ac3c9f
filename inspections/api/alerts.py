"""Alertmanager's webhook, version 4."""

import hashlib
import json
from datetime import UTC, datetime

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from accounts.bodies import LAST
from accounts.roles import Right
from cmdb.models import ConfigurationItem
from inspections.actions import Told, match_alert, record_alerts
from inspections.api.readings import source_of
from inspections.api.shapes import REFUSED
from inspections.models import Alert, ReadingSource

CRITICAL = {"critical", "crit", "page", "error", "high", "disaster", "emergency", "alert", "major"}
MOST = 1_000
NEVER = datetime(2000, 1, 1, tzinfo=UTC)  # Go's zero time stands for "not yet"


class AlertSerializer(serializers.ModelSerializer):
    source = serializers.SlugRelatedField("key", read_only=True)

    class Meta:
        model = Alert
        fields = [
            "id", "source", "fingerprint", "name", "severity", "status", "starts_at", "ends_at", "labels",
            "annotations", "url", "ci", "matched_by", "received_at", "last_sent_at", "row_version",
        ]  # fmt: skip


class SentAlertSerializer(serializers.Serializer):
    status = serializers.ChoiceField(["firing", "resolved"])
    labels = serializers.DictField(child=serializers.CharField(), help_text="With alertname.")
    annotations = serializers.DictField(child=serializers.CharField(), required=False)
    startsAt = serializers.DateTimeField()  # noqa: N815  (Alertmanager's name)
    endsAt = serializers.DateTimeField(required=False)  # noqa: N815
    generatorURL = serializers.CharField(required=False)  # noqa: N815
    fingerprint = serializers.CharField(max_length=64, required=False)


class WebhookSerializer(serializers.Serializer):
    """What Alertmanager posts; everything but `alerts` and `version` is ignored."""

    version = serializers.ChoiceField(["4"])
    alerts = SentAlertSerializer(many=True)


OUTCOMES = inline_serializer(
    "AlertOutcomes",
    {
        "source": serializers.CharField(),
        "results": inline_serializer(
            "AlertOutcome",
            {
                "fingerprint": serializers.CharField(),
                "status": serializers.ChoiceField(["new", "resolved", "repeated", "error"]),
                "id": serializers.IntegerField(allow_null=True),
                "ci": serializers.IntegerField(allow_null=True),
                "error": serializers.CharField(),
            },
            many=True,
        ),
    },
)


class MatchSerializer(serializers.Serializer):
    ci = serializers.PrimaryKeyRelatedField(queryset=ConfigurationItem.objects.live())


class AlertViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Alerts; `/api/readings/alertmanager/` takes them. Those without a CI are matched by hand: `match/`."""

    queryset = Alert.objects.select_related("source")
    serializer_class = AlertSerializer
    write_right = Right.VIEW  # the action asks
    filterset_fields = {
        "ci": ["exact", "isnull"], "status": ["exact"], "name": ["exact"], "source__key": ["exact"],
        "severity": ["exact"], "starts_at": ["gte", "lt"],
    }  # fmt: skip

    @extend_schema(request=MatchSerializer, responses={200: AlertSerializer, 409: REFUSED})
    @action(detail=True, methods=["post"])
    def match(self, request, pk=None):
        """Says to which CI the alert belongs; while it fires, it makes a finding there."""
        given = MatchSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        alert = match_alert(self.get_object(), given.validated_data["ci"], by=request.user)
        return Response(self.get_serializer(alert).data)


class AlertmanagerViewSet(viewsets.ViewSet):
    """Takes Alertmanager's webhook (version 4) with the token of a source's account.

    Alerts are one row per fingerprint and start. "Firing" makes or repeats a finding on the CI that a label
    names; "resolved" is shown there, and closes nothing by itself.
    """

    write_right = Right.READINGS_POST

    @extend_schema(request=WebhookSerializer, responses={200: OUTCOMES})
    def create(self, request):
        source = source_of(request.user, ReadingSource.Kind.ALERTMANAGER)
        sent = request.data.get("alerts") if isinstance(request.data, dict) else None
        if not isinstance(sent, list) or str(request.data.get("version", "4")) != "4":
            raise ValidationError({"alerts": [_("Send Alertmanager's webhook, version 4, with its alerts.")]})
        if len(sent) > MOST:
            raise ValidationError({"alerts": [_("At most %(most)s alerts a call.") % {"most": MOST}]})
        outcomes = record_alerts(source, [told(each) for each in sent], by=request.user)
        return Response({"source": source.key, "results": [vars(outcome) for outcome in outcomes]})


def told(sent):
    """One alert of the webhook; with an error in words where it cannot be read."""
    if not isinstance(sent, dict):
        return Told(error=_("An alert is an object."))
    labels, annotations = texts(sent.get("labels")), texts(sent.get("annotations"))
    starts_at, ends_at = instant(sent.get("startsAt")), instant(sent.get("endsAt"))
    status = sent.get("status")
    if not labels.get("alertname") or status not in ("firing", "resolved") or starts_at is None:
        return Told(error=_("An alert has labels with alertname, a status (firing, resolved) and startsAt."))
    fingerprint = (
        sent.get("fingerprint") or hashlib.sha256(json.dumps(sorted(labels.items())).encode()).hexdigest()
    )
    if not isinstance(fingerprint, str) or len(fingerprint) > 64:
        return Told(error=_("A fingerprint has at most 64 characters."))
    is_critical = labels.get("severity", "").lower() in CRITICAL
    return Told(
        fingerprint, labels["alertname"][:120], "crit" if is_critical else "warn", status, starts_at,
        (ends_at or starts_at) if status == "resolved" else None, labels, annotations,
        link(sent.get("generatorURL")),
    )  # fmt: skip


def texts(given):
    """Labels as texts; long ones are cut, so that no alert is too large to keep."""
    if not isinstance(given, dict):
        return {}
    return {str(name)[:200]: str(value)[:2000] for name, value in list(given.items())[:100]}


def instant(text):
    """The instant; None for what is none, and for Go's zero."""
    try:
        at = parse_datetime(text) if isinstance(text, str) else None
    except ValueError:
        at = None
    return at if at is not None and at.tzinfo is not None and NEVER < at < LAST else None


def link(url):
    """An address that may stand as a link on a page, or nothing."""
    is_web = isinstance(url, str) and url.startswith(("http://", "https://")) and len(url) <= 500
    return url if is_web else ""
