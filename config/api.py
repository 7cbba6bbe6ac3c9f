"""The table of API endpoints."""

from django.urls import path, re_path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import DefaultRouter

from accounts import api as accounts
from assets import api as assets
from changes import api as changes
from cmdb import api as cmdb
from cmdb.views.impact_api import ImpactView, ItemImpactView
from config import views
from inspections import api as inspections

router = DefaultRouter()
router.include_format_suffixes = False
router.register("teams", accounts.TeamViewSet, basename="team")
router.register("users", accounts.UserViewSet, basename="user")
router.register("tokens", accounts.TokenViewSet, basename="token")
router.register("notices", accounts.NoticeViewSet, basename="notice")
router.register("manufacturers", assets.ManufacturerViewSet, basename="manufacturer")
router.register("hardware-models", assets.HardwareModelViewSet, basename="hardwaremodel")
router.register("vendors", assets.VendorViewSet, basename="vendor")
router.register("assets", assets.AssetViewSet, basename="asset")
router.register("contracts", assets.ContractViewSet, basename="contract")
router.register("contract-covers", assets.ContractCoverViewSet, basename="contractcover")
router.register("response-promises", assets.ResponsePromiseViewSet, basename="responsepromise")
router.register("items", cmdb.ItemViewSet, basename="item")
router.register("relations", cmdb.RelationViewSet, basename="relation")
router.register("types", cmdb.TypeViewSet, basename="type")
router.register("attributes", cmdb.AttributeViewSet, basename="attribute")
router.register("identity-rules", cmdb.IdentityRuleViewSet, basename="identity-rule")
router.register("relation-types", cmdb.RelationTypeViewSet, basename="relation-type")
router.register("relation-rules", cmdb.RelationRuleViewSet, basename="relation-rule")
router.register("dependency-groups", cmdb.DependencyGroupViewSet, basename="dependency-group")
router.register("check-lists", inspections.ChecklistTemplateViewSet, basename="check-list")
router.register("check-list-versions", inspections.TemplateVersionViewSet, basename="check-list-version")
router.register("check-list-items", inspections.TemplateItemViewSet, basename="check-list-item")
router.register("correction-proposals", inspections.CorrectionViewSet, basename="correction-proposal")
router.register("threshold-overrides", inspections.OverrideViewSet, basename="threshold-override")
router.register("inspection-plans", inspections.PlanViewSet, basename="inspection-plan")
router.register("work-calendars", inspections.WorkCalendarViewSet, basename="work-calendar")
router.register("calendar-days", inspections.CalendarDayViewSet, basename="calendar-day")
router.register("shifts", inspections.ShiftViewSet, basename="shift")
router.register("roster-entries", inspections.RosterEntryViewSet, basename="roster-entry")
router.register("inspection-runs", inspections.RunViewSet, basename="inspection-run")
router.register("readings/alertmanager", inspections.AlertmanagerViewSet, basename="alertmanager")
router.register("alerts", inspections.AlertViewSet, basename="alert")
router.register("readings", inspections.ReadingViewSet, basename="reading")
router.register("reading-sources", inspections.ReadingSourceViewSet, basename="reading-source")
router.register("inspection-reports", inspections.ReportIssueViewSet, basename="reportissue")
router.register("inspection-report-orders", inspections.ReportOrderViewSet, basename="reportorder")
router.register("findings", inspections.FindingViewSet, basename="finding")
router.register("finding-policies", inspections.FindingPolicyViewSet, basename="findingpolicy")
router.register("amendments", inspections.AmendmentViewSet, basename="amendment")
router.register("changes", changes.ChangeViewSet, basename="change")
router.register("consultations", changes.ConsultationViewSet, basename="consultation")
router.register("risk-questions", changes.RiskQuestionViewSet, basename="riskquestion")
router.register("risk-answers", changes.RiskAnswerViewSet, basename="riskanswer")
router.register("boards", changes.BoardViewSet, basename="board")
router.register("board-seats", changes.BoardSeatViewSet, basename="boardseat")
router.register("approval-policies", changes.ApprovalPolicyViewSet, basename="approvalpolicy")
router.register("policy-steps", changes.PolicyStepViewSet, basename="policystep")
router.register("gate", changes.GateViewSet, basename="gateanswer")
router.register("stopped-lines", changes.StoppedLineViewSet, basename="stoppedline")
router.register("unauthorised-writes", changes.UnauthorisedViewSet, basename="unauthorisedwrite")
router.register("freezes", changes.FreezeViewSet, basename="freeze")
router.register("maintenance-windows", changes.MaintenanceWindowViewSet, basename="maintenancewindow")
router.register("collision-rules", changes.CollisionRuleViewSet, basename="collisionrule")
router.register("standard-templates", changes.StandardTemplateViewSet, basename="standardtemplate")
router.register("meetings", changes.MeetingViewSet, basename="boardmeeting")
router.register("vote-delegations", changes.VoteDelegationViewSet, basename="votedelegation")

api_urls = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", views.api_docs, name="api-docs"),
    path("me/", accounts.MeView.as_view(), name="me"),
    path("impact/", ImpactView.as_view(), name="impact"),
    path("items/<int:pk>/impact/", ItemImpactView.as_view(), name="item-impact"),
    path("changes/metrics/", changes.MetricsView.as_view(), name="change-metrics"),
    path("inspections/bundle/", inspections.BundleView.as_view(), name="inspection-bundle"),
    path("inspections/sync/", inspections.SyncView.as_view(), name="inspection-sync"),
    re_path(
        r"^inspection-runs/(?P<number>[A-Z0-9-]+)/report\.(?P<extension>pdf|xlsx|json)$",
        inspections.RunReportView.as_view(),
        name="run-report",
    ),
    re_path(
        r"^inspection-reports/period\.(?P<extension>pdf|xlsx|json)$",
        inspections.PeriodReportView.as_view(),
        name="period-report",
    ),
    *router.urls,
    re_path(r"^.*$", views.no_endpoint),
]
