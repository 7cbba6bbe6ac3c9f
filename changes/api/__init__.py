"""The endpoints of changes."""

from changes.api.assessment import ConsultationViewSet, RiskAnswerViewSet, RiskQuestionViewSet
from changes.api.boards import (
    ApprovalPolicyViewSet,
    BoardSeatViewSet,
    BoardViewSet,
    FreezeViewSet,
    PolicyStepViewSet,
    StandardTemplateViewSet,
    VoteDelegationViewSet,
)
from changes.api.gate import GateViewSet, StoppedLineViewSet
from changes.api.meetings import MeetingViewSet
from changes.api.metrics import MetricsView
from changes.api.requests import ChangeViewSet

__all__ = [
    "ApprovalPolicyViewSet",
    "BoardSeatViewSet",
    "BoardViewSet",
    "ChangeViewSet",
    "ConsultationViewSet",
    "FreezeViewSet",
    "GateViewSet",
    "MeetingViewSet",
    "MetricsView",
    "PolicyStepViewSet",
    "RiskAnswerViewSet",
    "RiskQuestionViewSet",
    "StandardTemplateViewSet",
    "StoppedLineViewSet",
    "VoteDelegationViewSet",
]
