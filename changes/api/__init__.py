"""The endpoints of changes."""

from changes.api.assessment import ConsultationViewSet, RiskAnswerViewSet, RiskQuestionViewSet
from changes.api.boards import (
    ApprovalPolicyViewSet,
    BoardSeatViewSet,
    BoardViewSet,
    PolicyStepViewSet,
    VoteDelegationViewSet,
)
from changes.api.control import UnauthorisedViewSet
from changes.api.gate import GateViewSet, StoppedLineViewSet
from changes.api.meetings import MeetingViewSet
from changes.api.metrics import MetricsView
from changes.api.requests import ChangeViewSet
from changes.api.schedule import CollisionRuleViewSet, FreezeViewSet, MaintenanceWindowViewSet
from changes.api.templates import StandardTemplateViewSet

__all__ = [
    "ApprovalPolicyViewSet",
    "BoardSeatViewSet",
    "BoardViewSet",
    "ChangeViewSet",
    "CollisionRuleViewSet",
    "ConsultationViewSet",
    "FreezeViewSet",
    "GateViewSet",
    "MaintenanceWindowViewSet",
    "MeetingViewSet",
    "MetricsView",
    "PolicyStepViewSet",
    "RiskAnswerViewSet",
    "RiskQuestionViewSet",
    "StandardTemplateViewSet",
    "StoppedLineViewSet",
    "UnauthorisedViewSet",
    "VoteDelegationViewSet",
]
