"""Reports over the API: the ledger, files to take out, and whether a hash is one of ours."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import exceptions, mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import RolePermission
from accounts.roles import Right, has_right
from inspections.actions import Wanted, issue_report, order_report, take_again
from inspections.api.shapes import REFUSED
from inspections.guards import Refused
from inspections.models import InspectionRun, ReportIssue, ReportOrder
from inspections.models.reports import LANGUAGES, Format
from inspections.reports import Period

SEES_ALL = (Right.AUDIT_READ, Right.INSPECT_MANAGE, Right.INSPECT_REVIEW)
LANGUAGE = OpenApiParameter(
    "language", enum=[code for code, _name in LANGUAGES], description="The reader's without it."
)
FILE = OpenApiResponse(OpenApiTypes.BINARY, description="The file, watermarked for who asks.")
PERIOD = [
    OpenApiParameter("day", OpenApiTypes.DATE), OpenApiParameter("month", description="2026-11"),
    OpenApiParameter("from", OpenApiTypes.DATE), OpenApiParameter("to", OpenApiTypes.DATE),
    OpenApiParameter("client"), OpenApiParameter("site", int, description="A place: what stands in it."),
    OpenApiParameter("plan", int), OpenApiParameter("rows", enum=["all"]),
]  # fmt: skip


class TooManyReports(exceptions.APIException):
    status_code = status.HTTP_429_TOO_MANY_REQUESTS
    default_code = "too_many_requests"
    wait = 120


class ReportIssueSerializer(serializers.ModelSerializer):
    data_sha256 = serializers.CharField(
        source="data.sha256", read_only=True, help_text=_("Of the record that the file was made from.")
    )
    run = serializers.SlugRelatedField("number", read_only=True)

    class Meta:
        model = ReportIssue
        fields = [
            "number", "kind", "subject", "run", "parameters", "language", "format", "file_sha256",
            "record_sha256", "data_sha256", "size", "watermark", "issued_by", "issued_at", "schedule",
            "made_with",
        ]  # fmt: skip


class ReportOrderSerializer(serializers.ModelSerializer):
    file = serializers.SerializerMethodField(help_text=_("Where the file is, once it is ready."))

    class Meta:
        model = ReportOrder
        fields = ["number", "state", "percent", "trouble", "ordered_at", "file"]

    def get_file(self, order) -> str:
        return f"/api/inspection-reports/{order.number}/file/" if order.issue_id else ""


class FoundSerializer(serializers.Serializer):
    sha256 = serializers.CharField()
    is_known = serializers.BooleanField(help_text=_("A file that this OpsLedger issued, unchanged."))
    issues = ReportIssueSerializer(many=True)


def taken_out(request, file_format, **about):
    """The file, or 202 and where to ask for it when it is long."""
    if file_format not in (Format.PDF, Format.XLSX, Format.JSON):
        raise exceptions.NotFound
    asked = request.query_params.get("language", "")
    language = asked if asked in dict(LANGUAGES) else get_language()
    wanted = Wanted(file_format, language, **about)
    try:
        if wanted.is_long and file_format != Format.JSON:
            order = order_report(wanted, by=request.user)
            where = f"/api/inspection-report-orders/{order.number}/"
            body = ReportOrderSerializer(order).data
            return Response(body, status=status.HTTP_202_ACCEPTED, headers={"Location": where})
        issue, content = issue_report(wanted, by=request.user)
    except Refused as refused:
        if any(each.code == "too_many" for each in refused.refusals):
            raise TooManyReports(str(refused)) from refused
        raise
    return download(issue, content)


def download(issue, content):
    extension = "html" if issue.format == Format.PAGE else issue.format
    headers = {
        "Content-Disposition": f'attachment; filename="{issue.number}.{extension}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
        "X-Report-Number": issue.number,
    }
    return HttpResponse(content, content_type="application/octet-stream", headers=headers)


class RunReportView(APIView):
    """The report of one run as a file; each is issued to who asks and stands in the ledger."""

    permission_classes = [RolePermission]

    @extend_schema(
        parameters=[LANGUAGE], responses={200: FILE, 202: ReportOrderSerializer, 409: REFUSED},
        operation_id="inspection_runs_report",
    )  # fmt: skip
    def get(self, request, number, extension):
        runs = InspectionRun.objects.select_related("plan", "version__template", "submitted_by", "team")
        return taken_out(request, extension, run=get_object_or_404(runs, number=number))


class PeriodReportView(APIView):
    """The report of a period, of everything or of one client, site or plan, as a file."""

    permission_classes = [RolePermission]

    @extend_schema(
        parameters=[*PERIOD, LANGUAGE], responses={200: FILE, 202: ReportOrderSerializer, 409: REFUSED},
        operation_id="inspection_reports_period",
    )  # fmt: skip
    def get(self, request, extension):
        return taken_out(request, extension, period=Period.parsed(request.query_params.dict()))


class ReportIssueViewSet(mixins.RetrieveModelMixin, mixins.ListModelMixin, viewsets.GenericViewSet):
    """The ledger of issued reports: one's own, and everybody's for auditors and who signs inspections off."""

    queryset = ReportIssue.objects.select_related("data", "run")
    serializer_class = ReportIssueSerializer
    lookup_field = "number"
    lookup_value_regex = r"RP-\d{6}-\d{4,}"
    filterset_fields = {
        "kind": ["exact"], "format": ["exact"], "issued_by": ["exact"], "file_sha256": ["exact"],
        "issued_at": ["gte", "lt"], "run__number": ["exact"], "schedule": ["exact"],
    }  # fmt: skip

    def get_queryset(self):
        issues, user = super().get_queryset(), self.request.user
        sees_all = any(has_right(user, right) for right in SEES_ALL)
        return issues if sees_all else issues.filter(issued_by=user.pk)

    @extend_schema(responses={200: FILE, 409: REFUSED})
    @action(detail=True, filterset_fields=None)
    def file(self, request, number=None):
        """The same bytes again, for whom the watermark names and for who exports evidence."""
        issue = self.get_object()
        return download(issue, take_again(issue, by=request.user))

    @extend_schema(parameters=[OpenApiParameter("sha256", required=True)], responses=FoundSerializer)
    @action(detail=False, filterset_fields=None, pagination_class=None)
    def check(self, request):
        """Whether the file with this SHA-256 was issued here: to whom, and when."""
        digest = request.query_params.get("sha256", "").strip().lower()
        issues = ReportIssue.objects.select_related("data", "run").filter(file_sha256=digest)[:20]
        found = {"sha256": digest, "is_known": bool(issues), "issues": issues}
        return Response(FoundSerializer(found).data)


class ReportOrderViewSet(mixins.RetrieveModelMixin, mixins.ListModelMixin, viewsets.GenericViewSet):
    """One's own long reports, on their way."""

    queryset = ReportOrder.objects.all()
    serializer_class = ReportOrderSerializer
    lookup_field = "number"
    lookup_value_regex = r"RP-\d{6}-\d{4,}"
    filterset_fields = {"state": ["exact", "in"]}

    def get_queryset(self):
        return super().get_queryset().filter(ordered_by=self.request.user.pk)
