"""The endpoints of changes."""

from changes.api.boards import (
    ApprovalPolicyViewSet,
    BoardSeatViewSet,
    BoardViewSet,
    FreezeViewSet,
    PolicyStepViewSet,
    StandardTemplateViewSet,
    VoteDelegationViewSet,
)
from changes.api.requests import ChangeViewSet

__all__ = [
    "ApprovalPolicyViewSet",
    "BoardSeatViewSet",
    "BoardViewSet",
    "ChangeViewSet",
    "FreezeViewSet",
    "PolicyStepViewSet",
    "StandardTemplateViewSet",
    "VoteDelegationViewSet",
]
