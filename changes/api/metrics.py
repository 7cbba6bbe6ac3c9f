"""The measures of changes as data."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.views import APIView

from changes.forms import ChoiceForm
from changes.metrics import METRICS, Figure, report_on


class FigureSerializer(serializers.Serializer):
    """A share has hits, cases and percent; a duration cases, median and p90 in seconds."""

    hits = serializers.FloatField()
    cases = serializers.FloatField()
    percent = serializers.FloatField(allow_null=True)
    median_seconds = serializers.FloatField(source="median", allow_null=True)
    p90_seconds = serializers.FloatField(source="p90", allow_null=True)


class MonthSerializer(FigureSerializer):
    month = serializers.RegexField(r"^\d{4}-\d{2}$")


class MetricSerializer(serializers.Serializer):
    key = serializers.CharField()
    label = serializers.CharField()
    definition = serializers.CharField()
    unit = serializers.ChoiceField(["share", "duration", "minutes", "count"])
    counts_imported = serializers.BooleanField()
    total = FigureSerializer()
    months = MonthSerializer(many=True)


class ReportSerializer(serializers.Serializer):
    changes = serializers.IntegerField(help_text="How many were looked at.")
    imported = serializers.IntegerField(help_text="How many of them came from another system.")
    metrics = MetricSerializer(many=True)


def _parameter(name, kind, words):
    return OpenApiParameter(name, kind, OpenApiParameter.QUERY, description=words)


class MetricsView(APIView):
    """Every measure of changes, with its definition, in total and by month."""

    @extend_schema(
        responses=ReportSerializer,
        parameters=[
            _parameter("since", OpenApiTypes.DATE, "First day, by the start of the change."),
            _parameter("until", OpenApiTypes.DATE, "Last day."),
            _parameter("service", OpenApiTypes.INT, "Id of a service; with what it needs."),
            _parameter("team", OpenApiTypes.INT, "Id of a team that owns what is changed."),
            _parameter("kind", OpenApiTypes.STR, "normal, standard or emergency."),
        ],
    )
    def get(self, request):
        """Computed from the live record, in two statements."""
        form = ChoiceForm(request.query_params)
        if unknown := sorted(set(request.query_params) - set(form.fields)):
            raise ValidationError({name: ["Unknown parameter."] for name in unknown})
        if not form.is_valid():
            raise ValidationError(form.errors)
        report = report_on(form.choice())
        told = [
            {
                "key": metric.key,
                "label": metric.label,
                "definition": metric.definition,
                "unit": metric.unit,
                "counts_imported": metric.counts_imported,
                "total": FigureSerializer(report.total.get(metric.key, Figure())).data,
                "months": [
                    {"month": f"{month:%Y-%m}"} | FigureSerializer(figure).data
                    for month, figure in report.by_month(metric)
                ],
            }
            for metric in METRICS
        ]
        return Response({"changes": report.changes, "imported": report.imported, "metrics": told})
