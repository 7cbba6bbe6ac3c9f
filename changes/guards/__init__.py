"""Every guard that the table of steps names: (change, by, data) → the reasons why not."""

# ruff: noqa: E501
from __future__ import annotations

from changes.guards import (
    assessment,
    collisions,
    emergency,
    execution,
    form,
    impact,
    line,
    observation,
    people,
    review,
    template,
    testing,
    verification,
    votes,
)
from changes.guards.people import implementers_of, relations_of, who_may
from changes.guards.refusal import Data, Guard, Refusal
from changes.workflow import STEPS

_HOMES = (
    people, form, template, assessment, impact, testing, collisions, line, votes, execution, observation, verification,
    review, emergency,
)  # fmt: skip

GUARDS: dict[str, Guard] = {
    name: next(getattr(home, name) for home in _HOMES if hasattr(home, name))
    for name in dict.fromkeys(name for step in STEPS for name in step.guards)
}

__all__ = ["GUARDS", "Data", "Guard", "Refusal", "implementers_of", "relations_of", "who_may"]
