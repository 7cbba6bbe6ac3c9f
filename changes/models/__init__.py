"""A change: the request, its plan, its evidence, who votes on it, and every step it took."""

from changes.models.boards import ApprovalPolicy, Board, BoardSeat, PolicyStep, SeatRelation, VoteDelegation
from changes.models.calendar import FreezeWindow
from changes.models.emergency import DutySpell, PresenceConfirmation
from changes.models.evidence import Criterion, CriterionResult, TestRun
from changes.models.feeds import FeedKey
from changes.models.gate import GateAnswer, GateDecision
from changes.models.imports import ChangeImport
from changes.models.line import StoppedLine
from changes.models.plan import (
    DriftDecision,
    PlanDocument,
    PlannedOperation,
    PlanStage,
    PlanTask,
    RollbackStep,
)
from changes.models.request import (
    Assignment,
    ChangeItem,
    ChangeLink,
    ChangeRequest,
    Consultation,
    Risk,
    StandardTemplate,
)
from changes.models.review import CausedIncident, ReviewAction
from changes.models.steps import ChangeEvent, StepRule
from changes.models.votes import ApprovalRound, RoundSeat, RoundStep, Vote, VoteConfirmation
from changes.models.work import CriterionBreach, Deviation

__all__ = [
    "ApprovalPolicy",
    "ApprovalRound",
    "Assignment",
    "Board",
    "BoardSeat",
    "CausedIncident",
    "ChangeEvent",
    "ChangeImport",
    "ChangeItem",
    "ChangeLink",
    "ChangeRequest",
    "Consultation",
    "Criterion",
    "CriterionBreach",
    "CriterionResult",
    "Deviation",
    "DriftDecision",
    "DutySpell",
    "FeedKey",
    "FreezeWindow",
    "GateAnswer",
    "GateDecision",
    "PlanDocument",
    "PlanStage",
    "PlanTask",
    "PlannedOperation",
    "PolicyStep",
    "PresenceConfirmation",
    "ReviewAction",
    "Risk",
    "RollbackStep",
    "RoundSeat",
    "RoundStep",
    "SeatRelation",
    "StandardTemplate",
    "StepRule",
    "StoppedLine",
    "TestRun",
    "Vote",
    "VoteConfirmation",
    "VoteDelegation",
]
