"""The life of a change as frozen data: states, kinds and every step between them."""

from changes.workflow.states import EDITABLE, ENDS, MAIN_LINE, UNDER_WAY, Kind, Outcome, Relation, State
from changes.workflow.table import STEPS, Input, Step, find_step, steps_from

__all__ = [
    "EDITABLE",
    "ENDS",
    "MAIN_LINE",
    "STEPS",
    "UNDER_WAY",
    "Input",
    "Kind",
    "Outcome",
    "Relation",
    "State",
    "Step",
    "find_step",
    "steps_from",
]
