"""A change: the request, its plan, its evidence, who votes on it, and every step it took."""

from changes.models.assessment import Consultation, ImpactConfirmation
from changes.models.boards import (
    ApprovalPolicy,
    Board,
    BoardSeat,
    OnTimeout,
    PolicyStep,
    SeatRelation,
    VoteDelegation,
)
from changes.models.calendar import FreezeWindow, MaintenanceWindow
from changes.models.collisions import CollisionAcknowledgement, CollisionKind, CollisionRule, FreezeOverride
from changes.models.control import ControlDebt, UnauthorisedRow, UnauthorisedWrite
from changes.models.discussion import Remark, RoundReading
from changes.models.emergency import DutySpell, PresenceConfirmation
from changes.models.evidence import Criterion, CriterionResult, TestCase, TestRun
from changes.models.feeds import FeedKey
from changes.models.gate import GateAnswer, GateDecision
from changes.models.imports import ChangeImport
from changes.models.line import StoppedLine
from changes.models.meetings import AgendaItem, Attendance, BoardMeeting
from changes.models.plan import (
    DriftDecision,
    PlanDocument,
    PlannedOperation,
    PlanStage,
    PlanTask,
    RollbackStep,
)
from changes.models.request import Assignment, ChangeItem, ChangeLink, ChangeRequest, Risk
from changes.models.review import CausedIncident, ReviewAction
from changes.models.risk import AssessmentPolicy, RiskAnswer, RiskQuestion, RiskThreshold, WorkingHours
from changes.models.standard import StandardTemplate, TemplateVote
from changes.models.steps import ChangeEvent, StepRule
from changes.models.votes import ApprovalRound, RoundSeat, RoundStep, StepEscalation, Vote, VoteConfirmation
from changes.models.work import CriterionBreach, Deviation

__all__ = [
    "AgendaItem",
    "ApprovalPolicy",
    "ApprovalRound",
    "AssessmentPolicy",
    "Assignment",
    "Attendance",
    "Board",
    "BoardMeeting",
    "BoardSeat",
    "CausedIncident",
    "ChangeEvent",
    "ChangeImport",
    "ChangeItem",
    "ChangeLink",
    "ChangeRequest",
    "CollisionAcknowledgement",
    "CollisionKind",
    "CollisionRule",
    "Consultation",
    "ControlDebt",
    "Criterion",
    "CriterionBreach",
    "CriterionResult",
    "Deviation",
    "DriftDecision",
    "DutySpell",
    "FeedKey",
    "FreezeOverride",
    "FreezeWindow",
    "GateAnswer",
    "GateDecision",
    "ImpactConfirmation",
    "MaintenanceWindow",
    "OnTimeout",
    "PlanDocument",
    "PlanStage",
    "PlanTask",
    "PlannedOperation",
    "PolicyStep",
    "PresenceConfirmation",
    "Remark",
    "ReviewAction",
    "Risk",
    "RiskAnswer",
    "RiskQuestion",
    "RiskThreshold",
    "RollbackStep",
    "RoundReading",
    "RoundSeat",
    "RoundStep",
    "SeatRelation",
    "StandardTemplate",
    "StepEscalation",
    "StepRule",
    "StoppedLine",
    "TemplateVote",
    "TestCase",
    "TestRun",
    "UnauthorisedRow",
    "UnauthorisedWrite",
    "Vote",
    "VoteConfirmation",
    "VoteDelegation",
    "WorkingHours",
]
